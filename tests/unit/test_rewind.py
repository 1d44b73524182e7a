"""Which version of every object is the one to have, and when things were taken away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from orchestrator.core.rewinding.choice import (
    Burst,
    Fate,
    History,
    Kind,
    Version,
    before_wipe,
    bursts,
    choose,
    history,
    is_whole,
    kind_of,
    shown,
    taken,
    unhidden,
)

NAME = "ab" * 32
PACK = f"data/ab/{NAME}"
T = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)


def put(at: datetime, etag: str = "good", id_: str = "") -> Version:
    return Version(id_ or f"{etag}@{at}", at, 7, etag, is_marker=False, is_latest=False)


def gone(at: datetime) -> Version:
    return Version(f"marker@{at}", at, 0, "", is_marker=True, is_latest=False)


def past(*versions: Version) -> History:
    *older, newest = versions
    return history([*older, newest._replace(is_latest=True)])


def etags(choice_past: History, kind: Kind = Kind.INDEX, at: datetime = T) -> list[str]:
    return [version.etag for version in choose("key", kind, choice_past, at).candidates]


def test_an_object_is_known_by_where_restic_puts_it() -> None:
    assert Kind.DATA is kind_of(PACK)
    assert Kind.INDEX is kind_of(f"index/{NAME}")
    assert Kind.SNAPSHOTS is kind_of(f"snapshots/{NAME}")
    assert Kind.KEYS is kind_of(f"keys/{NAME}")
    assert Kind.CONFIG is kind_of("config")


def test_what_restic_would_not_read_as_its_own_is_nobodys() -> None:
    strangers = [f"locks/{NAME}", f"data/{NAME}", f"data/cd/{NAME}", "index/short", "config/x", "a"]

    assert [None] * len(strangers) == [kind_of(key) for key in strangers]


def test_a_deletion_since_an_instant_is_undone_and_an_earlier_one_is_not() -> None:
    before, after = gone(T - HOUR), gone(T + HOUR)
    copied_later = past(put(T + MINUTE), after)

    for versions, since in ((past(put(T - MINUTE), after), T), (copied_later, T)):
        assert Fate.WANTED is choose("key", Kind.INDEX, unhidden(versions, since), T + HOUR).fate
    stays = past(put(T - 2 * HOUR), before)
    assert (stays, past(after)) == (unhidden(stays, T), unhidden(past(after), T))


def test_what_was_there_and_is_there_needs_nothing() -> None:
    choice = choose(PACK, Kind.DATA, past(put(T - HOUR)), T)

    assert (Fate.WANTED, True) == (choice.fate, choice.is_known)
    assert is_whole(choice, choice.candidates[0])


def test_what_was_deleted_afterwards_is_wanted_back() -> None:
    choice = choose(PACK, Kind.DATA, past(put(T - HOUR), gone(T + HOUR)), T)

    assert (Fate.WANTED, None) == (choice.fate, choice.current)
    assert not is_whole(choice, choice.candidates[0])


def test_what_was_deleted_by_then_stays_deleted() -> None:
    assert Fate.LEFT is choose(PACK, Kind.DATA, past(put(T - HOUR), gone(T - MINUTE)), T).fate


def test_what_came_back_after_its_deletion_is_set_aside() -> None:
    story = past(put(T - HOUR), gone(T - MINUTE), put(T + HOUR))

    assert Fate.ASIDE is choose(PACK, Kind.DATA, story, T).fate


def test_what_first_came_afterwards_is_set_aside_and_only_if_it_is_there() -> None:
    assert Fate.ASIDE is choose(PACK, Kind.DATA, past(put(T + HOUR)), T).fate
    assert Fate.LEFT is choose(PACK, Kind.DATA, past(put(T + HOUR), gone(T + 2 * HOUR)), T).fate


def test_a_marker_that_hides_nothing_tells_of_what_is_gone_for_good() -> None:
    assert Fate.GONE is choose(PACK, Kind.DATA, past(gone(T + HOUR)), T).fate
    assert Fate.GONE is choose(PACK, Kind.DATA, past(gone(T + HOUR), put(T + 2 * HOUR)), T).fate


def test_several_contents_are_tried_what_is_there_first_and_then_the_oldest() -> None:
    story = past(put(T - 3 * HOUR, "a"), put(T - 2 * HOUR, "b"), put(T + HOUR, "c"))

    assert ["c", "a", "b"] == etags(story)


def test_what_was_overwritten_before_the_instant_is_still_to_be_had() -> None:
    story = past(put(T - 3 * HOUR, "good"), put(T - HOUR, "noise"), gone(T + HOUR))

    assert ["good", "noise"] == etags(story)
    assert not choose(PACK, Kind.DATA, story, T).is_known


def test_of_the_same_content_the_newest_version_stands_for_all() -> None:
    first, again = put(T - HOUR, id_="1"), put(T + HOUR, id_="2")
    choice = choose(PACK, Kind.DATA, past(first, gone(T), again, gone(T + 2 * HOUR)), T - MINUTE)

    assert ["2"] == [version.id for version in choice.candidates]
    assert choice.is_known


def test_the_config_is_the_oldest_one_for_restic_writes_it_once() -> None:
    story = past(put(T - 3 * HOUR, "good"), put(T - HOUR, "noise"), put(T + HOUR, "later"))
    choice = choose("config", Kind.CONFIG, story, T)

    assert ["good", "noise"] == [version.etag for version in choice.candidates]
    assert choice.is_known


def test_small_things_are_always_read_and_packs_only_when_something_else_was_written() -> None:
    assert not choose("index/x", Kind.INDEX, past(put(T - HOUR)), T).is_known
    assert choose(PACK, Kind.DATA, past(put(T - HOUR)), T).is_known


def test_of_one_second_the_latest_is_last_and_a_marker_comes_after_a_version() -> None:
    one, marker, latest = put(T, "one"), gone(T), put(T, "two")._replace(is_latest=True)

    assert (one, marker, latest) == history([latest, marker, one])


def test_a_pack_is_shown_though_it_was_deleted_by_then() -> None:
    story = past(put(T - 2 * HOUR), gone(T - HOUR))

    assert Fate.WANTED is shown(PACK, Kind.DATA, story, T).fate
    assert Fate.LEFT is shown("index/x", Kind.INDEX, story, T).fate


def test_a_pack_that_came_later_is_not_shown() -> None:
    assert Fate.ASIDE is shown(PACK, Kind.DATA, past(put(T + HOUR)), T).fate
    assert Fate.LEFT is shown(PACK, Kind.DATA, past(gone(T - HOUR)), T).fate


def test_what_is_shown_is_read_first_only_where_something_was_written_over_it() -> None:
    one = past(put(T - HOUR))
    two = past(put(T - 2 * HOUR, "good"), put(T - HOUR, "noise"))

    assert shown("index/x", Kind.INDEX, one, T).is_known
    assert not shown("index/x", Kind.INDEX, two, T).is_known
    assert shown("config", Kind.CONFIG, two, T).is_known


def test_deletions_and_overwritings_close_together_are_one_burst() -> None:
    pasts = {
        PACK: past(put(T), gone(T + HOUR)),
        f"snapshots/{NAME}": past(put(T), put(T + HOUR + MINUTE, "noise")),
        f"index/{NAME}": past(put(T), gone(T + 5 * HOUR)),
    }
    first = Burst(start=T + HOUR, end=T + HOUR + MINUTE, deleted=1, overwritten=1, vital=1)
    second = Burst(start=T + 5 * HOUR, end=T + 5 * HOUR, deleted=1, overwritten=0, vital=0)

    assert (first, second) == bursts(pasts)
    assert 2 == first.total


def test_bringing_an_object_back_is_no_blow_and_neither_is_hiding_it_twice() -> None:
    story = past(put(T), gone(T + HOUR), gone(T + HOUR + SECOND), put(T + 2 * HOUR, id_="again"))

    (burst,) = bursts({PACK: story})

    assert (1, 0) == (burst.deleted, burst.overwritten)


def test_a_marker_alone_is_no_burst() -> None:
    assert () == bursts({PACK: past(gone(T))})


def whole(wiped_at: datetime | None = None) -> dict[str, History]:
    keys = [PACK, f"index/{NAME}", f"keys/{NAME}", f"snapshots/{NAME}", "config"]
    ends = [] if wiped_at is None else [gone(wiped_at)]
    return {key: past(put(T - HOUR), *ends) for key in keys}


def test_a_repository_that_is_there_is_read_as_of_now() -> None:
    assert T + HOUR == before_wipe(whole(), T + HOUR)
    assert T + HOUR == before_wipe({}, T + HOUR)


def test_a_wiped_repository_is_read_as_of_the_second_in_which_the_wipe_began() -> None:
    pasts = whole(T + MINUTE)
    as_of = before_wipe(pasts, T + HOUR)

    assert T + MINUTE == as_of
    there = [unhidden(past, as_of) for past in pasts.values()]
    assert {Fate.WANTED} == {choose("key", Kind.INDEX, one, as_of).fate for one in there}


def test_the_wipe_began_with_the_first_deletion_and_not_with_the_last_key() -> None:
    pasts = whole()
    pasts[PACK] = past(put(T - HOUR), gone(T))
    pasts[f"keys/{NAME}"] = past(put(T - HOUR), gone(T + 5 * MINUTE))

    assert T == before_wipe(pasts, T + HOUR)


def test_a_wipe_that_is_still_to_come_changes_nothing() -> None:
    assert T == before_wipe(whole(T + HOUR), T)


def test_what_was_only_written_over_is_no_reason_to_go_further_back() -> None:
    pasts = whole(T + MINUTE)
    pasts[PACK] = past(put(T - HOUR), put(T, "noise"), gone(T + MINUTE))

    assert T + MINUTE == before_wipe(pasts, T + HOUR)


def test_in_one_second_a_deletion_counts_as_later_than_what_was_written() -> None:
    half = T + SECOND / 2
    then, before = past(put(T), gone(T)), past(put(T - HOUR), gone(T - SECOND))

    assert then[:1] == unhidden(then, half)
    assert before == unhidden(before, half)
    assert [1, 0] == [taken({PACK: one}, half) for one in (then, before)]


def test_what_was_taken_after_an_instant_is_counted() -> None:
    pasts = {PACK: past(put(T - HOUR), put(T, "noise"), gone(T + HOUR))}

    assert [2, 1, 0] == [taken(pasts, T + n * HOUR - SECOND) for n in range(3)]

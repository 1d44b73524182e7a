"""What is taken for an attack, what for a question, and what for ordinary work."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.detection.history import by
from orchestrator.core.detection.rule import signs, worth_lists
from orchestrator.core.detection.values import ALARM, Changes, Word
from tests.looking import FILES, MEAN, NIGHT, NOW, look, nights, work

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.core.detection.values import Look

HOUR = timedelta(hours=1)
ALL_KINDS = {".docx": 900, ".xlsx": 600, ".pdf": 700, ".jpg": 200}


def words(history: Sequence[Look], new: Look, changes: Changes | None = None) -> set[str]:
    return {sign.word for sign in signs(history, new, changes)}


def detail(word: Word, history: Sequence[Look], new: Look, changes: Changes | None = None) -> str:
    (found,) = (sign.detail for sign in signs(history, new, changes) if sign.word == word)
    return found


def share(part: float, kinds: dict[str, int] = ALL_KINDS) -> dict[str, int]:
    return {kind: int(count * part) for kind, count in kinds.items()}


# --- attacks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [0.05, 0.3, 1.0])
def test_files_encrypted_in_place_are_an_attack(part: float) -> None:
    new = work(look(NOW, changed=0), changed=int(part * (FILES - 20)))

    assert {Word.REWRITTEN, Word.INCOMPRESSIBLE} == words(nights(), new)
    assert worth_lists(nights(), new)


def test_the_finding_says_how_many_and_how_many_at_most_before() -> None:
    new = work(look(NOW), changed=1204)

    assert (
        "1,264 of 8,000 files have new content in one backup; at most 99 in the last 89 days"
        == detail(Word.REWRITTEN, nights(), new)
    )
    assert "compress to 98." in detail(Word.INCOMPRESSIBLE, nights(), new)


def test_files_that_come_back_with_a_suffix_are_an_attack_even_where_nothing_compresses() -> None:
    history = [replace(one, packed=one.added) for one in nights()]
    new = look(NOW, changed=60, new=420, added=480 * MEAN, ratio=1.0)
    lists = Changes(gone=share(0.17), came={".crypt": 400}, renamed={".crypt": 400})

    assert worth_lists(history, new)
    assert {Word.RENAMED, Word.REWRITTEN} == words(history, new, lists)
    assert "400 of 8,000 files came back under their own name with .crypt behind it" == detail(
        Word.RENAMED, history, new, lists
    )


def test_a_slow_encryption_over_a_week_is_an_attack_before_half_of_it_is_done() -> None:
    history = nights(90 * 4, every=6 * HOUR)
    found = set[str]()
    step = FILES // (7 * 4)
    done = 0
    at = NOW
    while done < FILES / 2 and len(found) < ALARM:
        new = work(look(at), changed=step)
        found = words(history, new)
        history.append(new)
        done, at = done + step, at + 6 * HOUR

    assert {Word.REWRITTEN, Word.INCOMPRESSIBLE} <= found


def test_what_no_single_day_shows_the_week_does() -> None:
    history = nights(90)
    history[50] = work(history[50], changed=300)  # such days there were, alone
    history[60] = work(history[60], changed=300)
    for n in range(6):
        history.append(work(look(NOW + n * NIGHT), changed=250))

    found = signs(history, work(look(NOW + 6 * NIGHT), changed=250))

    assert all("within 7 days" in sign.detail for sign in found)
    assert {Word.REWRITTEN, Word.INCOMPRESSIBLE} == {sign.word for sign in found}


def test_photos_and_documents_changed_in_place_betray_what_never_compressed() -> None:
    history = [replace(one, packed=one.added) for one in nights()]
    new = work(look(NOW, ratio=1.0), changed=2400)

    assert {Word.REWRITTEN} == words(history, new)
    assert {Word.REWRITTEN, Word.FINISHED} == words(history, new, Changes(modified=ALL_KINDS))


def test_random_names_in_place_of_many_kinds_are_a_sign() -> None:
    scattered = {f".{n:05x}": 1 for n in range(300)}
    one = {".lock": 300}
    for came in (scattered, one):
        lists = Changes(gone=share(0.15), came=came)
        assert Word.RENAMED in words(nights(), look(NOW, new=300), lists)


def test_a_suffix_is_seen_from_the_second_point_on() -> None:
    lists = Changes(gone={".doc": 400}, came={".x": 400}, renamed={".x": 400})

    assert {Word.RENAMED} == words(nights(1), look(NOW, new=400, changed=0), lists)
    assert worth_lists(nights(1), look(NOW, new=400, changed=0))


def test_a_decoy_counts_alone_and_makes_another_sign_an_attack() -> None:
    pinned = {"/srv/aaa.docx": "5f", "/srv/zzz.docx": "6f"}
    now = {"/srv/aaa.docx": "ee", "/srv/zzz.docx": ""}

    (sign,) = signs([], look(NOW), None, now, pinned)

    assert Word.DECOY == sign.word
    assert "of the decoys /srv/aaa.docx has another content, /srv/zzz.docx is gone" == sign.detail
    assert () == signs([], look(NOW), None, pinned, pinned)
    assert () == signs([], look(NOW), None, now, {})


# --- what looks like one --------------------------------------------------------------------------


def test_ordinary_nights_have_no_sign_and_are_worth_no_lists() -> None:
    history = nights(120)
    for n in range(30, 120):
        assert () == signs(history[:n], history[n])
        assert not worth_lists(history[:n], history[n])


def test_an_import_of_photos_is_at_most_one_sign_and_none_once_the_lists_explain_it() -> None:
    new = look(NOW, new=2000, files=FILES + 1980, ratio=0.999)

    assert {Word.INCOMPRESSIBLE} == words(nights(), new)
    assert worth_lists(nights(), new)
    assert set() == words(nights(), new, Changes(came={".jpg": 2000, ".docx": 10}))


def test_an_emptied_share_is_one_sign() -> None:
    new = look(NOW, changed=0, new=0, files=3000, added=100_000)

    assert {Word.DELETED} == words(nights(), new, Changes(gone=share(2)))
    assert "5,000 of 8,000 files are gone in one backup; at most 0" in detail(
        Word.DELETED, nights(), new
    )


def test_old_files_put_into_an_archive_are_one_sign() -> None:
    new = look(NOW, changed=40, new=3, files=6500, added=150_000_000, ratio=1.0)
    few = look(NOW, changed=20, new=4, added=150_000_000, ratio=1.0)

    assert {Word.DELETED} == words(nights(), new)
    assert set() == words(nights(), few)


def test_a_closure_of_weeks_takes_nothing_from_what_is_known() -> None:
    history = nights(90)
    history += [look(NOW + n * NIGHT, changed=0, new=0) for n in range(21)]
    back = NOW + 21 * NIGHT

    assert set() == words(history, look(back, changed=98, new=25))
    assert {Word.REWRITTEN, Word.INCOMPRESSIBLE} == words(history, work(look(back), changed=600))


def test_a_service_that_swaps_files_every_night_is_worth_no_lists() -> None:
    history = [replace(one, new=150, files=FILES) for one in nights()]

    assert not worth_lists(history, look(NOW, new=149))
    assert worth_lists(history, look(NOW, new=155))


def test_moved_folders_are_no_sign() -> None:
    new = look(NOW, changed=20, new=4000, added=2_000_000, ratio=0.3)
    moved = share(1.6)

    assert worth_lists(nights(), new)
    assert set() == words(nights(), new, Changes(gone=moved, came=moved))


def test_new_rights_on_every_file_are_no_sign() -> None:
    new = look(NOW, changed=FILES - 20, new=20, added=FILES * 400, ratio=0.22)

    assert set() == words(nights(), new, Changes())


def test_a_month_end_like_those_before_is_no_sign() -> None:
    history = nights(90)
    for ago in (86, 56, 26):
        history[-ago] = look(history[-ago].data_time, changed=400, new=80, ratio=0.8)

    assert set() == words(history, look(NOW, changed=480, new=80, ratio=0.8))


def test_one_exception_in_a_quarter_hides_no_attack() -> None:
    history = nights(90)
    history[40] = work(history[40], changed=4000)

    found = words(history, work(look(NOW), changed=800))

    assert {Word.REWRITTEN, Word.INCOMPRESSIBLE} == found
    assert "once 4," in detail(Word.REWRITTEN, history, work(look(NOW), changed=800))


def test_one_kind_changed_by_a_batch_job_is_at_most_one_sign() -> None:
    new = work(look(NOW), changed=1000)

    assert {Word.REWRITTEN} == words(nights(), new, Changes(modified={".pdf": 1000, ".docx": 60}))


def test_a_converter_that_takes_one_kind_to_another_renames_nothing() -> None:
    ordinary = {".jpg": 14, ".pdf": 29, ".txt": 49}
    lists = Changes(gone={".doc": 900, **ordinary}, came={".docx": 900, **ordinary})

    assert Word.RENAMED not in words(nights(), look(NOW, new=992), lists)


def test_before_there_is_a_history_figures_say_nothing() -> None:
    new = work(look(NOW), changed=4000)

    for count in (0, 1, 5):
        assert () == signs(nights(count)[:count], new)


def test_what_follows_an_attack_is_not_said_again() -> None:
    history = nights(90 * 24, every=HOUR)
    history.append(work(look(NOW), changed=2000))

    assert () == signs(history, look(NOW + HOUR))


def test_after_weeks_in_which_the_machine_was_off_the_work_of_weeks_is_no_sign() -> None:
    assert () == signs(nights(), look(NOW + 21 * NIGHT, changed=150, new=200, ratio=0.75))


def test_backups_that_become_nightly_are_compared_with_whole_days() -> None:
    history = nights(90 * 24, every=HOUR)  # some 1,500 changes a day

    assert () == signs(history, look(NOW + 23 * HOUR, changed=1600, new=400))


def test_backups_that_become_hourly_stay_quiet() -> None:
    history = nights(90)
    for n in range(48):
        new = look(NOW + n * HOUR, changed=12, new=4)
        assert () == signs(history, new)
        history.append(new)


def test_a_clock_that_jumped_ahead_takes_no_history_away() -> None:
    future = NOW.replace(year=2037)
    history = [*nights(), look(future, changed=40)]

    new = work(look(future + NIGHT), changed=2400)

    assert {Word.REWRITTEN, Word.INCOMPRESSIBLE} == words(history, new)


def test_a_clock_that_was_ahead_once_hides_no_attack_once_it_is_right() -> None:
    ahead = look(NOW.replace(year=2037), changed=40)
    new = work(look(NOW, changed=0), changed=FILES // 20)

    history = by([*nights(), ahead], new.data_time)

    assert nights() == history
    assert {Word.REWRITTEN, Word.INCOMPRESSIBLE} == words(history, new)


def test_a_clock_that_is_set_back_forgets_nothing() -> None:
    assert nights() == by(nights(), NOW.replace(year=1990))


def test_what_retention_has_thinned_out_is_no_quiet_day() -> None:
    hourly = nights(90 * 24, every=HOUR)
    thinned = [one for one in hourly if one.data_time > NOW - 2 * NIGHT]
    daily = [one for one in hourly if one.data_time.hour == 1 and one not in thinned]

    assert () == signs([*daily, *thinned], look(NOW, changed=70))


# --- dumps ----------------------------------------------------------------------------------------


def dump(at_night: int, *, size: int = 50_000_000, ratio: float = 0.3) -> Look:
    return look(
        NOW + at_night * NIGHT, files=1, new=0, changed=1, unmodified=0, size=size,
        added=size // 3, ratio=ratio,
    )  # fmt: skip


def test_of_a_dump_it_counts_that_it_compresses_no_longer_and_that_little_is_left() -> None:
    history = [dump(-n) for n in range(40, 0, -1)]

    assert set() == words(history, dump(0, size=70_000_000))
    assert {Word.INCOMPRESSIBLE} == words(history, dump(0, size=90_000_000, ratio=1.0))
    assert {Word.DELETED} == words(history, dump(0, size=2_000_000))
    assert not worth_lists(history, dump(0, size=2_000_000))
    assert "the dump holds 2.0 MB; at least 50.0 MB in the last 39 days" == detail(
        Word.DELETED, history, dump(0, size=2_000_000)
    )


# --- properties -----------------------------------------------------------------------------------


@given(
    fewer=st.integers(0, 4000),
    more=st.integers(0, 3900),
    changed=st.integers(0, 80),
    lists=st.booleans(),
)
def test_encrypting_more_never_gives_fewer_signs(
    fewer: int,
    more: int,
    changed: int,
    lists: bool,  # noqa: FBT001 - drawn
) -> None:
    history = nights(30)
    few, many = (work(look(NOW, changed=changed), changed=n) for n in (fewer, fewer + more))
    told = [
        Changes(modified={".docx": changed, **share(n / FILES)}) if lists else None
        for n in (fewer, fewer + more)
    ]

    assert words(history, few, told[0]) <= words(history, many, told[1])


@given(caution=st.floats(1, 10), more=st.floats(0, 10), changed=st.integers(0, 7000))
def test_more_caution_never_gives_more_signs(caution: float, more: float, changed: int) -> None:
    new = work(look(NOW), changed=changed)
    cautious = signs(nights(30), new, caution=caution + more)

    assert len(cautious) <= len(signs(nights(30), new, caution=caution))


@given(size=st.integers(1, 9), files=st.integers(0, 50_000), at=st.integers(-900, 900))
def test_whatever_the_figures_there_is_an_answer(size: int, files: int, at: int) -> None:
    new = look(NOW + at * NIGHT, files=files, changed=min(files, 7), new=0, unmodified=0)

    for history in ([], nights(20)[:size], nights(40)):
        assert len(signs(history, new)) <= len(Word)
        worth_lists(history, new)

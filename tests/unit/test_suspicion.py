"""What is suspected, since when, and what a person's word changes: the fold and its readers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.core import suspicion
from orchestrator.core.copies.snapshots import divided, known
from orchestrator.core.detection.values import Look
from orchestrator.core.events import BackupFinished, ChangeExpected, Outcome, RunStarted, Sign
from orchestrator.core.policy.model import Retention
from orchestrator.core.retention.thinning import thinned
from orchestrator.core.state import Expected, ServiceState, SiteState
from tests import points
from tests.keeping import bakery
from tests.oncall import DAY, FRIDAY, HOUR, MINUTE
from tests.suspected import ATTACK, DECOY, DELETED, RENAMED, REWRITTEN, Attacked

if TYPE_CHECKING:
    from restore_drills.model import Snapshot

YEARS = timedelta(days=4000)


@pytest.fixture
def night() -> Attacked:
    """One ordinary backup."""
    made = Attacked(bakery())
    made.made()
    return made


def test_two_signs_leave_the_clean_point_the_last_usable_one(night: Attacked) -> None:
    clean = night.till.complete
    first, second = night.attacked(), night.attacked()

    assert clean is not None
    assert clean is night.till.complete
    assert second is night.till.suspected
    assert [(first.run, first.data_time, None)] == [
        (one.run, one.since, one.until) for one in night.till.suspicions
    ]
    assert clean is suspicion.last_clean(night.till)


def test_after_clean_what_was_suspected_stays_so_and_new_points_count(night: Attacked) -> None:
    first = night.attacked()
    night.now += HOUR
    night.judge(first.run, false_alarm=False)
    night.now += MINUTE
    new = night.made()

    assert first.data_time is not None
    assert suspicion.is_suspected(night.till, first.data_time)
    assert new is night.till.complete
    assert (None, None) == (night.till.suspicion, night.till.suspected)
    assert max(night.till.gaps.values()) > 3600


def test_a_false_alarm_makes_the_newest_point_the_last_usable_one(night: Attacked) -> None:
    first = night.attacked()
    newest = night.attacked()
    night.judge(first.run, false_alarm=True)

    assert first.data_time is not None
    assert night.till.complete is not None
    assert newest.run == night.till.complete.run
    assert not suspicion.is_suspected(night.till, first.data_time)
    assert None is suspicion.begun(SiteState(), night.till)


def test_a_word_on_another_suspicion_changes_nothing(night: Attacked) -> None:
    night.attacked()
    night.judge("another run", false_alarm=True)

    assert None is not night.till.suspicion


def test_one_sign_counts_and_stays_told_until_somebody_has_looked(night: Attacked) -> None:
    before = night.till.complete
    unusual = night.made(Outcome.COMPLETE, REWRITTEN)
    ordinary = night.made()

    assert ordinary is night.till.complete
    assert (unusual, before) == (night.till.unusual, night.till.before_unusual)
    night.judge(unusual.run, false_alarm=True)
    assert None is night.till.unusual


def test_an_unusual_change_that_was_an_attack_takes_its_points_with_it(night: Attacked) -> None:
    before = night.till.complete
    unusual = night.made(Outcome.COMPLETE, REWRITTEN)
    later = night.made()
    night.judge(unusual.run, false_alarm=False)

    assert before is night.till.complete
    assert later.data_time is not None
    assert suspicion.is_suspected(night.till, later.data_time)
    assert None is night.till.suspicion


def test_a_partial_backup_with_two_signs_is_a_suspicion_and_no_point(night: Attacked) -> None:
    partial = night.made(Outcome.PARTIAL, *ATTACK, suspect="run-p", usable_at=None)

    assert partial.data_time is not None
    assert "run-p" == (night.till.suspicion and night.till.suspicion.run)
    assert None is night.till.suspected


@pytest.mark.parametrize("shift", [YEARS, -YEARS])
def test_a_clock_that_lies_while_it_encrypts_takes_no_clean_point(
    night: Attacked, shift: timedelta
) -> None:
    clean = night.till.complete
    first = night.attacked(data=shift)
    night.judge(first.run, false_alarm=False)
    new = night.made()

    assert clean is not None
    assert clean.data_time is not None
    assert new.data_time is not None
    assert not suspicion.is_suspected(night.till, clean.data_time)
    assert not suspicion.is_suspected(night.till, new.data_time)
    assert new is night.till.complete


def test_what_began_before_the_machine_was_clean_is_of_the_time_before(night: Attacked) -> None:
    first = night.attacked()
    begun = night.now
    night.now += MINUTE
    night.judge(first.run, false_alarm=False)

    assert first.run == suspicion.suspect(night.till, begun)
    assert "" == suspicion.suspect(night.till, night.now + MINUTE)
    night.made(Outcome.SUSPECTED, suspect=first.run, data=begun - night.now)
    assert None is night.till.suspicion, "its late end begins no new one"


def test_the_decoy_is_compared_with_what_a_person_last_found_right(night: Attacked) -> None:
    night.made(decoys={"/a": "1"})
    touched = night.made(Outcome.COMPLETE, DECOY, decoys={"/a": "2"})
    night.made(decoys={"/a": "1"})  # put back as it was
    assert touched is night.till.unusual, "that it was put back hides nothing"
    night.made(Outcome.COMPLETE, DECOY, decoys={"/a": "2"})
    assert {"/a": "1"} == night.till.decoys
    night.judge(touched.run, false_alarm=True)

    assert {"/a": "2"} == night.till.decoys


def test_a_decoy_that_is_not_there_yet_is_compared_once_it_is(night: Attacked) -> None:
    night.made(decoys={"/a": ""})
    night.made(decoys={"/a": "1"})

    assert {"/a": "1"} == night.till.decoys


# --- what the signs make of a point ------------------------------------------------------------


ANNOUNCED = Expected(service="", text="photos", begin=FRIDAY, until=FRIDAY + HOUR, by="Zoe")


@pytest.mark.parametrize(
    ("signs", "expected", "suspected"),
    [
        ({"docs": ATTACK}, None, True),
        ({"docs": (REWRITTEN,)}, None, False),
        ({"docs": (REWRITTEN,), "mail": (RENAMED,)}, None, False),
        ({"docs": (REWRITTEN, DECOY)}, None, True),
        ({"docs": (REWRITTEN, DELETED)}, ANNOUNCED, False),
        ({"docs": ATTACK}, ANNOUNCED, True),
        ({"docs": (DECOY,)}, ANNOUNCED, False),
        ({"docs": (REWRITTEN, DECOY)}, ANNOUNCED, True),
        ({"docs": ()}, None, False),
    ],
)
def test_two_signs_of_one_source_make_an_attack_unless_it_was_announced(
    signs: dict[str, tuple[Sign, ...]], expected: Expected | None, *, suspected: bool
) -> None:
    opinion = suspicion.judged("r1", signs, expected)

    assert ("r1" if suspected else "") == opinion.suspect
    figures = [sign.word in {"rewritten", "deleted"} for sign in opinion.signs]
    named = [expected is not None and one for one in figures]
    assert named == ["announced: photos" in sign.detail for sign in opinion.signs]
    wanted = Outcome.SUSPECTED if suspected else Outcome.COMPLETE
    assert wanted == opinion.outcome(Outcome.COMPLETE)
    assert Outcome.PARTIAL == opinion.outcome(Outcome.PARTIAL)


@pytest.mark.parametrize(
    ("service", "begin", "until", "found"),
    [
        ("", -HOUR, HOUR, True),
        ("till", -HOUR, HOUR, True),
        ("share", -HOUR, HOUR, False),
        ("", HOUR, DAY, False),
        ("", -2 * DAY, -DAY, False),
        ("", -12 * HOUR, -HOUR, True),
    ],
)
def test_what_was_announced_is_asked_about_at_the_next_backup(
    night: Attacked, service: str, begin: timedelta, until: timedelta, *, found: bool
) -> None:
    night.now += 10 * HOUR  # since the last point
    now = night.now
    night.append(
        ChangeExpected(
            site="bakery",
            service=service,
            text="photos",
            begin=now + begin,
            until=now + until,
            by="Zoe",
        )
    )
    site = night.state.sites["bakery"]

    assert found == (suspicion.announced(site, "till", night.till, now) is not None)


def test_the_history_is_that_of_trusted_points_of_this_machine(
    night: Attacked,
) -> None:
    def look(at: timedelta) -> Look:
        return Look(
            run=str(at),
            data_time=FRIDAY + at,
            files=1,
            size=1,
            new=0,
            changed=0,
            unmodified=1,
            added=1,
            packed=1,
        )

    looks = [look(hours * HOUR) for hours in (-2, 2, 30)]
    night.now = FRIDAY + HOUR
    first = night.attacked()
    night.now = FRIDAY + DAY
    before = suspicion.counted(looks, night.till, None)
    night.judge(first.run, false_alarm=False)
    after = suspicion.counted(looks, night.till, None)
    rebuilt = suspicion.counted(looks, night.till, FRIDAY + 29 * HOUR)

    assert (looks[:1], [looks[0], looks[2]], looks[2:]) == (before, after, rebuilt)
    anew = SiteState(anew=FRIDAY + 29 * HOUR)
    assert FRIDAY + 29 * HOUR == suspicion.begun(anew, ServiceState())


# --- after somebody said that it is over ---------------------------------------------------------


def test_one_kind_of_the_signs_that_were_seen_says_that_it_is_not_over() -> None:
    seen = {sign.word for sign in ATTACK}

    assert "r2" == suspicion.judged("r2", {"docs": (REWRITTEN,)}, None, seen).suspect
    assert "r2" == suspicion.judged("r2", {"docs": (REWRITTEN,)}, ANNOUNCED, seen).suspect
    assert "" == suspicion.judged("r2", {"docs": (DECOY,)}, None, seen).suspect


@pytest.mark.parametrize(
    ("count", "said"), [(0, False), (19, False), (39, False), (45, True), (900, True)]
)
def test_what_is_still_there_is_more_than_people_change_between_two_backups(
    count: int, *, said: bool
) -> None:
    """They changed 30 files, once 200: up to 44 may be work of before the attack that was kept."""
    worked = [looked(hours=h, changed=200 if h == 3 else 30) for h in range(9)]
    sign = suspicion.still(count, looked(hours=10, changed=0), worked)

    assert said == (sign is not None)
    if sign is not None:
        assert sign.detail.startswith(f"{count} of 1,000 files are still as in the suspected point")
        assert "r2" == suspicion.judged("r2", {"docs": (sign,)}, ANNOUNCED).suspect


def test_the_first_point_after_clean_has_yet_to_bear_it_out(night: Attacked) -> None:
    before = looked(hours=-1)
    first = night.attacked()
    assert None is suspicion.unconfirmed(night.till, [before])
    night.now += HOUR
    night.judge(first.run, false_alarm=False)
    over = suspicion.unconfirmed(night.till, [before])
    after = looked(hours=2)

    assert over is not None
    assert (first.run, ATTACK) == (over.run, over.signs)
    assert None is suspicion.unconfirmed(night.till, [before, after])
    ahead = replace(after, data_time=after.data_time + YEARS)
    assert over == suspicion.unconfirmed(night.till, [before, ahead], after.data_time)


def test_a_false_alarm_asks_for_nothing(night: Attacked) -> None:
    first = night.attacked()
    night.judge(first.run, false_alarm=True)

    assert None is suspicion.unconfirmed(night.till, [])


def test_what_is_suspected_again_is_a_suspicion_of_its_own(night: Attacked) -> None:
    clean, first = night.till.complete, night.attacked()
    night.now += HOUR
    night.judge(first.run, false_alarm=False)
    night.now += MINUTE
    again = night.attacked()

    assert again.run == (night.till.suspicion and night.till.suspicion.run)
    assert clean is night.till.complete
    assert 2 == len(night.till.suspicions)


def looked(*, hours: int, changed: int = 10) -> Look:
    return Look(
        run=f"run {hours}",
        data_time=FRIDAY + hours * HOUR,
        files=1000,
        size=1_000_000,
        new=0,
        changed=changed,
        unmodified=1000 - changed,
        added=changed * 1000,
        packed=changed * 500,
    )


# --- points in a repository --------------------------------------------------------------------


def stored() -> tuple[list[RunStarted | BackupFinished], list[Snapshot]]:
    """A clean point, and a suspected one whose seal was forged to look clean."""
    clean = points.backed_up("r1", points.NOW - 2 * DAY)
    hurt = points.backed_up("r2", points.NOW - DAY, outcome=Outcome.SUSPECTED)
    hurt = replace(hurt, suspect="r2", usable_at=hurt.data_time)
    forged = replace(hurt, outcome=Outcome.COMPLETE)
    return [points.started("r1"), clean, points.started("r2"), hurt], [
        *points.listed(clean),
        *points.listed(forged),
    ]


def test_a_forged_seal_makes_no_suspected_point_clean() -> None:
    events, listing = stored()
    found = divided(listing, known(points.recorded(events)), host="bakery")

    assert [("r1", False), ("r2", True)] == [(p.run, p.suspected) for p in found.points]
    assert () == found.leftovers


def test_a_suspected_point_takes_no_clean_ones_place_and_is_kept() -> None:
    events, listing = stored()
    found = divided(listing, known(points.recorded(events)), host="bakery")
    (kept,) = thinned(found, ["till"], Retention(last=1), UTC, points.NOW + 100 * DAY)

    assert {"r1": ("newest", "last"), "r2": ("suspected",)} == {
        held.run: why for held, why in kept.kept
    }
    assert () == kept.removed

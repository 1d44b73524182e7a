"""Points that are suspected: found, passed over, and where a disaster begins because of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from restore_drills import choosing, findings
from restore_drills.model import Scenario, Suspect
from restore_drills.points import UNMARKED, find, usable_at
from tests.builders import DATA_TIME, NOW, RUN, plan, seal, sealed, service, snapshot

HOUR = timedelta(hours=1)
EARLY, LATE = "20261123T101300Z-aaaaaa", "20261123T121300Z-aaaaaa"


def bad(run: str = RUN, since: str = RUN, hours: int = 0) -> list:  # type: ignore[type-arg] # of snapshots
    """A point whose seal says that it is suspected."""
    at = DATA_TIME + hours * HOUR
    names = ("till", "till.roles")
    marked = snapshot("seal", run, at, tags=("outcome=suspected", f"suspect={since}"))
    return [*(snapshot(name, run, at) for name in names), marked]


def unusual() -> list:  # type: ignore[type-arg] # of snapshots
    """A usable point whose seal says that a change is in doubt."""
    marked = snapshot("seal", RUN, DATA_TIME, tags=("outcome=complete", f"unusual={RUN}"))
    return [*(snapshot(name, RUN, DATA_TIME) for name in ("till", "till.roles")), marked]


OLD = sealed(EARLY, DATA_TIME - HOUR)
SINCE = Suspect(run=RUN, since=DATA_TIME, why="a look")


def test_a_point_that_its_seal_suspects_is_whole_and_not_used() -> None:
    found = find([*OLD, *bad()], service())

    assert [EARLY] == [point.run for point in found.usable]
    assert [(RUN, RUN)] == [(point.run, point.suspect) for point in found.suspected]
    assert ((), DATA_TIME) == (found.unusable, found.suspected_since)
    used = found.before(NOW)
    assert used is not None
    assert EARLY == used.run
    assert [RUN] == [point.run for point in found.passed_over(NOW, used, NOW)]


def test_a_suspected_point_that_a_wrong_clock_dated_ahead_is_there_all_the_same() -> None:
    found = find([*OLD, *bad(hours=24 * 3709)], service())

    assert [RUN] == [point.run for point in found.passed_over(NOW, found.before(NOW), NOW)]


def test_a_suspicion_may_go_back_to_a_point_that_was_sealed_as_merely_unusual() -> None:
    between = sealed("20260713T000000-0001", DATA_TIME + HOUR / 2)
    found = find([*OLD, *unusual(), *between, *bad(LATE, since=RUN, hours=1)], service())

    assert [EARLY] == [point.run for point in found.usable]
    assert DATA_TIME == found.suspected_since


def test_a_point_in_doubt_is_used_and_the_one_before_it_is_named() -> None:
    found = find([*OLD, *unusual()], service())
    used = found.before(NOW)
    assert used is not None
    doubt = found.doubt(used, service())

    assert doubt is not None
    assert (RUN, RUN, DATA_TIME) == (used.run, doubt.run, doubt.since)
    before = found.last_before(doubt)
    assert before is not None
    assert EARLY == before.run
    said = findings.unusual(service(), doubt, before, usable_at(before), "Europe/Paris")
    assert "nobody has judged it; the last point before it is of " in said.message
    assert "--at 20" in said.remedy
    assert "no point before it" in findings.unusual(service(), doubt, None, None, "UTC").message


def test_what_the_log_says_of_a_change_counts_more_than_its_seal() -> None:
    found = find([*OLD, *unusual()], service())
    (early, late) = found.usable

    assert None is found.doubt(late, replace(service(), acquitted=frozenset({RUN})))
    known = replace(service(), acquitted=frozenset({RUN}), unusual=SINCE)
    assert SINCE == found.doubt(late, known)
    assert None is found.doubt(early, known)


def test_all_that_came_since_is_suspected_whatever_its_own_seal_says() -> None:
    mistrusted = replace(service(), suspects=(SINCE,))
    found = find([*OLD, *sealed(), *sealed(LATE, DATA_TIME + HOUR)], mistrusted)

    assert ([EARLY], [RUN, LATE]) == (
        [point.run for point in found.usable],
        [point.run for point in found.suspected],
    )


def test_what_the_figures_speak_against_is_suspected_without_any_mark() -> None:
    found = find([*OLD, *sealed()], service(), (SINCE,))

    assert [RUN] == [point.run for point in found.suspected]
    assert DATA_TIME == found.suspected_since


@pytest.mark.parametrize("acquitted", [RUN, LATE])
def test_an_acquitted_run_and_those_that_were_suspected_because_of_it_are_used(
    acquitted: str,
) -> None:
    """Of a later run alone, the first one stays suspected."""
    free = replace(service(), acquitted=frozenset({acquitted}))
    found = find([*bad(), *bad(LATE, RUN, 1)], free)

    left = [] if acquitted == RUN else [RUN]
    assert left == [point.run for point in found.suspected]
    assert (None if acquitted == RUN else DATA_TIME) == found.suspected_since


def test_a_suspicion_that_was_judged_ends_with_the_next_sound_point() -> None:
    found = find([*OLD, *bad(), *sealed(LATE, DATA_TIME + HOUR)], service())

    assert ([EARLY, LATE], [RUN]) == (
        [point.run for point in found.usable],
        [point.run for point in found.suspected],
    )
    assert [DATA_TIME + HOUR] == [suspect.until for suspect in found.suspects]
    assert None is found.suspected_since


def test_a_seal_of_another_outcome_is_still_no_point() -> None:
    parts = [snapshot("till"), snapshot("till.roles"), seal(outcome="partial")]

    assert ((), ()) == (find(parts, service()).usable, find(parts, service()).suspected)


def test_a_virus_was_there_at_the_first_suspected_point_of_any_service() -> None:
    files = service(id="files")
    virus = plan(service(), files, scenario=Scenario.RANSOMWARE)
    there = {"till": find([*OLD, *bad()], service()), "files": find([], files)}

    found = choosing.disaster(virus, NOW, there)

    assert (DATA_TIME, True, NOW - DATA_TIME) == (found.t0, found.is_named, found.undetected)
    (said,) = findings.detected(found.t0, found.undetected, "Europe/Paris")
    assert "is of 2026-11-23 12:13:00 (Europe/Paris), 16 min before" in said.message


@pytest.mark.parametrize("scenario", [s for s in Scenario if s is not Scenario.RANSOMWARE])
def test_other_disasters_happen_now_and_leave_what_is_suspected_out(scenario: Scenario) -> None:
    found = choosing.disaster(plan(scenario=scenario), NOW, {"till": find(bad(), service())})

    assert (NOW, False, None) == (found.t0, found.is_named, found.undetected)
    assert [] == findings.detected(found.t0, found.undetected, "UTC")


def test_an_instant_before_the_virus_is_the_one_that_was_asked_for() -> None:
    earlier = DATA_TIME - HOUR / 2
    asked = plan(scenario=Scenario.RANSOMWARE, t0=earlier, point="at")

    found = choosing.disaster(asked, NOW, {"till": find([*OLD, *bad()], service())})

    assert (earlier, None) == (found.t0, found.undetected)


def test_the_finding_counts_what_was_passed_over() -> None:
    points = find([*bad(), *bad(LATE, RUN, 1)], service()).suspected

    assert [
        "a newer recovery point is suspected, of 2026-11-23 11:13:00 (UTC) and later: not used",
        "2 newer recovery points are suspected, of 2026-11-23 11:13:00 (UTC) and later: not used",
    ] == [findings.suspected(service(), points[:n], "UTC").message for n in (1, 2)]


def test_marks_that_somebody_took_off_are_told_and_what_it_means() -> None:
    hidden = Suspect(run=RUN, since=DATA_TIME, why=UNMARKED)
    found = find([*OLD, *sealed()], service(), (hidden,))
    said = findings.unmarked(service(), hidden, "UTC")

    assert (hidden, None) == (found.unmarked, find(OLD, service(), (SINCE,)).unmarked)
    assert ("marks-removed", "till") == (said.code, said.service)
    assert "points of 2026-11-23 11:13:00 (UTC) and later are sealed as suspected" in said.message
    assert "pra repo rotate-key" in said.remedy

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.decide.actions import StartDrill
from orchestrator.core.decide.starts.drills import awaited, drills
from orchestrator.core.events import RunKind
from orchestrator.core.state import State
from restore_drills.model import Scenario
from tests import policies, records
from tests.drilling import (
    BY_CRON,
    DAY,
    ELSEWHERE,
    FAILURE,
    HOUR,
    LONG_BACKED_UP,
    MINUTE,
    NEXT,
    NOW,
    PROVEN,
    SITE,
    SLOT,
    WEEKLY,
    Fact,
    backed_up,
    cut,
    drill,
    failed,
    promised,
    proven,
    slot_of,
    started,
    told,
    wakes,
)

if TYPE_CHECKING:
    from datetime import datetime


def test_a_drill_of_the_policy_starts_at_its_slot_for_the_whole_site() -> None:
    earlier = drill(SLOT - 7 * DAY, proven(SLOT - 7 * DAY))
    state = told(LONG_BACKED_UP, *earlier)

    assert started(state, BY_CRON, SLOT) == StartDrill(
        site="bakery",
        drill="weekly",
        scenario=FAILURE,
        services=(),
        slot=SLOT,
        key=f"weekly 2026-11-22T02:00:{SLOT.second:02}Z after d1",
    )
    assert SLOT == wakes(state, BY_CRON, SLOT - MINUTE)


def test_a_slot_from_before_there_was_anything_to_drill_is_not_owed() -> None:
    just_installed = told(backed_up(SLOT + HOUR), *drill(SLOT + 2 * HOUR, None, "", "d0"))
    drilled = told(backed_up(SLOT + HOUR), (SLOT + 2 * HOUR, proven(SLOT + 2 * HOUR)))

    assert started(told(backed_up(SLOT - HOUR)), BY_CRON) is not None
    assert NEXT == wakes(drilled, BY_CRON)
    assert wakes(just_installed, BY_CRON) is None  # a drill by hand goes on
    assert NEXT == wakes(State(), BY_CRON)


def test_a_site_without_anything_of_ours_is_never_drilled() -> None:
    external = policies.site(
        policies.service("payroll", policies.source(policies.PAYROLL)), drills=(WEEKLY,)
    )

    assert wakes(told(LONG_BACKED_UP), external) is None


@pytest.mark.parametrize("verdict", ["proven", "refuted", "inconclusive"])
def test_a_drill_that_gave_an_answer_is_not_repeated_before_its_next_slot(verdict: str) -> None:
    state = told(
        LONG_BACKED_UP, *PROVEN, *drill(SLOT + HOUR, proven(SLOT, "d2", verdict=verdict), run="d2")
    )

    assert NEXT == wakes(state, BY_CRON, SLOT + 3 * HOUR)


def test_a_drill_that_failed_for_good_waits_for_its_next_slot() -> None:
    before = drill(SLOT - DAY, proven(SLOT - DAY))
    state = told(LONG_BACKED_UP, *before, *drill(SLOT, failed("d2", retryable=False), run="d2"))

    assert NEXT == wakes(state, BY_CRON)


def test_a_drill_that_failed_and_may_pass_is_tried_three_times_more_an_hour_apart() -> None:
    facts = [LONG_BACKED_UP, *drill(SLOT - DAY, proven(SLOT - DAY, "d"), run="d")]
    at, waits = SLOT, []
    for n in range(4):
        facts += drill(at, failed(f"d{n}"), run=f"d{n}", after=MINUTE)
        again = wakes(told(*facts), BY_CRON, at + MINUTE)
        assert again is not None
        waits.append(again - at - MINUTE)
        at = again

    assert [HOUR, HOUR, HOUR] == waits[:3]
    assert NEXT == at


def test_a_drill_that_was_cut_short_is_repeated_at_once_then_ever_more_slowly() -> None:
    facts = [LONG_BACKED_UP, *drill(SLOT - DAY, proven(SLOT - DAY, "d"), run="d")]
    at, waits = SLOT, []
    for n in range(5):
        ended = at + MINUTE
        facts += drill(at, cut(f"d{n}"), run=f"d{n}", after=MINUTE)
        starts, wake_at = drills(told(*facts), promised(BY_CRON), ended)
        at = ended if starts else wake_at or ended
        waits.append((at - ended) / HOUR)

    assert [0, 0.25, 1, 6, 24] == waits


def test_one_drill_at_a_time_the_one_that_waits_for_longest_whoever_started_it() -> None:
    sites = [replace(BY_CRON, id=name) for name in ("zoo", "atelier", "bakery")]

    def of(site: str, days: int) -> list[Fact]:
        at, run = SLOT - days * DAY, f"of {site}"
        event = records.drilled(run, at)
        begun = replace(
            records.started(run, kind=RunKind.DRILL, service=""), site=site, drill="weekly"
        )
        over = replace(event, site=site, document=event.document | {"site": site})
        return [(at, begun), (at + HOUR, over)]

    facts = [*of("atelier", 7), *of("bakery", 7), *of("zoo", 21)]
    starts, _ = drills(told(*facts), promised(*sites), NOW)
    busy = told(*facts, *drill(NOW - HOUR, None, name="", run="by hand"))

    assert ["zoo"] == [start.site for start in starts]
    assert ([], None) == drills(busy, promised(*sites), NOW)


def test_a_backup_under_way_keeps_no_drill_from_starting() -> None:
    state = told(LONG_BACKED_UP, (NOW - HOUR, records.started("r1")))

    assert started(state, BY_CRON) is not None


def test_a_drill_that_belongs_here_by_name_starts_here() -> None:
    site = replace(SITE, drills=(ELSEWHERE,))
    state = told(LONG_BACKED_UP)

    starts, _ = drills(state, promised(site, place="provider-dc"), NOW)

    assert ["away"] == [start.drill for start in starts]


def test_a_drill_of_any_scenario_starts_with_the_point_that_the_policy_wants() -> None:
    virus = replace(WEEKLY, scenario=Scenario.RANSOMWARE, point=30 * DAY)

    found = started(told(LONG_BACKED_UP), replace(SITE, drills=(virus,)))

    assert found is not None
    assert (Scenario.RANSOMWARE, 30 * DAY) == (found.scenario, found.point)


def test_a_proof_is_kept_alive_beside_the_crons_of_other_scenarios() -> None:
    burglary = replace(WEEKLY, scenario=Scenario.BURGLARY)
    site, late = replace(SITE, drills=(burglary,)), SLOT + 35 * DAY
    by_cron = drill(late, proven(late, "d2", id="share"), run="d2")

    before = started(told(LONG_BACKED_UP, *PROVEN), site, late - 4 * DAY)
    after = started(told(LONG_BACKED_UP, *PROVEN, *by_cron), site, late + 2 * HOUR)

    assert before is not None
    assert after is not None
    assert ("weekly", "proof") == (before.drill, after.drill)


def test_evidence_from_elsewhere_is_awaited_from_its_slot_on_until_it_comes() -> None:
    site = replace(SITE, drills=(ELSEWHERE, WEEKLY))
    slot = slot_of(ELSEWHERE)
    old = (slot - DAY, records.imported("i1", slot - 2 * DAY))
    new = (NOW, records.imported("i2", slot + MINUTE, verdict="refuted"))

    def waits(*facts: Fact, place: str = "here") -> list[tuple[str, str, datetime]]:
        found = awaited(told(*facts), promised(site, place=place), NOW)
        return [(one.site, one.drill, one.slot) for one in found]

    assert [("bakery", "away", slot)] == waits(LONG_BACKED_UP, old)
    assert [("bakery", "away", slot)] == waits(old)
    assert [] == waits(LONG_BACKED_UP, old, new)
    assert [] == waits(backed_up(slot + HOUR))  # it came to be after the slot
    assert [] == waits(LONG_BACKED_UP, old, place="provider-dc")


def test_a_site_whose_drills_fail_day_after_day_lets_the_others_go_first() -> None:
    atelier, bakery = replace(SITE, id="atelier"), SITE
    at = NOW - 25 * HOUR
    begun = replace(records.started("a1", kind=RunKind.DRILL, service=""), site="atelier")
    over = replace(failed("a1", retryable=False), site="atelier")
    facts: list[Fact] = [
        (NOW - 30 * DAY, replace(records.backed_up("r0"), site="atelier", usable_at=None)),
        (at, replace(begun, drill="proof")),
        (at + HOUR, over),
        backed_up(NOW - 20 * HOUR),
    ]

    starts, _ = drills(told(*facts), promised(atelier, bakery), NOW)

    assert ["bakery"] == [start.site for start in starts]

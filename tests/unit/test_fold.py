from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.events import Outcome, RunKind, RunStarted
from orchestrator.core.fold import fold
from orchestrator.errors import StateUnusable
from restore_drills.model import Scenario
from tests.records import (
    NOW,
    acknowledged,
    backed_up,
    daemon_started,
    daemon_stopped,
    drilled,
    escalated,
    imported,
    incident_opened,
    interrupted,
    log_restored,
    noted,
    observed,
    page_failed,
    page_sent,
    recorded,
    resolved,
    run_failed,
    started,
)

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.core.events import BackupFinished, Event
    from orchestrator.core.state import Incident, Series, ServiceState, State

SERVER = Scenario.SERVER_FAILURE
KEY = "bakery/till/backup-failed"
DAY = timedelta(days=1)


def till(*facts: Event) -> ServiceState:
    return fold(recorded(*facts)).service("bakery", "till")


def drill_started(run: str, drill: str = "nightly") -> RunStarted:
    return replace(started(run, kind=RunKind.DRILL, service=""), drill=drill)


def named(series: Series) -> tuple[str | None, str | None, int, int]:
    last, answered = series.last, series.answered
    return (
        last.run if last else None,
        answered.run if answered else None,
        series.failures,
        series.interruptions,
    )


def usable(run: str, at: datetime, data_time: datetime) -> BackupFinished:
    one = backed_up(run)
    (snapshot,) = one.snapshots
    return replace(one, usable_at=at, snapshots=(replace(snapshot, data_time=data_time),))


def incident(*facts: Event) -> Incident:
    return fold(recorded(incident_opened("i1"), *facts)).incidents["i1"]


def test_the_state_is_where_its_last_event_is() -> None:
    last = replace(recorded(daemon_started(), daemon_stopped())[-1], hash="abc")

    state = fold([last])

    assert (2, "abc", last.at) == (state.seq, state.hash, state.at)
    assert {} == state.sites


def test_a_run_is_open_until_its_first_end() -> None:
    slot = replace(started("r1"), slot=NOW, scenario="burglary")
    opened = fold(recorded(slot))
    ended = fold(recorded(backed_up("r1"), after=1), opened)

    assert ["r1"] == list(opened.open)
    assert (NOW, "burglary", "offsite", None) == (
        opened.open["r1"].slot,
        opened.open["r1"].scenario,
        opened.open["r1"].repository,
        opened.open["r1"].outcome,
    )
    assert {} == ended.open


def test_the_last_run_of_a_service_is_the_one_that_started_last() -> None:
    facts: list[Event] = [
        started("r1"),
        started("r2"),
        started("r3", service="share"),
        backed_up("r1"),
    ]

    assert ("r2", "r1", 0, 0) == named(till(*facts).backups)


def test_a_run_that_was_never_seen_starting_is_told_all_the_same() -> None:
    backups = till(backed_up("r1")).backups

    assert ("r1", "r1", 0, 0) == named(backups)
    assert backups.last is not None
    assert NOW + timedelta(seconds=1 - 2.5) == backups.last.started_at


def test_the_first_end_of_a_run_counts() -> None:
    late = till(started("r1"), backed_up("r1"), interrupted("r1")).backups
    cut = till(started("r1"), interrupted("r1"), run_failed("r1")).backups

    assert ("r1", "r1", 0, 0) == named(late)
    assert late.last is not None
    assert "complete" == late.last.outcome
    assert ("r1", None, 0, 1) == named(cut)


def test_failures_are_counted_since_the_last_good_answer() -> None:
    partial = backed_up("r2", outcome=Outcome.PARTIAL)
    bad: list[Event] = [backed_up("r1"), partial, run_failed("r3"), interrupted("r4")]

    assert ("r4", "r3", 2, 1) == named(till(*bad).backups)
    assert ("r5", "r5", 0, 0) == named(till(*bad, backed_up("r5")).backups)


def test_a_failed_run_keeps_why_and_what_to_do() -> None:
    answered = till(started("r1"), run_failed("r1")).backups.answered

    assert answered is not None
    assert ("failed", "repository-unreachable", "no route", "Wait.", True) == (
        answered.outcome,
        answered.code,
        answered.error,
        answered.remedy,
        answered.retryable,
    )


def test_the_drills_of_a_site_are_kept_by_the_name_that_the_policy_gives_them() -> None:
    state = fold(
        recorded(
            drill_started("r1"),
            drilled("r1", verdict="inconclusive"),
            drill_started("r2"),
            run_failed("r2", kind=RunKind.DRILL, service=""),
            drill_started("r3", "quarterly"),
            drilled("r3", verdict="refuted"),
            drill_started("r4"),
            drilled("r5"),  # by hand, on another machine's log
        )
    )

    assert ("r4", "r2", 2, 0) == named(state.drill("bakery", "nightly"))
    assert ("r3", "r3", 0, 0) == named(state.drill("bakery", "quarterly"))
    assert ("r5", "r5", 0, 0) == named(state.drill("bakery", ""))
    assert (None, None, 0, 0) == named(state.drill("butcher", ""))
    last = state.drill("bakery", "quarterly").last
    assert last is not None
    assert ("till",) == last.services


def test_only_a_complete_backup_replaces_the_last_usable_point() -> None:
    service = till(backed_up("r1"), backed_up("r2", outcome=Outcome.PARTIAL))

    assert service.complete is not None
    assert "r1" == service.complete.run


def test_the_last_five_complete_backups_tell_how_long_one_takes() -> None:
    facts = [replace(backed_up(f"r{n}"), seconds=float(n)) for n in range(7)]
    slow = replace(backed_up("r9", outcome=Outcome.PARTIAL), seconds=900.0)

    assert (2.0, 3.0, 4.0, 5.0, 6.0) == till(*facts, slow).seconds


def test_the_worst_gap_of_a_day_counts_from_the_data_of_one_point_to_the_use_of_the_next() -> None:
    hour = timedelta(hours=1)
    facts = [usable(f"r{n}", NOW + n * hour, NOW + n * hour - hour / 2) for n in range(3)]
    late = usable("r4", NOW + DAY, NOW + DAY - hour)

    gaps = till(*facts, late).gaps

    assert {"2026-11-23": 5400.0, "2026-11-24": 22.5 * 3600} == gaps
    assert {} == till(facts[0]).gaps
    assert gaps == till(*facts, late, late).gaps  # told twice


def test_a_clock_that_was_set_back_makes_no_gap_below_zero() -> None:
    first, second = usable("r1", NOW, NOW), usable("r2", NOW - DAY, NOW - DAY)

    assert {"2026-11-22": 0.0} == till(first, second).gaps


def test_gaps_are_kept_for_four_hundred_days() -> None:
    days = [NOW + number * DAY for number in range(410)]
    gaps = till(*[usable(f"r{at}", at, at) for at in days]).gaps

    assert (400, days[10].date().isoformat()) == (len(gaps), min(gaps))


def test_the_numbers_of_the_last_proof_are_remembered_not_those_of_a_failed_drill() -> None:
    check = {"name": "orders", "mandatory": True, "status": "fail", "detail": "", "value": 2}
    state = fold(
        recorded(
            drilled("r1"),
            drilled("r2", verdict="refuted", rta_s=None, checks=[check]),
            drilled("r3", verdict="inconclusive", objective=None),
        )
    )

    assert {"orders": 1203.0} == state.last_values("bakery", "till", SERVER)
    assert {} == state.last_values("bakery", "till", Scenario.BURGLARY)
    assert ("r3", "r2", "r1") == proofs(state)


def proofs(state: State) -> tuple[str | None, ...]:
    found = state.proofs("bakery", "till", SERVER)
    return tuple(one.run if one else None for one in (found.drilled, found.answered, found.proven))


def test_a_drill_of_somebodys_choice_of_instant_leaves_the_standing_answer_alone() -> None:
    chosen = drilled("r2", NOW + timedelta(hours=1), verdict="refuted", rta_s=None)
    chosen = replace(chosen, document={**chosen.document, "exploratory": True})
    state = fold(recorded(drilled("r1"), chosen))

    assert ("r1", "r1", "r1") == proofs(state)
    assert ("r2", "r2", 0, 0) == named(state.drill("bakery", ""))


def test_evidence_from_elsewhere_proves_and_is_no_run_of_ours() -> None:
    state = fold(recorded(imported("r1")))

    assert ("r1", "r1", "r1") == proofs(state)
    assert {"provider": "c2VjcmV0bGVzcw=="} == state.keys
    assert {} == state.sites["bakery"].drills


def test_evidence_that_comes_late_takes_no_newer_drills_place() -> None:
    newer = drilled("r1", NOW, verdict="refuted", rta_s=None)
    late = imported("r2", NOW - DAY)
    state = fold(recorded(newer, late))

    assert ("r1", "r1", "r2") == proofs(state)
    assert ("r3", "r3", "r3") == proofs(fold(recorded(newer, late, imported("r3", NOW + DAY))))


def test_a_drill_document_that_cannot_be_read_is_named() -> None:
    with pytest.raises(StateUnusable, match=r"drill r1 cannot be read: .*'certain'"):
        fold(recorded(drilled("r1", label="certain")))


def test_a_condition_is_observed_since_it_began_with_its_newest_detail() -> None:
    state = fold(recorded(observed("disk-short"), observed("disk-short", "1 GB left")))

    seen = state.observed["/disk-short"]
    assert ("id-1", NOW + timedelta(seconds=1), "1 GB left") == (
        seen.event,
        seen.since,
        seen.detail,
    )
    over = fold(recorded(observed("disk-short", present=False), after=2), state)
    assert ({}, ["/disk-short"]) == (over.observed, list(state.observed))


def test_an_incident_is_told_from_its_opening() -> None:
    state = fold(recorded(incident_opened("i1")))

    one = state.incidents["i1"]
    assert (KEY, "r1", "wake") == (one.key, one.evidence, one.chain)
    assert (one.opened_at, NOW + timedelta(hours=4)) == (one.chain_since, one.predicted_breach_at)
    assert {KEY: "i1"} == state.last_incident


def test_an_escalation_starts_another_chain() -> None:
    one = incident(escalated("i1"))

    assert ("call", None) == (one.chain, one.predicted_breach_at)
    assert timedelta(seconds=1) == one.chain_since - one.opened_at


def test_the_first_to_acknowledge_has_it() -> None:
    one = incident(acknowledged("i1", "Zoe"), acknowledged("i1", "Max"))

    assert ("Zoe", NOW + timedelta(seconds=2)) == (one.acknowledged_by, one.acknowledged_at)


def test_notes_are_kept_in_their_order() -> None:
    assert ["a", "b"] == [note.text for note in incident(noted("i1", "a"), noted("i1", "b")).notes]


def test_a_page_fails_until_it_is_sent_and_then_no_more() -> None:
    failing = incident(page_failed("i1"), page_failed("i1"), page_failed("i1", "wake.1"))
    sent = incident(page_failed("i1"), page_sent("i1"), page_failed("i1"), page_sent("i1"))

    assert (2, NOW + timedelta(seconds=3)) == (
        failing.failing["wake.0@mail"].times,
        failing.failing["wake.0@mail"].at,
    )
    assert 1 == failing.failing["wake.1@mail"].times
    assert ({}, {"wake.0@mail": NOW + timedelta(seconds=3)}) == (sent.failing, sent.sent)


def test_who_closes_an_incident_closes_it_on_its_evidence() -> None:
    by_hand = fold(recorded(incident_opened("i1"), resolved("i1", by="Zoe", note="cable")))
    by_itself = fold(recorded(incident_opened("i1"), resolved("i1")))
    again = fold(recorded(incident_opened("i2"), after=2), by_hand)

    one = by_hand.incidents["i1"]
    assert ("Zoe", "cable", {KEY: "r1"}) == (one.resolved_by, one.resolution, by_hand.closed)
    assert ("", {}) == (by_itself.incidents["i1"].resolved_by, by_itself.closed)
    assert ({}, {KEY: "i2"}) == (again.closed, again.last_incident)


def test_the_first_end_of_an_incident_counts() -> None:
    twice = fold(recorded(incident_opened("i1"), resolved("i1"), resolved("i1", by="Zoe")))

    assert ("", {}) == (twice.incidents["i1"].resolved_by, twice.closed)


def test_an_incident_that_is_over_is_dropped_a_day_later_and_its_key_stays_known() -> None:
    over = fold(recorded(incident_opened("i1"), resolved("i1"), incident_opened("i2")))

    day = fold(recorded(daemon_started(), at=NOW + DAY - timedelta(seconds=5), after=3), over)
    later = fold(recorded(daemon_started(), at=NOW + DAY + timedelta(hours=1), after=3), over)
    back = fold(recorded(daemon_started(), at=NOW - 2 * DAY, after=3), over)

    assert [["i1", "i2"], ["i2"], ["i1", "i2"]] == [
        list(state.incidents) for state in (day, later, back)
    ]
    assert {KEY: "i2"} == later.last_incident


def test_what_is_said_of_an_incident_that_nobody_opened_is_let_pass() -> None:
    facts: list[Event] = [
        acknowledged("i9"),
        page_sent("i9"),
        page_failed("i9"),
        resolved("i9", by="Zoe"),
    ]

    state = fold(recorded(*facts))

    assert ({}, {}) == (state.incidents, state.closed)


def test_a_restored_log_is_observed_until_a_person_has_seen_it() -> None:
    opened = replace(
        incident_opened("i1", condition="log-restored", evidence="id-1"), site="", service=""
    )
    state = fold(recorded(log_restored(), opened))
    seen = state.observed["/log-restored"]

    assert ("id-1", "") == (seen.event, seen.site)
    assert "page 3 is malformed: what came after event 7 may be lost" in seen.detail
    assert "log-damaged-1.sqlite" in seen.detail
    by_itself = fold(recorded(resolved("i1"), after=2), state)
    by_hand = fold(recorded(resolved("i1", by="Zoe"), after=2), state)
    assert ["/log-restored"] == list(by_itself.observed)
    assert {} == by_hand.observed


def test_folding_goes_on_from_a_state_and_leaves_it_as_it_was() -> None:
    facts: list[Event] = [started("r1"), backed_up("r1"), drilled("r2"), incident_opened("i1")]
    more: list[Event] = [
        backed_up("r3"),
        drilled("r4"),
        acknowledged("i1"),
        page_failed("i1"),
        started("r5"),
    ]
    first = fold(recorded(*facts))

    second = fold(recorded(*more, after=4), first)

    assert first == fold(recorded(*facts))
    assert second == fold(recorded(*facts, *more))

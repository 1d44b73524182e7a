"""Which conditions hold for proofs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from orchestrator.core import cron
from orchestrator.core.decide.wrong.holding import survey
from orchestrator.core.events import DrillFinished, RunFailed, RunKind, RunStarted
from orchestrator.core.policy.model import DrillPlan, ProofValid
from restore_drills.model import Scenario
from tests.oncall import DAY, FRIDAY, HOUR, MINUTE, Nights, client
from tests.policies import service
from tests.records import drilled, imported

WEEKLY = DrillPlan(
    name="weekly", cron=cron.read("0 3 * * sun"), scenario=Scenario.SERVER_FAILURE, where=None
)
AWAY = DrillPlan(
    name="yearly", cron=cron.read("0 3 * * sun"), scenario=Scenario.BURGLARY, where="provider-dc"
)
REFUTED = "/drill-refuted-server-failure"
EXPIRED = "/proof-expired-server-failure"


def nights(*plans: DrillPlan, **other: object) -> Nights:
    services = (service("till"), service("share", criticality="P3"))
    return Nights(client(*services, drills=plans or (WEEKLY,), **other))


def ran(night: Nights, run: str, event: DrillFinished | RunFailed) -> None:
    night.append(
        RunStarted(
            run=run,
            kind=RunKind.DRILL,
            site="bakery",
            service="",
            repository="offsite",
            boot_id="boot",
            drill="weekly",
            scenario="server-failure",
        )
    )
    night.now += MINUTE
    night.append(event)


def failed(run: str, *, retryable: bool = True) -> RunFailed:
    return RunFailed(
        run=run,
        kind=RunKind.DRILL,
        site="bakery",
        service="",
        error="no room",
        remedy="Free space.",
        retryable=retryable,
    )


def test_a_proof_that_counts_holds_nothing() -> None:
    night = nights()
    night.append(drilled("d1", FRIDAY))

    assert {} == night.holding()


def test_a_drill_that_said_no_holds_until_one_says_yes_and_wakes_nobody() -> None:
    night = nights()
    night.append(drilled("d1", FRIDAY, verdict="refuted", why=["orders: 3, expected 1000"]))

    (held,) = night.holding().values()
    assert ("", REFUTED[1:], "P2", "d1") == (
        held.service,
        held.condition,
        held.criticality,
        held.evidence,
    )
    assert held.summary.endswith("the answer is no: orders: 3, expected 1000")
    assert "the recovery of till was tried under server-failure" in held.summary
    night.append(drilled("d2", FRIDAY + HOUR, verdict="inconclusive"))
    assert {REFUTED} == set(night.holding())
    night.append(drilled("d3", FRIDAY + 2 * HOUR))
    assert {} == night.holding()


def test_services_that_the_same_scenario_refutes_are_one_condition() -> None:
    night = nights()
    night.append(drilled("d1", FRIDAY, verdict="refuted"))
    night.append(drilled("d2", FRIDAY + HOUR, id="share", verdict="refuted"))

    (held,) = night.holding().values()
    assert "d2" == held.evidence
    assert "till, share" in held.summary


def test_a_drill_that_cannot_run_is_told_when_it_failed_twice() -> None:
    night = nights()
    ran(night, "d1", failed("d1"))
    assert {} == night.holding()
    ran(night, "d2", failed("d2"))

    (held,) = night.holding().values()
    assert ("drill-failed-weekly", "P3", "d2") == (held.condition, held.criticality, held.evidence)
    assert ("the drill weekly failed: no room", "Free space.") == (held.summary, held.remedy)
    ran(night, "d3", drilled("d3", night.now))
    assert {} == night.holding()


def test_a_drill_that_nothing_tries_again_is_told_at_once() -> None:
    night = nights()
    ran(night, "d1", failed("d1", retryable=False))

    assert {"/drill-failed-weekly"} == set(night.holding())


def test_a_drill_that_the_policy_no_longer_names_is_forgotten() -> None:
    night = nights()
    ran(night, "d1", failed("d1", retryable=False))
    night.reload(client(drills=()))

    assert {} == night.holding()


def test_a_proof_that_is_too_old_is_told_by_morning() -> None:
    night = nights(proof_valid_for=ProofValid(default=timedelta(days=10)))
    night.append(drilled("d1", FRIDAY))
    night.now = FRIDAY + 10 * DAY
    assert {} == night.holding()
    night.now += MINUTE

    (held,) = night.holding().values()
    assert (EXPIRED[1:], "P3") == (held.condition, held.criticality)
    assert "pra drill bakery --scenario server-failure" in held.remedy


def test_a_no_and_a_drill_that_cannot_run_explain_why_there_is_no_newer_proof() -> None:
    night = nights()
    night.append(drilled("d1", FRIDAY))
    night.now += 60 * DAY
    assert {EXPIRED} == set(night.holding())
    ran(night, "d2", failed("d2", retryable=False))
    assert {"/drill-failed-weekly"} == set(night.holding())
    ran(night, "d3", drilled("d3", night.now, verdict="refuted"))
    assert {REFUTED} == set(night.holding())


def test_evidence_that_does_not_come_from_elsewhere_is_told_after_two_days() -> None:
    night = nights(AWAY)
    night.ran("till")
    night.ran("share")
    night.now += 9 * DAY
    assert 6 == night.now.weekday()  # a Sunday, in the evening: the slot was at 3
    night.now += 30 * HOUR
    assert {} == {k: v for k, v in night.holding().items() if k.startswith("/")}
    night.now += DAY

    (held,) = [one for one in night.holding().values() if not one.service]
    assert ("evidence-overdue-yearly", "P3") == (held.condition, held.criticality)
    assert "pra evidence import" in held.remedy


def test_a_proof_from_elsewhere_counts() -> None:
    night = nights()
    night.append(drilled("d1", FRIDAY, verdict="refuted"))
    night.append(imported("d2", FRIDAY + HOUR))

    assert {} == night.holding()


def test_a_drill_without_an_answer_holds_nothing_and_the_oldest_proof_is_the_next_to_expire() -> (
    None
):
    night = nights(proof_valid_for=ProofValid(default=timedelta(days=10)))
    night.append(drilled("d1", FRIDAY, verdict="inconclusive"))
    night.append(drilled("d2", FRIDAY, id="share"))
    night.append(drilled("d3", FRIDAY + HOUR, id="stock"))
    services = (service(name) for name in ("till", "share", "stock", "web"))
    night.reload(client(*services, drills=(WEEKLY,), proof_valid_for=ProofValid(default=10 * DAY)))
    night.policies = replace(night.policies, awake_since=None)
    assert {} == night.holding()

    _, until = survey(night.state, night.policies, night.now)
    assert FRIDAY + 10 * DAY == (until or FRIDAY).replace(microsecond=0)
    night.append(drilled("d4", FRIDAY - HOUR, id="web"))
    _, until = survey(night.state, night.policies, night.now)
    assert FRIDAY + 10 * DAY - HOUR == (until or FRIDAY).replace(microsecond=0)

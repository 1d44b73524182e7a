from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restore_drills.errors import CannotRun, Damaged, LimitReached, NoSpace, Unreachable
from restore_drills.judge import (
    WORST_FIRST,
    depth_of,
    judge,
    least_sure,
    worst,
    worst_objective,
)
from restore_drills.model import (
    Expect,
    Kind,
    Label,
    LeadBasis,
    Objective,
    Selection,
    SqlCheck,
    Status,
    Verdict,
)
from tests.builders import GREEN, check, seconds, service

if TYPE_CHECKING:
    from restore_drills.errors import DrillError
    from restore_drills.judge import Judgement
    from restore_drills.model import CheckResult, ServicePlan

MINUTE = timedelta(minutes=1)


def judged(  # noqa: PLR0913 - the facts on which a verdict rests
    plan: ServicePlan | None = None,
    checks: tuple[CheckResult, ...] = GREEN,
    *,
    rta: timedelta | None = 2 * MINUTE,
    rpa: timedelta | None = 16 * MINUTE,
    stopped: DrillError | None = None,
    elsewhere: bool = False,
) -> Judgement:
    return judge(
        plan or service(),
        checks=checks,
        rta=rta,
        rpa=rpa,
        stopped=stopped,
        elsewhere=elsewhere,
    )


def test_all_green_and_in_time_is_proven_and_the_promise_held() -> None:
    found = judged()

    assert (Verdict.PROVEN, Objective.HELD) == (found.verdict, found.objective)
    assert (Label.MEASURED, 2, ()) == (found.label, found.depth, found.why)


def test_a_proof_made_elsewhere_says_so() -> None:
    assert Label.MEASURED_ELSEWHERE == judged(elsewhere=True).label


def test_without_a_declared_lead_the_proof_stands_and_the_objective_is_undeclared() -> None:
    found = judged(service(lead=None, lead_basis=LeadBasis.UNKNOWN))

    assert (Verdict.PROVEN, Objective.UNDECLARED) == (found.verdict, found.objective)


@pytest.mark.parametrize("status", [Status.FAIL, Status.SKIP])
@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_mandatory_check_that_does_not_pass_refutes(index: int, status: Status) -> None:
    checks = list(GREEN)
    checks[index] = replace(checks[index], status=status, detail="3 is not >= 1000")

    found = judged(checks=tuple(checks), rta=None, rpa=None)

    assert (Verdict.REFUTED, Objective.MISSED) == (found.verdict, found.objective)
    assert (Label.UNPROVEN, (f"{checks[index].name}: 3 is not >= 1000",)) == (
        found.label,
        found.why,
    )


def test_an_advisory_check_that_fails_changes_nothing() -> None:
    advice = check(Kind.FILES, Status.FAIL, mandatory=False)

    assert judged() == judged(checks=(*GREEN, advice))


@pytest.mark.parametrize("stopped", [CannotRun("x"), Unreachable("x"), NoSpace("x")])
def test_what_could_not_be_tried_is_inconclusive_and_its_promise_unknown(
    stopped: DrillError,
) -> None:
    found = judged(checks=(), rta=None, rpa=None, stopped=stopped)

    assert (Verdict.INCONCLUSIVE, None) == (found.verdict, found.objective)
    assert (Label.UNPROVEN, 0, ("x",)) == (found.label, found.depth, found.why)


def test_damage_refutes_and_is_told_once() -> None:
    alone = judged(checks=(), rta=None, stopped=Damaged("pack 1234 is missing"))
    content = check(Kind.CONTENT, Status.FAIL, detail="pack 1234 is missing")
    told = judged(checks=(content,), rta=None, stopped=Damaged("pack 1234 is missing"))

    assert (Verdict.REFUTED, ("pack 1234 is missing",)) == (alone.verdict, alone.why)
    assert (Verdict.REFUTED, ("every byte: pack 1234 is missing",)) == (told.verdict, told.why)


def test_a_failed_check_is_a_no_whatever_stopped_the_drill_afterwards() -> None:
    content = check(Kind.CONTENT, Status.FAIL)

    found = judged(checks=(content,), rta=None, stopped=LimitReached("memory"))

    assert Verdict.REFUTED == found.verdict


def test_less_depth_than_demanded_is_refuted() -> None:
    files = service(checks=(), depth=2)

    found = judged(files, GREEN[:2])

    assert (Verdict.REFUTED, 1) == (found.verdict, found.depth)
    assert ("depth 1 was reached, the policy demands 2",) == found.why


def test_silence_is_no_pass() -> None:
    demands = SqlCheck(name="orders", query="select 1", expect=Expect(op="=", value="1"))

    found = judged(service(checks=(demands,)), checks=())

    assert Verdict.REFUTED == found.verdict
    assert (
        "orders: not asked",
        "the seal was not checked",
        "depth 0 was reached, the policy demands 1",
    ) == found.why


def test_an_adopted_point_has_no_seal_to_check() -> None:
    adopted = service(selection=Selection(host="SRV", tags=(), sealed=False))

    assert Verdict.PROVEN == judged(adopted, (GREEN[0], GREEN[2])).verdict


def test_a_drill_without_a_time_proves_nothing() -> None:
    found = judged(rta=None)

    assert (Verdict.INCONCLUSIVE, ("no time was measured",)) == (found.verdict, found.why)


@pytest.mark.parametrize(
    ("lead", "rta", "rpa", "why"),
    [
        (40, 201, 16, ("time to recover 4 h 1 min is longer than the RTO of 4 h",)),
        (None, 241, 16, ("restoration 4 h 1 min is longer than the RTO of 4 h",)),
        (40, 2, 30.01, ("the data is 31 min old, the RPO is 30 min",)),
        (40, 200, 30, ()),
        (None, 240, 30, ()),
    ],
)
def test_a_promise_is_missed_by_the_smallest_step_over_it_and_not_by_its_edge(
    lead: float | None, rta: float, rpa: float, why: tuple[str, ...]
) -> None:
    plan = service(lead=None if lead is None else lead * MINUTE)

    found = judged(plan, rta=rta * MINUTE, rpa=rpa * MINUTE)

    assert why == found.why
    assert (Verdict.REFUTED if why else Verdict.PROVEN) == found.verdict
    assert Label.MEASURED == found.label


def test_both_promises_can_be_missed_at_once() -> None:
    assert 2 == len(judged(rta=timedelta(days=1), rpa=timedelta(days=1)).why)


@pytest.mark.parametrize(
    ("kinds", "depth"),
    [
        ((), 0),
        ((Kind.SQL,), 0),
        ((Kind.CONTENT,), 1),
        ((Kind.CONTENT, Kind.FILES, Kind.SEAL), 1),
        ((Kind.CONTENT, Kind.SQL), 2),
        ((Kind.CONTENT, Kind.COMMAND), 2),
    ],
)
def test_depth_follows_from_the_checks_that_passed(kinds: tuple[Kind, ...], depth: int) -> None:
    assert depth == depth_of([check(kind) for kind in kinds])
    assert 0 == depth_of([check(kind, Status.FAIL) for kind in kinds])


SPANS = st.none() | st.floats(0, 20_000).map(seconds)
CHECKS = st.lists(st.builds(check, st.sampled_from(Kind), st.sampled_from(Status)), max_size=6)


@given(
    plan=st.builds(
        service,
        lead=SPANS,
        depth=st.integers(1, 2),
        rto=st.floats(0, 20_000).map(seconds),
        rpo=st.floats(0, 20_000).map(seconds),
    ),
    checks=CHECKS,
    rta=SPANS,
    rpa=SPANS,
    stopped=st.sampled_from([None, None, CannotRun("x"), Damaged("y")]),
    elsewhere=st.booleans(),
)
def test_proven_is_never_said_of_less_than_a_proof(  # noqa: PLR0913 - all that a verdict rests on
    *,
    plan: ServicePlan,
    checks: list[CheckResult],
    rta: timedelta | None,
    rpa: timedelta | None,
    stopped: DrillError | None,
    elsewhere: bool,
) -> None:
    found = judge(plan, checks=checks, rta=rta, rpa=rpa, stopped=stopped, elsewhere=elsewhere)

    assert (found.verdict is not Verdict.PROVEN) == bool(found.why)
    assert (found.verdict is Verdict.INCONCLUSIVE) == (found.objective is None)
    if found.verdict is Verdict.PROVEN:
        assert stopped is None
        assert all(c.status is Status.PASS for c in checks if c.mandatory)
        assert {Kind.CONTENT, Kind.SEAL, Kind.SQL} <= {c.kind for c in checks}
        assert found.depth >= plan.depth
        assert rta is not None
        assert rpa is not None
        assert rta + (plan.lead or timedelta(0)) <= plan.rto
        assert rpa <= plan.rpo


@given(st.lists(st.sampled_from(Verdict)))
def test_of_several_verdicts_the_worst_stands(verdicts: list[Verdict]) -> None:
    found = worst(verdicts)

    assert found in verdicts or (not verdicts and found is Verdict.INCONCLUSIVE)
    assert all(WORST_FIRST.index(found) <= WORST_FIRST.index(v) for v in verdicts)


def test_a_number_is_as_sure_as_the_least_sure_that_it_rests_on() -> None:
    assert Label.UNPROVEN == least_sure([])
    assert Label.MEASURED_ELSEWHERE == least_sure([Label.MEASURED, Label.MEASURED_ELSEWHERE])
    assert Label.UNPROVEN == least_sure([Label.MEASURED, Label.UNPROVEN])


@pytest.mark.parametrize(
    ("objectives", "site"),
    [
        ([], None),
        ([Objective.HELD, Objective.HELD], Objective.HELD),
        ([Objective.HELD, Objective.UNDECLARED], Objective.UNDECLARED),
        ([Objective.HELD, None], None),
        ([Objective.UNDECLARED, None], None),
        ([None, Objective.MISSED], Objective.MISSED),
    ],
)
def test_the_objective_of_a_site_is_its_worst(
    objectives: list[Objective | None], site: Objective | None
) -> None:
    assert site == worst_objective(objectives)

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restore_drills.errors import CannotRun, Damaged
from restore_drills.judge import (
    judge,
)
from restore_drills.model import (
    Kind,
    Label,
    Status,
    Verdict,
)
from tests.asking import MINUTE, judged
from tests.builders import check, seconds, service

if TYPE_CHECKING:
    from restore_drills.errors import DrillError
    from restore_drills.model import CheckResult, ServicePlan


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

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restore_drills.judge import (
    WORST_FIRST,
    depth_of,
    least_sure,
    worst,
    worst_objective,
)
from restore_drills.model import (
    Kind,
    Label,
    Objective,
    Status,
    Verdict,
)
from tests.builders import check


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

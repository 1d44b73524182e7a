from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from restore_drills.errors import CannotRun, Damaged, LimitReached, NoSpace, Unreachable
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
from tests.asking import judged
from tests.builders import GREEN, check, service

if TYPE_CHECKING:
    from restore_drills.errors import DrillError


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

"""From what was seen to the verdict. Pure; the rules are those of the glossary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from restore_drills.errors import Damaged, DrillError
from restore_drills.model import Kind, Label, Objective, Status, Verdict
from restore_drills.spans import duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import timedelta

    from restore_drills.model import CheckResult, ServicePlan

WORST_FIRST = (Verdict.REFUTED, Verdict.INCONCLUSIVE, Verdict.PROVEN)
LEAST_SURE_FIRST = (
    Label.UNPROVEN,
    Label.DECLARED,
    Label.EXTRAPOLATED,
    Label.PARTIAL,
    Label.MEASURED_ELSEWHERE,
    Label.MEASURED,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict of one service, and in words why it is not a yes."""

    verdict: Verdict
    objective: Objective | None
    label: Label
    depth: int
    why: tuple[str, ...]


def depth_of(checks: Iterable[CheckResult]) -> int:
    """Return how far the proof went: 1 identical files, 2 data read by a program, 0 neither."""
    passed = {c.kind for c in checks if c.status is Status.PASS}
    if Kind.CONTENT not in passed:
        return 0
    return 2 if passed & {Kind.SQL, Kind.COMMAND} else 1


def judge(  # noqa: PLR0913 - the facts on which a verdict rests, each named
    plan: ServicePlan,
    *,
    checks: Sequence[CheckResult],
    rta: timedelta | None,
    rpa: timedelta | None,
    stopped: DrillError | None,
    elsewhere: bool,
) -> Judgement:
    """Judge one service. `stopped` is what ended the work before its last mandatory check."""
    depth = depth_of(checks)
    no = [f"{c.name}: {c.detail}" for c in checks if c.mandatory and c.status is not Status.PASS]
    if not no and stopped is not None:
        if not isinstance(stopped, Damaged):
            return _open(depth, str(stopped))
        no.append(str(stopped))
    no = no or _lacking(plan, checks, depth)
    if no:
        return Judgement(
            verdict=Verdict.REFUTED,
            objective=Objective.MISSED,
            label=Label.UNPROVEN,
            depth=depth,
            why=tuple(no),
        )
    if rta is None or rpa is None:  # nothing said no, and nothing was measured
        return _open(depth, "no time was measured")
    late = too_late(plan, rta, rpa)
    if late:
        objective = Objective.MISSED
    else:
        objective = Objective.UNDECLARED if plan.lead is None else Objective.HELD
    return Judgement(
        verdict=Verdict.REFUTED if late else Verdict.PROVEN,
        objective=objective,
        label=Label.MEASURED_ELSEWHERE if elsewhere else Label.MEASURED,
        depth=depth,
        why=late,
    )


def _open(depth: int, why: str) -> Judgement:
    return Judgement(
        verdict=Verdict.INCONCLUSIVE,
        objective=None,
        label=Label.UNPROVEN,
        depth=depth,
        why=(why,),
    )


def _lacking(plan: ServicePlan, checks: Sequence[CheckResult], depth: int) -> list[str]:
    """Say what was demanded and never answered: silence is no pass."""
    answered = {c.name for c in checks}
    no = [f"{c.name}: not asked" for c in plan.checks if not c.optional and c.name not in answered]
    if plan.selection.sealed and Kind.SEAL not in {c.kind for c in checks}:
        no.append("the seal was not checked")
    if depth < max(plan.depth, 1):
        no.append(f"depth {depth} was reached, the policy demands {max(plan.depth, 1)}")
    return no


def too_late(plan: ServicePlan, rta: timedelta, rpa: timedelta) -> tuple[str, ...]:
    """Say which objectives are missed, and by which figures."""
    late = []
    total = rta if plan.lead is None else plan.lead + rta
    if total > plan.rto:
        what = "restoration" if plan.lead is None else "time to recover"
        late.append(f"{what} {duration(total)} is longer than the RTO of {duration(plan.rto)}")
    if rpa > plan.rpo:
        late.append(f"the data is {duration(rpa)} old, the RPO is {duration(plan.rpo)}")
    return tuple(late)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict of several services: refuted over inconclusive over proven."""
    return min(verdicts, key=WORST_FIRST.index, default=Verdict.INCONCLUSIVE)


def least_sure(labels: Iterable[Label]) -> Label:
    """Return the label that a number resting on all of them bears."""
    return min(labels, key=LEAST_SURE_FIRST.index, default=Label.UNPROVEN)


def worst_objective(objectives: Sequence[Objective | None]) -> Objective | None:
    """Return the objective of several services; unknown unless one is missed outright."""
    if Objective.MISSED in objectives:
        return Objective.MISSED
    if None in objectives or not objectives:
        return None
    return Objective.UNDECLARED if Objective.UNDECLARED in objectives else Objective.HELD

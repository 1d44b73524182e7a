"""What a recovery adds to a drill: somebody who agrees to it, and takes what was restored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from restore_drills.model import Finding, Severity

if TYPE_CHECKING:
    from datetime import datetime

    from restore_drills.errors import DrillError
    from restore_drills.model import Point, ServicePlan, ServiceReport
    from restore_drills.sandbox import Room


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What one service is to be brought back to; `stopped` says why it is not.

    `passed_over` are newer points, which are suspected.
    """

    plan: ServicePlan
    point: Point | None
    stopped: DrillError | None
    passed_over: tuple[Point, ...] = ()


def unanswered(plan: ServicePlan, needed: str) -> Finding:
    """Say that a service is brought back though one that it needs does not answer."""
    return Finding(
        code="needed-unanswered",
        severity=Severity.ERROR,
        service=plan.id,
        message=f"{needed}, on which it depends, does not answer",
        remedy=f"Bring {needed} to life before this service is started.",
    )


class Keeper(Protocol):
    """Keeps what is restored. Where `run` is given one, nothing is removed at the end."""

    def chosen(self, t0: datetime, aims: tuple[Aim, ...]) -> None:
        """Take note of the points before a byte is fetched. Raises Interrupted to go no further."""
        ...

    def done(self, service: ServiceReport, room: Room | None) -> None:
        """Take over a service, whose proof is at its end; called from several threads."""
        ...

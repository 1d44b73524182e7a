"""What the events of upkeep say, a line each. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.events import (
    CopyFinished,
    RelockFinished,
    RepairFinished,
    RetainFinished,
    RewindFinished,
    VerifyFinished,
)
from orchestrator.core.retention.guards import counted

if TYPE_CHECKING:
    from orchestrator.core.history import Upkeep


def of_upkeep(event: Upkeep) -> str:  # noqa: PLR0911 - a table
    """Return what an upkeep says beside its type and subject, in one line."""
    match event:
        case CopyFinished():
            points = counted(event.points, "point")
            done = f"{points} copied" if event.points else "nothing was lacking"
            return f"{event.origin} to {event.repository}: {done}, the newest is {event.point}"
        case VerifyFinished():
            part = f"{event.repository}: part {event.part} of {event.parts} read"
            if event.sound:
                return f"{part}, sound"
            return f"{part}, damaged: {'; '.join(d.fault for d in event.damage)}"
        case RelockFinished():
            objects = f"{event.extended} of {counted(event.objects, 'object')}"
            done = f"{event.repository}: {objects} locked longer"
            return f"{done}: {'; '.join(event.problems)}" if event.problems else done
        case RetainFinished():
            if event.held:
                return f"{event.repository}: nothing removed: {event.held}"
            removed = counted(event.removed, "point")
            return f"{event.repository}: {removed} removed, {event.kept} kept"
        case RepairFinished():
            whole, lost = len(event.healed), len(event.lost)
            return f"{event.repository}: {counted(whole, 'point')} whole again, {lost} not"
        case RewindFinished():
            return (
                f"{event.repository}: {counted(event.restored, 'object')} brought back,"
                f" {event.set_aside} set aside, {event.lost} lost"
            )

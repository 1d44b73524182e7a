"""What the upkeep of repositories means for the state; a part of `core/fold.py`."""

from __future__ import annotations

from datetime import UTC
from sys import intern
from typing import TYPE_CHECKING

from orchestrator.core.events import (
    CopyFinished,
    RelockFinished,
    RepairFinished,
    RetainFinished,
    RewindFinished,
    VerifyFinished,
)

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.core.state import CopyState, RepositoryState

KEPT_SECONDS = 5
KEPT_DAYS = 400


def held(known: RepositoryState, at: datetime) -> None:
    """Take that a usable point is in the repository."""
    known.since = known.since or at


def copied(known: CopyState, event: CopyFinished) -> None:
    """Take that a service's newest point is in another repository."""
    before = known.complete
    if before is not None and before.point == event.point:
        return
    known.since = known.since or event.usable_at
    if before is not None and before.data_time is not None:
        day = intern(event.usable_at.astimezone(UTC).date().isoformat())
        gap = max(0.0, (event.usable_at - before.data_time).total_seconds())
        known.gaps[day] = max(gap, known.gaps.get(day, 0.0))
        if len(known.gaps) > KEPT_DAYS:
            del known.gaps[min(known.gaps)]
    known.complete = event
    known.seconds = (*known.seconds, event.seconds)[-KEPT_SECONDS:]


def apply(
    known: RepositoryState,
    event: VerifyFinished | RelockFinished | RetainFinished | RepairFinished | RewindFinished,
    started: datetime,
) -> None:
    """Take the end of an upkeep that began at `started`."""
    match event:
        case VerifyFinished():
            _verified(known, event, started)
        case RelockFinished():
            known.relocked = event
        case RetainFinished():
            known.retained = event
        case RepairFinished() | RewindFinished():
            if event.sound:
                known.damaged = None


def _verified(known: RepositoryState, event: VerifyFinished, started: datetime) -> None:
    if known.parts != event.parts:
        # Of another division nobody knows which packs it read: the oldest of them all counts.
        whole = known.parts and len(known.read) == known.parts
        known.floor = min(known.read.values()) if whole else known.floor
        known.parts, known.read = event.parts, {}
    known.read[str(event.part)] = started
    if not event.sound:
        known.damaged = event
    elif known.damaged is not None and _covers(event, known.damaged):
        known.damaged = None


def _covers(event: VerifyFinished, damaged: VerifyFinished) -> bool:
    """Whether a sound reading read what the damaged one did: the same part, or everything."""
    return event.parts == 1 or (event.part, event.parts) == (damaged.part, damaged.parts)

"""What the upkeep of repositories means for the state; a part of `core/fold.py`."""

from __future__ import annotations

from datetime import UTC, timedelta
from functools import cache
from sys import intern
from typing import TYPE_CHECKING, assert_never

from orchestrator.core.events import (
    CopyFinished,
    RelockFinished,
    RepairFinished,
    RetainFinished,
    RewindFinished,
    VerifyFinished,
)
from orchestrator.core.state import Damaged

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.core.state import CopyState, RepositoryState, Run

KEPT_SECONDS = 5
KEPT_DAYS = 400
BYTES = 256  # restic divides packs by the first byte of their ids


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
    run: Run | None,
    at: datetime,
) -> None:
    """Take the end of an upkeep; `run` is what the log knew of it while it was open."""
    match event:
        case VerifyFinished():
            began = run.started_at if run else at - timedelta(seconds=event.seconds)
            _read(known, event, began, planned=run is not None and run.slot is not None)
            _judged(known, event, began)
        case RelockFinished():
            known.relocked = event
        case RetainFinished():
            known.retained = event
        case RepairFinished() | RewindFinished():
            if event.sound:
                known.damages = {}
        case _:
            assert_never(event)


def _read(known: RepositoryState, event: VerifyFinished, began: datetime, *, planned: bool) -> None:
    """Note which packs were read.

    The division in force is what the schedule reads by. What a person reads by another one, and
    the second look at a damage that an earlier one found, count for what they cover.
    """
    again = f"{event.part}/{event.parts}" in known.damages
    if known.parts != event.parts and ((planned and not again) or not known.parts):
        known.read = _divided(known, event.parts)
        known.parts = event.parts
    mine = _bytes(event.part, event.parts)
    for part in range(1, known.parts + 1):
        if _bytes(part, known.parts) <= mine:
            known.read[str(part)] = max(began, known.read.get(str(part), began))


def _divided(known: RepositoryState, parts: int) -> dict[str, datetime]:
    """Return what the parts of another division were read at: each when the oldest of it was."""
    whose = {byte: str(byte % known.parts + 1) for byte in range(BYTES)} if known.parts else {}
    told: dict[str, datetime] = {}
    for part in range(1, parts + 1):
        read = [known.read.get(whose.get(byte, "")) for byte in _bytes(part, parts)]
        found = [at for at in read if at is not None]
        if len(found) == len(read):
            told[str(part)] = min(found)
    return told


@cache
def _bytes(part: int, parts: int) -> frozenset[int]:
    """Return which packs restic reads as part/parts, by the first byte of their ids."""
    return frozenset(range(part - 1, BYTES, parts))


def _judged(known: RepositoryState, event: VerifyFinished, began: datetime) -> None:
    """Keep a damage until its part, or everything, was read again and is sound."""
    if event.sound and event.parts == 1:
        known.damages = {}
        return
    known.damages.pop(f"{event.part}/{event.parts}", None)
    if not event.sound:
        known.damages[f"{event.part}/{event.parts}"] = Damaged(at=began, reading=event)

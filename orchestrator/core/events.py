"""The events of the log: one closed list. An event is an immutable fact.

In the log an event is its type, its keys and a JSON body (`encode`, `decode`). Adding one: a
class here, its line in `TYPES`, its case in `core/state.py` (the type check names what is left).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - the codec reads the fields' types
from enum import StrEnum
from typing import Any, assert_never

from orchestrator.core import codec


class RunKind(StrEnum):
    """What a run does."""

    BACKUP = "backup"
    DRILL = "drill"


class Outcome(StrEnum):
    """How a backup ended."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    FAILED = "failed"
    SUSPECTED = "suspected"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True, kw_only=True)
class BackedUp:
    """One snapshot of a backup: restic's ids in full, the data time in UTC."""

    source: str
    id: str
    tree: str
    data_time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """Intent: on disk before any process of the run exists. `repository` may need an unlock."""

    run: str
    kind: RunKind
    site: str
    service: str
    repository: str
    boot_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupFinished:
    """A backup run ended and was sealed; `usable_at` is None unless it is complete."""

    run: str
    site: str
    service: str
    outcome: Outcome
    repository: str
    snapshots: tuple[BackedUp, ...]
    usable_at: datetime | None
    files_new: int
    files_changed: int
    data_added_bytes: int
    seconds: float
    skipped: tuple[str, ...]
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillFinished:
    """A drill ended; `document` is what `pra drill --json` prints."""

    run: str
    site: str
    verdict: str
    document: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailed:
    """A run ended without a result."""

    run: str
    kind: RunKind
    site: str
    service: str
    error: str
    remedy: str
    retryable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInterrupted:
    """A run was found dead, or was stopped; `swept` processes of it were still alive."""

    run: str
    kind: RunKind
    site: str
    service: str
    swept: int
    note: str


Event = RunStarted | BackupFinished | DrillFinished | RunFailed | RunInterrupted


def type_of(event: Event) -> str:
    """Return the event's name, `noun.past-verb`; `pra.` stands before it outside the process."""
    match event:
        case RunStarted():
            return "run.started"
        case BackupFinished():
            return "backup.finished"
        case DrillFinished():
            return "drill.finished"
        case RunFailed():
            return "run.failed"
        case RunInterrupted():
            return "run.interrupted"
    assert_never(event)


def service_of(event: Event) -> str:
    """Return the service an event speaks of; empty for a whole site."""
    match event:
        case RunStarted() | BackupFinished() | RunFailed() | RunInterrupted():
            return event.service
        case DrillFinished():
            return ""
    assert_never(event)


TYPES: dict[str, type[Event]] = {
    "run.started": RunStarted,
    "backup.finished": BackupFinished,
    "drill.finished": DrillFinished,
    "run.failed": RunFailed,
    "run.interrupted": RunInterrupted,
}


def encode(event: Event) -> dict[str, Any]:
    """Return the event as a JSON object. Raises ValueError for what JSON cannot say."""
    body: dict[str, Any] = codec.to_json(event)
    return body


def decode(name: str, body: object) -> Event:
    """Read the event of type `name` from its JSON object. Raises ValueError."""
    if name not in TYPES:
        raise ValueError(f"unknown event {name}")
    return codec.from_json(TYPES[name], body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """An event as the log holds it; the order is `seq`, for `at` may step back with the clock.

    `cause` is the id of an earlier event. `hash` covers the row and `prevhash`, the row before.
    """

    seq: int
    id: str
    at: datetime
    event: Event
    cause: str | None
    prevhash: str
    hash: str

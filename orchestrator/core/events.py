"""The events of the log: one closed list. An event is an immutable fact.

In the log an event is its type, its keys and a JSON body (`encode`, `decode`). Adding one: a
class here, its line in `TYPES`, its case in `core/fold.py` (the type check names what is left).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - the codec reads the fields' types
from enum import StrEnum
from typing import Any

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
    """Intent: on disk before any process of the run exists. `repository` may need an unlock.

    `slot` is the instant that it answers, None when a person asked; `drill` the policy's name of
    it, `scenario` what it plays.
    """

    run: str
    kind: RunKind
    site: str
    service: str
    repository: str
    boot_id: str
    slot: datetime | None = None
    drill: str = ""
    scenario: str = ""


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

    @property
    def data_time(self) -> datetime | None:
        """How old the data of the point is: the oldest of its snapshots."""
        return min((s.data_time for s in self.snapshots), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillFinished:
    """A drill ended; `document` is what `pra drill --json` prints."""

    run: str
    site: str
    verdict: str
    document: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceImported:
    """A drill made elsewhere, checked against its signature; `key` is the signer's, base64."""

    run: str
    site: str
    verdict: str
    document: dict[str, Any]
    place: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailed:
    """A run ended without a result; `code` is the error's, as `pra --json` gives it."""

    run: str
    kind: RunKind
    site: str
    service: str
    error: str
    remedy: str
    retryable: bool
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInterrupted:
    """A run was found dead, or was stopped; `swept` processes of it were still alive."""

    run: str
    kind: RunKind
    site: str
    service: str
    swept: int
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """The daemon saw a condition of the outside begin or end: disk, clock, policy.

    An empty `site` is the machine.
    """

    site: str
    condition: str
    present: bool
    detail: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentOpened:
    """A condition that a human must deal with; its key is `site/service/condition`.

    `evidence` names what established it (a run, an observation): closed by a person, it is not
    opened again on the same evidence. `chain` is empty where nobody is called.
    """

    incident: str
    site: str
    service: str
    condition: str
    criticality: str
    summary: str
    remedy: str
    evidence: str
    chain: str
    predicted_breach_at: datetime | None = None
    reported_by: str | None = None
    reported_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentEscalated:
    """An open incident went to another chain, for a breach now comes before opening."""

    incident: str
    site: str
    service: str
    chain: str
    predicted_breach_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentAcknowledged:
    """Somebody has it: nobody further is called."""

    incident: str
    site: str
    service: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentNoted:
    """Somebody wrote something down."""

    incident: str
    site: str
    service: str
    by: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentResolved:
    """It is over: the condition is gone (`by` empty), or a person says so."""

    incident: str
    site: str
    service: str
    by: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSent:
    """A page was accepted by its channel; `page` says which one of the incident it was."""

    incident: str
    site: str
    service: str
    page: str
    channel: str
    receipt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFailed:
    """A page was not accepted, after the tries of one attempt; it stays owed."""

    incident: str
    site: str
    service: str
    page: str
    channel: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonStarted:
    """The daemon watches from here on; `site` is empty."""

    site: str
    version: str
    boot_id: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonStopped:
    """The daemon was asked to stop, and did; `site` is empty."""

    site: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRestored:
    """The log was damaged and replaced by its copy: what came after `last_seq` is lost."""

    site: str
    last_seq: int
    damage: str
    kept_as: str


Event = (
    RunStarted
    | BackupFinished
    | DrillFinished
    | EvidenceImported
    | RunFailed
    | RunInterrupted
    | Observed
    | IncidentOpened
    | IncidentEscalated
    | IncidentAcknowledged
    | IncidentNoted
    | IncidentResolved
    | PageSent
    | PageFailed
    | DaemonStarted
    | DaemonStopped
    | LogRestored
)

# An event's name, `noun.past-verb`; `pra.` stands before it outside the process.
TYPES: dict[str, type[Event]] = {
    "run.started": RunStarted,
    "backup.finished": BackupFinished,
    "drill.finished": DrillFinished,
    "evidence.imported": EvidenceImported,
    "run.failed": RunFailed,
    "run.interrupted": RunInterrupted,
    "condition.observed": Observed,
    "incident.opened": IncidentOpened,
    "incident.escalated": IncidentEscalated,
    "incident.acknowledged": IncidentAcknowledged,
    "incident.noted": IncidentNoted,
    "incident.resolved": IncidentResolved,
    "page.sent": PageSent,
    "page.failed": PageFailed,
    "daemon.started": DaemonStarted,
    "daemon.stopped": DaemonStopped,
    "log.restored": LogRestored,
}
_NAMES = {kind: name for name, kind in TYPES.items()}


def type_of(event: Event) -> str:
    """Return the event's name."""
    return _NAMES[type(event)]


def name_of(kind: type[Event]) -> str:
    """Return the name of all events of a class."""
    return _NAMES[kind]


def service_of(event: Event) -> str:
    """Return the service an event speaks of; empty for a whole site."""
    return getattr(event, "service", "")


def run_of(event: Event) -> str:
    """Return the run, else the incident, that an event belongs to; else empty."""
    return getattr(event, "run", "") or getattr(event, "incident", "")


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

"""The events of the log: one closed list. An event is an immutable fact.

In the log an event is its type, its keys and a JSON body (`encode`, `decode`). Adding one: a
class in one of the modules here, its line in `TYPES`, its case in `core/fold.py` (the type check
names what is left).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - the codec reads the fields' types
from typing import Any

from orchestrator.core import codec
from orchestrator.core.events.daemon import (
    DaemonStarted,
    DaemonStopped,
    LogRestored,
    PoliciesRead,
)
from orchestrator.core.events.oncall import (
    IncidentAcknowledged,
    IncidentEscalated,
    IncidentNoted,
    IncidentOpened,
    IncidentResolved,
    Observed,
    PageFailed,
    PageSent,
)
from orchestrator.core.events.recovery import (
    ChangeExpected,
    IncidentMarked,
    KeyRotated,
    KitExported,
    KitVerified,
    PolicyStored,
    RecoverFinished,
    SitePaused,
    SiteResumed,
    SuspicionEnded,
)
from orchestrator.core.events.runs import (
    BackedUp,
    BackupFinished,
    DrillFinished,
    EvidenceImported,
    Outcome,
    RunFailed,
    RunInterrupted,
    RunKind,
    RunStarted,
    Sign,
)
from orchestrator.core.events.upkeep import (
    CopyFinished,
    Damage,
    Hurt,
    RelockFinished,
    RepairFinished,
    RetainFinished,
    RewindFinished,
    VerifyFinished,
)

__all__ = [
    "TYPES",
    "BackedUp",
    "BackupFinished",
    "ChangeExpected",
    "CopyFinished",
    "DaemonStarted",
    "DaemonStopped",
    "Damage",
    "DrillFinished",
    "Event",
    "EvidenceImported",
    "Hurt",
    "IncidentAcknowledged",
    "IncidentEscalated",
    "IncidentMarked",
    "IncidentNoted",
    "IncidentOpened",
    "IncidentResolved",
    "KeyRotated",
    "KitExported",
    "KitVerified",
    "LogRestored",
    "Observed",
    "Outcome",
    "PageFailed",
    "PageSent",
    "PoliciesRead",
    "PolicyStored",
    "Recorded",
    "RecoverFinished",
    "RelockFinished",
    "RepairFinished",
    "RetainFinished",
    "RewindFinished",
    "RunFailed",
    "RunInterrupted",
    "RunKind",
    "RunStarted",
    "Sign",
    "SitePaused",
    "SiteResumed",
    "SuspicionEnded",
    "VerifyFinished",
    "decode",
    "encode",
    "name_of",
    "run_of",
    "service_of",
    "type_of",
]

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
    | PoliciesRead
    | LogRestored
    | CopyFinished
    | VerifyFinished
    | RelockFinished
    | RetainFinished
    | RepairFinished
    | RewindFinished
    | RecoverFinished
    | SuspicionEnded
    | ChangeExpected
    | PolicyStored
    | KitExported
    | KitVerified
    | KeyRotated
    | SitePaused
    | SiteResumed
    | IncidentMarked
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
    "policies.read": PoliciesRead,
    "log.restored": LogRestored,
    "copy.finished": CopyFinished,
    "verify.finished": VerifyFinished,
    "relock.finished": RelockFinished,
    "retain.finished": RetainFinished,
    "repair.finished": RepairFinished,
    "rewind.finished": RewindFinished,
    "recovery.finished": RecoverFinished,
    "suspicion.ended": SuspicionEnded,
    "change.expected": ChangeExpected,
    "policy.stored": PolicyStored,
    "kit.exported": KitExported,
    "kit.verified": KitVerified,
    "key.rotated": KeyRotated,
    "site.paused": SitePaused,
    "site.resumed": SiteResumed,
    "incident.marked": IncidentMarked,
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

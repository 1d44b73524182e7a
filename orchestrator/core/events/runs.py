"""The events of a run: its intent, and what ended it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003 - the codec reads the fields' types
from enum import StrEnum
from typing import Any


class RunKind(StrEnum):
    """What a run does."""

    BACKUP = "backup"
    COPY = "copy"
    VERIFY = "verify"
    RELOCK = "relock"
    RETAIN = "retain"
    DRILL = "drill"
    REPAIR = "repair"
    REWIND = "rewind"
    RECOVER = "recover"


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
class Sign:
    """One sign that a point is not ordinary work; `word` is one of `core/detection`."""

    word: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """Intent: on disk before any process of the run exists. `repository` may need an unlock.

    `slot` is the instant that it answers, None when a person asked; `drill` the policy's name of
    it, `scenario` what it plays. `service` is empty for what concerns a whole site or repository.
    `origin` is the repository that a copy or a repair reads, and may need an unlock as well.
    `incident` is what a recovery is made for.
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
    origin: str = ""
    incident: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupFinished:
    """A backup run ended and was sealed; `usable_at` is None unless it is complete or suspected.

    `signs` are what it made suspicious, or merely unusual where it is complete. `suspect` is the
    run since which the service is suspected: this one, or an earlier one that nobody has judged.
    `decoys`: path to the SHA-256 of the decoy there, empty where it is gone.
    """

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
    signs: tuple[Sign, ...] = ()
    suspect: str = ""
    decoys: dict[str, str] = field(default_factory=dict)

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

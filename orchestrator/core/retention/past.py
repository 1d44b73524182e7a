"""What the log says of the retentions of a repository so far. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.events import (
    BackupFinished,
    CopyFinished,
    Outcome,
    RetainFinished,
    RunFailed,
    RunInterrupted,
    RunKind,
    RunStarted,
)
from orchestrator.core.retention.guards import FIRST, Before

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from orchestrator.core.events import Event, Recorded

# What `before` reads of the log: other events may stay there.
TOLD = (
    RunStarted,
    BackupFinished,
    CopyFinished,
    RetainFinished,
    RunFailed,
    RunInterrupted,
)


def before(records: Iterable[Recorded], repository: str, now: datetime) -> Before:
    """Return what the log says of a repository; the records are of its site, oldest first."""
    reading = _Reading(repository)
    for recorded in records:
        reading.take(recorded.event, recorded.at)
    added = reading.added
    if reading.kept is None:
        added = [(at, count) for at, count in added if at > now - FIRST]
    return Before(
        kept=reading.kept,
        added=sum(count for _, count in added),
        is_cut=reading.is_cut,
        owes_prune=reading.owes_prune,
    )


class _Reading:
    """One repository, while its site's log is read."""

    def __init__(self, repository: str) -> None:
        self.kept: int | None = None
        self.added: list[tuple[datetime, int]] = []
        self.is_cut = False
        self.owes_prune = False
        self._repository = repository
        self._open: set[str] = set()

    def take(self, event: Event, at: datetime) -> None:
        """Take the next event in."""
        match event:
            case RunStarted(kind=RunKind.RETAIN, repository=self._repository):
                self._open.add(event.run)
            case BackupFinished(
                outcome=Outcome.COMPLETE | Outcome.SUSPECTED, repository=self._repository
            ):
                self.added.append((at, 1))
            case CopyFinished(repository=self._repository):
                self.added.append((at, event.points))
            case RetainFinished(repository=self._repository):
                self._retained(event)
            case RunFailed(kind=RunKind.RETAIN) | RunInterrupted(kind=RunKind.RETAIN):
                if event.run in self._open:
                    self._open.discard(event.run)
                    self.is_cut = self.owes_prune = True
            case _:
                pass

    def _retained(self, event: RetainFinished) -> None:
        self._open.discard(event.run)
        if not event.held:
            self.kept, self.added = event.kept, []
            self.is_cut = False
            self.owes_prune = event.freed_bytes is None

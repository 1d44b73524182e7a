"""Recovery points as a listing and as the log tell them, for the tests of what is kept."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from orchestrator.core.copies.snapshots import Held
from orchestrator.core.events import (
    BackedUp,
    BackupFinished,
    Outcome,
    Recorded,
    RunKind,
    RunStarted,
)
from restore_drills.model import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orchestrator.core.events import Event

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
SITE = "bakery"


def digest(*words: object) -> str:
    """An id as restic has them."""
    return hashlib.sha256(repr(words).encode()).hexdigest()


def held(run: str, at: datetime, service: str = "till") -> Held:
    """A usable point, without its snapshots."""
    return Held(service=service, run=run, data_time=at, usable_at=at, snapshots=(), seals=())


def nightly(count: int, *, until: datetime = NOW, service: str = "till") -> list[Held]:
    """A point a day, the newest first: `r0` is of the last."""
    return [held(f"r{n}", until - n * DAY, service) for n in range(count)]


def backed_up(  # noqa: PLR0913 - what tests vary
    run: str,
    at: datetime,
    *,
    service: str = "till",
    outcome: Outcome = Outcome.COMPLETE,
    repository: str = "offsite",
    site: str = SITE,
) -> BackupFinished:
    """The end of a backup of a dump and its roles, as the log has it."""
    taken = tuple(
        BackedUp(source=name, id=digest(run, name), tree=digest("tree", run, name), data_time=at)
        for name in (service, f"{service}.roles")
    )
    return BackupFinished(
        run=run,
        site=site,
        service=service,
        outcome=outcome,
        repository=repository,
        snapshots=() if outcome is Outcome.FAILED else taken,
        usable_at=at + timedelta(seconds=9) if outcome is Outcome.COMPLETE else None,
        files_new=1,
        files_changed=0,
        data_added_bytes=10,
        seconds=9.0,
        skipped=(),
        error=None,
    )


def started(run: str, *, service: str = "till", kind: RunKind = RunKind.BACKUP) -> RunStarted:
    """The start of a run."""
    return RunStarted(
        run=run, kind=kind, site=SITE, service=service, repository="offsite", boot_id="b"
    )


def recorded(events: Iterable[Event], at: datetime = NOW) -> list[Recorded]:
    """Events as the log returns them."""
    return [
        Recorded(seq=n, id=f"e{n}", at=at, event=event, cause=None, prevhash="", hash=f"h{n}")
        for n, event in enumerate(events, start=1)
    ]


def listed(event: BackupFinished, *, copied: bool = False) -> list[Snapshot]:
    """The snapshots of a backup, and its seal, as a repository lists them; or as its copy does."""
    parts = [(s.source, s.id, s.tree) for s in event.snapshots]
    parts.append(("seal", digest(event.run, "seal"), digest("tree", event.run, "seal")))
    at = event.snapshots[0].data_time
    return [
        snapshot(
            digest("copy", one) if copied else one,
            tree,
            at,
            tags=(f"service={event.service}", f"run={event.run}", f"source={source}")
            + ((f"outcome={event.outcome}",) if source == "seal" else ()),
            original=one if copied else None,
        )
        for source, one, tree in parts
    ]


def snapshot(  # noqa: PLR0913 - a line of restic's
    name: str,
    tree: str,
    at: datetime,
    *,
    tags: tuple[str, ...] = (),
    host: str = SITE,
    original: str | None = None,
) -> Snapshot:
    """One line of a listing."""
    return Snapshot(
        id=name,
        tree=tree,
        time=at,
        host=host,
        tags=tags,
        paths=("/srv",),
        original=original,
        bytes=1000,
        files=1,
    )

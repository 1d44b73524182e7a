"""Fetches what is kept: the same points again, over what lies there, and never trusting it."""

from __future__ import annotations

import shutil
import threading
from typing import TYPE_CHECKING

from orchestrator.adapters.restic.place import is_empty
from orchestrator.errors import (
    Interrupted,
    PraError,
    RepositoryLocked,
    RepositoryUnreachable,
    as_drill_error,
)
from orchestrator.jobs.drill import ResticRestore
from restore_drills.errors import NoSpace
from restore_drills.host import Fetched
from restore_drills.model import SourceKind
from restore_drills.sandbox import remove

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from orchestrator.core.recovering.journal import Pinned
    from restore_drills.model import Plan, Selection, Snapshot

FULL = 1 << 20  # bytes that are left: no file of any size fits
PASSING = (Interrupted, RepositoryUnreachable, RepositoryLocked)


class KeptRestore(ResticRestore):
    """A drill's restore whose target may hold what an earlier one left."""

    def pin(self, plan: Plan, points: Mapping[str, Pinned]) -> None:
        """Offer these points and older ones only: a newer one is not what was begun with."""
        self._points = [(s.selection, points[s.id]) for s in plan.services if s.id in points]
        # Trees of several sources lie in one folder: nobody can tell there what is too much.
        self._mixed = {
            service.id
            for service in plan.services
            if sum(1 for s in service.sources if s.kind is SourceKind.FILES) > 1
        }
        self._wiped: set[Path] = set()
        self._wiping = threading.Lock()

    def open(self, repository: str) -> tuple[Snapshot, ...]:
        """List a repository's snapshots but those that came after the pinned points."""
        return offered(super().open(repository), self._points)

    def fetch(self, repository: str, snapshot: Snapshot, into: Path, *, path: str = "") -> Fetched:
        """Restore one snapshot, verified, over what lies there."""
        try:
            into.mkdir(parents=True, exist_ok=True)
            if path or (snapshot.tag("service") or "") in self._mixed:
                self._wipe(into)
            try:
                return self._over(repository, snapshot, into, path)
            except PASSING:
                raise
            except PraError as error:
                if is_empty(into) or into in self._wiped or _is_full(into, error):
                    raise
            # What lies there stands in restic's way, such as a folder where a link should be.
            self._wipe(into)
            return self._over(repository, snapshot, into, path)
        except PraError as error:
            if not isinstance(error, PASSING) and _is_full(into, error):
                raise _no_space(into) from error
            raise as_drill_error(error) from error

    def _over(self, repository: str, snapshot: Snapshot, into: Path, path: str) -> Fetched:
        over = not path and not is_empty(into) and into not in self._wiped
        restored = self._restics[repository].restore(
            snapshot.id, into, path=path, beside=True, over=over, on_progress=self._mover(snapshot)
        )
        return Fetched(bytes=restored.bytes, verified=restored.verified)

    def _wipe(self, into: Path) -> None:
        """Remove, once, what an earlier run left in a folder."""
        with self._wiping:
            if into not in self._wiped:
                for entry in into.iterdir():
                    remove(entry)
                self._wiped.add(into)


def _is_full(into: Path, error: PraError) -> bool:
    """Whether the disk is what is wrong: restic's own words about it may be cut off."""
    return "no space left" in str(error).lower() or shutil.disk_usage(into).free < FULL


def _no_space(into: Path) -> NoSpace:
    disk = next(path for path in (into, *into.parents) if path.is_mount())
    return NoSpace(
        f"no space left on the disk at {disk}",
        hint="Free space there, then run the same command again: it goes on.",
    )


def offered(
    listing: Iterable[Snapshot], points: Sequence[tuple[Selection, Pinned]]
) -> tuple[Snapshot, ...]:
    """Return a listing without what came after the pinned point of its service."""
    return tuple(s for s in listing if all(_is_offered(s, *one) for one in points))


def _is_offered(snapshot: Snapshot, selection: Selection, pinned: Pinned) -> bool:
    if snapshot.host != selection.host or not set(selection.tags) <= set(snapshot.tags):
        return True  # of another service
    ids = {snapshot_id for snapshot_id, _ in pinned.snapshots.values()}
    return (
        snapshot.id in ids
        or (selection.sealed and snapshot.tag("run") == pinned.run)
        or snapshot.time <= pinned.data_time
    )

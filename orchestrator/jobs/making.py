"""A repository that is ready for a run, made where none is yet; one that vanished is not remade."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.adapters.leases import lease
from orchestrator.core.events import BackupFinished, CopyFinished
from orchestrator.errors import RepositoryAbsent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestrator.adapters.restic import Restic
    from orchestrator.app import App
    from orchestrator.core.state import State
    from restore_drills.model import Snapshot


def has_held(app: App, state: State, site: str, repository: str) -> bool:
    """Whether a repository has held recovery points of ours, as the log knows."""
    found = state.sites.get(site)
    known = found.repositories.get(repository) if found else None
    if repository in state.repositories(site) or (known is not None and known.since is not None):
        return True
    ended = app.recorded(site, types=(BackupFinished, CopyFinished))
    events = (recorded.event for recorded in ended)
    return any(
        isinstance(e, (BackupFinished, CopyFinished)) and e.repository == repository for e in events
    )


def listed_or_made(
    restic: Restic, state: Path, url: str, make: Callable[[], None]
) -> tuple[tuple[Snapshot, ...], bool]:
    """List a repository, or make it where there is none yet; true when this made it."""
    try:
        with lease(state, url, exclusive=False):
            return restic.snapshots(), False
    except RepositoryAbsent:
        with lease(state, url, exclusive=True):
            try:  # another run may have made it meanwhile
                return restic.snapshots(), False
            except RepositoryAbsent:
                make()
                return (), True


def vanished(repository: str, error: RepositoryAbsent) -> RepositoryAbsent:
    """Return the error for a repository that held our points and is not there."""
    return RepositoryAbsent(
        f"{repository}: the repository has vanished: {error}",
        hint="It held our snapshots: find out who removed it, and recover it. If it "
        "was moved on purpose, give the new place another name in the policy.",
    )

"""Puts a site's policy beside its points, in each repository, whenever it has changed.

A recovery kit finds it there. It is a snapshot of its own, of no service and no run: neither a
point nor part of one, and its failing fails nothing.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.adapters.leases import lease
from orchestrator.adapters.restic import shelf
from orchestrator.adapters.restic.forgetting import forget
from orchestrator.adapters.restic.needing import readable
from orchestrator.core import carried
from orchestrator.core.events import PolicyStored
from orchestrator.errors import Interrupted, PraError, StateUnusable
from orchestrator.jobs.opening import opened
from orchestrator.jobs.sweep import without_lock
from orchestrator.log import new_run_id
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.adapters.restic import Restic
    from orchestrator.app import App
    from orchestrator.core.policy.model import Site

_turns: dict[tuple[str, str], threading.Lock] = {}  # two services end their backups at once
_guard = threading.Lock()


def store(app: App, site: Site, repository: str) -> PolicyStored | None:
    """Open a repository and put the policy there; None: it is there. Raises PraError."""
    if not is_due(app, site, repository):
        return None
    processes = Processes(new_run_id(app.clock()))
    url = site.repositories[repository].url
    s3.probe(url)
    with (
        without_lock(app, site, repository, processes.run_id),
        lease(app.state, url, exclusive=False),
        opened(site=site, repository=repository, state=app.state, processes=processes) as restic,
    ):
        return put(app, site, restic)


def put(app: App, site: Site, restic: Restic) -> PolicyStored | None:
    """Put the policy into an open repository; None: it is there. The caller has the lease.

    Raises PraError.
    """
    repository = restic.call.repository.id
    with _turn(site.id, repository):
        if not is_due(app, site, repository):
            return None
        written = app.written(site.id)
        digest = carried.digest(written)
        scratch = app.state / "tmp"
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        snapshot = shelf.put(
            restic,
            {name: text.encode() for name, text in written.items()},
            host=site.id,
            tags=carried.tags(digest),
            scratch=scratch,
        )
        stored = PolicyStored(site=site.id, repository=repository, digest=digest, snapshot=snapshot)
        app.log.append(stored)
        return stored


def put_beside(app: App, site: Site, restic: Restic, said: Callable[[str], None]) -> None:
    """Put the policy there, in a run that has its own work; what hinders it is said.

    Raises Interrupted and StateUnusable alone: for the run they are the same.
    """
    try:
        put(app, site, restic)
    except (Interrupted, StateUnusable):
        raise
    except PraError as error:
        said(f"the policy could not be put beside the points: {error}")


def let_go(app: App, site: Site, restic: Restic, hurt: frozenset[str] | None) -> int:
    """Remove the policy's snapshots that are `hurt` (None: all), so that it is put there anew.

    Return how many. The caller is alone in the repository. Raises PraError.
    """
    mine = [s for s in readable(restic) if carried.is_kept(s, site.id)]
    gone = [s.id for s in mine if carried.POLICY in s.tags and (hurt is None or s.id in hurt)]
    if gone:
        forget(restic, gone)
        repository = restic.call.repository.id
        app.log.append(PolicyStored(site=site.id, repository=repository, digest="", snapshot=""))
    return len(gone)


def is_due(app: App, site: Site, repository: str) -> bool:
    """Whether a repository lacks the policy as it is written now."""
    digest = carried.digest(app.written(site.id))
    return bool(digest) and app.known().repository(site.id, repository).policy != digest


def _turn(site: str, repository: str) -> threading.Lock:
    with _guard:
        return _turns.setdefault((site, repository), threading.Lock())

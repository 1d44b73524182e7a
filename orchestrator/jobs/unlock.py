"""Removes the locks that dead processes left in a repository, and tells who still works there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.adapters.leases import lease
from orchestrator.jobs.opening import opened
from orchestrator.log import new_run_id
from orchestrator.reports.unlock import Held, Row
from restore_drills.process import Processes

if TYPE_CHECKING:
    from orchestrator.app import App
    from orchestrator.core.policy.model import Site

MOST = 100


def unlocked(app: App, site: Site, repository: str) -> Row:
    """Unlock one repository. Raises PraError."""
    url = site.repositories[repository].url
    s3.probe(url)
    processes = Processes(new_run_id(app.clock()))
    with (
        lease(app.state, url, exclusive=False),
        opened(site=site, repository=repository, state=app.state, processes=processes) as restic,
    ):
        before = restic.locks(MOST)
        restic.unlock()
        left = restic.locks(MOST)
    return Row(
        repository=repository,
        removed=max(0, len(before) - len(left)),
        living=tuple(
            Held(
                host=lock.host,
                user=lock.user,
                pid=lock.pid,
                since=lock.time,
                exclusive=lock.exclusive,
            )
            for lock in left
        ),
    )

"""Asks the repositories that the policy counts as gone, before a real recovery gives up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.core.recovering import standing
from orchestrator.errors import Interrupted, PraError, RepositoryAbsent, StateUnusable
from orchestrator.jobs.opening import opened
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.app import App
    from orchestrator.core.plan import Request
    from orchestrator.core.policy.model import Site
    from restore_drills.model import Snapshot


def stand(app: App, site: Site, request: Request, said: Callable[[str], None]) -> Request:
    """Return the request with what is there all the same, where nothing surely stands.

    Raises StateUnusable, ResticMissing, Interrupted.
    """
    asked = standing.doomed(site, request)
    names = dict.fromkeys(name for some in asked.values() for name in some)
    if not names:
        return request
    said(
        f"by the policy nothing surely stands after {request.scenario}: asking"
        f" {', '.join(names)} all the same"
    )
    processes = Processes(request.run)
    listings: dict[str, tuple[Snapshot, ...] | None] = {}
    for name in names:
        try:
            listings[name] = _listed(app, site, name, processes)
        except RepositoryAbsent as error:
            said(f"{name}: gone: {error}")
        except (Interrupted, StateUnusable):
            raise
        except PraError as error:  # whoever restores from it says it again, with what to do
            said(f"{name}: {error}")
            listings[name] = None
    return standing.seen(site, request, listings)


def _listed(app: App, site: Site, name: str, processes: Processes) -> tuple[Snapshot, ...]:
    s3.probe(site.repositories[name].url)
    with opened(site=site, repository=name, state=app.state, processes=processes) as restic:
        return restic.snapshots()

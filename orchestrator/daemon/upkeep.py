"""Begins the upkeep of a repository that was decided, in a thread of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.decide.actions import StartCopy
from orchestrator.core.events import RunKind
from orchestrator.daemon.watching import Watching
from orchestrator.jobs.copy import copy
from orchestrator.jobs.relock import relock
from orchestrator.jobs.retain import retain
from orchestrator.jobs.upkeep import begin_upkeep
from orchestrator.jobs.verify import verify

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from orchestrator.app import App
    from orchestrator.core.decide.actions import StartUpkeep
    from orchestrator.core.policy.model import Site
    from orchestrator.daemon.lanes import Lanes


def keep_up(
    app: App, site: Site, action: StartCopy | StartUpkeep, lanes: Lanes, log: FilteringBoundLogger
) -> bool:
    """Begin it; false when its slot is taken."""
    if isinstance(action, StartCopy):
        kind, service = RunKind.COPY, action.service
        origin = site.services[service].backup_to or ""
    else:
        kind, service, origin = action.kind, "", ""
    begun = begin_upkeep(
        app,
        site,
        kind,
        action.repository,
        service=service,
        origin=origin,
        slot=action.slot,
        key=action.key,
    )
    if begun is None:
        return False
    begun.is_patient = True
    watch = Watching(begun, log.bind(site=site.id, repository=action.repository, run=begun.run))

    def work() -> object:
        if isinstance(action, StartCopy):
            return copy(app, site, service, action.repository, begun, watch)
        name = action.repository
        match kind:
            case RunKind.VERIFY:
                return verify(app, site, name, action.part, action.parts, begun, watch)
            case RunKind.RELOCK:
                return relock(app, site, name, begun, watch)
            case RunKind.RETAIN:
                return retain(app, site, name, begun, watch, allowed=action.allowed)
            case _:
                raise ValueError(kind)

    lanes.start(f"{kind}/{begun.run}", work, begun)
    return True

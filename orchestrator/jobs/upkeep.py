"""How the upkeep of a repository begins: copy, verify, relock, retain, repair, rewind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from orchestrator.jobs.begun import begin
from orchestrator.log import new_run_id

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.adapters.restic import Progress
    from orchestrator.app import App
    from orchestrator.core.events import RunKind
    from orchestrator.core.policy.model import Site
    from orchestrator.jobs.begun import Begun


class Watch(Protocol):
    """Whoever looks on; called from several threads, and must return quickly."""

    def said(self, service: str, line: str) -> None:
        """Take a line about the work; `service` may be empty."""

    def moved(self, service: str, source: str, progress: Progress) -> None:
        """Take how far it is."""


def begin_upkeep(  # noqa: PLR0913 - what an upkeep is begun with
    app: App,
    site: Site,
    kind: RunKind,
    repository: str,
    *,
    service: str = "",
    origin: str = "",
    slot: datetime | None = None,
    key: str | None = None,
) -> Begun | None:
    """Begin a run; None when `key` was taken before. Raises StateUnusable."""
    return begin(
        app.log,
        app.state,
        run=new_run_id(app.clock()),
        kind=kind,
        site=site.id,
        service=service,
        repository=repository,
        origin=origin,
        slot=slot,
        key=key,
    )

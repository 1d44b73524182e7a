"""A copy: what a service's repository has and another lacks, the newest recovery point first."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.app import App
    from orchestrator.core.events import CopyFinished
    from orchestrator.core.policy.model import Site
    from orchestrator.jobs.begun import Begun
    from orchestrator.jobs.upkeep import Watch


def copy(  # noqa: PLR0913, PLR0917 - what every upkeep is called with
    app: App, site: Site, service: str, repository: str, begun: Begun, watch: Watch
) -> CopyFinished:
    """Bring every usable point of a service to a repository; raises PraError."""
    raise NotImplementedError((app, site, service, repository, begun, watch))

"""What the log of this machine knows of how long services take to answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from orchestrator.core.events import DrillFinished
from orchestrator.core.kit import times
from orchestrator.core.recovering.order import coming_back
from orchestrator.reports.kit_times import lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orchestrator.app import App
    from orchestrator.core.kit.contents import Kit
    from orchestrator.core.kit.times import Took
    from orchestrator.core.policy.model import Site


def measured(app: App, site: str) -> tuple[Took, ...]:
    """Return what the drills on the log measured; nothing where there is no log."""
    told = (recorded.event for recorded in app.recorded(site, types=(DrillFinished,)))
    return times.measured(one.document for one in told if isinstance(one, DrillFinished))


def timed(app: App, kit: Kit) -> Kit:
    """Return a kit with what is known of the times here as well; it is not stale for it."""
    return replace(kit, times=times.best((*kit.times, *measured(app, kit.site))))


def expected(kit: Kit, site: Site, asked: Iterable[str], lang: str) -> list[str]:
    """Say when each service of the policy is expected to answer; `asked`: these alone, if any."""
    wanted = set(asked)
    names = {one: name for one, name in coming_back(site).items() if not wanted or one in wanted}
    return list(lines(replace(kit, services=names), lang))

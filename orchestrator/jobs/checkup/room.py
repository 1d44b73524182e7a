"""Room for a drill: as large as what the repositories hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core import plan
from orchestrator.core.diagnosis import Fine
from orchestrator.errors import Misused
from orchestrator.jobs.checkup.machine import free_bytes
from orchestrator.reports.words import size
from restore_drills import points
from restore_drills.model import Scenario
from restore_drills.run import RESERVE

if TYPE_CHECKING:
    from orchestrator.core.policy.model import Site
    from orchestrator.jobs.checkup.ground import Ground, Said

NO_MEMORY = plan.Memory(pinned=lambda _service: {}, last_values=lambda _service: {})


def room(ground: Ground) -> Said:
    """Room for a drill of each site as large as its last recovery points."""
    free = free_bytes(ground.app.state)
    for site in ground.sites:
        needed = _needed(ground, site)
        if not needed:
            continue
        if needed + RESERVE > free:
            yield ground.no_drill(
                "drill-space",
                site.id,
                f"a drill of its last recovery points needs {size(needed + RESERVE)} of disk, "
                f"{size(free)} are free in {ground.app.state}",
                "Free space, give --state a larger disk, or drill service by service.",
                because=f"the disk is too small for {site.id}",
            )
        elif site.drill_space is not None and needed > site.drill_space:
            yield ground.no_drill(
                "drill-budget",
                site.id,
                f"a drill of its last recovery points needs {size(needed)} of disk, "
                f"the policy allows {size(site.drill_space)}",
                "Allow more in the policy, or drill service by service.",
                because=f"the policy allows a drill of {site.id} too little disk",
            )
        else:
            yield Fine(
                subject=site.id, message=f"a drill needs {size(needed)} of disk, {size(free)} free"
            )


def _needed(ground: Ground, site: Site) -> int:
    """Return the bytes that a drill of the newest recovery points takes up."""
    request = plan.Request(
        run=ground.processes.run_id,
        services=(),
        scenario=Scenario.SERVER_FAILURE,
        place=ground.place,
        t0=None,
        repository=None,
    )
    try:
        drill = plan.build(site, request, NO_MEMORY, ground.app.clock())
    except Misused:  # others answer for all of it
        return 0
    found = [
        (service, points.find(ground.listed.get((site.id, service.repository or ""), ()), service))
        for service in drill.services
    ]
    return sum(points.space(one, p.usable[-1].snapshots) for one, p in found if p.usable)

"""In which order services come back: what others need first, then by criticality. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.core.policy.model import Site
    from restore_drills.model import Plan, ServicePlan


def ordered(plan: Plan, site: Site) -> Plan:
    """Return the plan with its services in the order in which they are to be worked on."""
    waiting = list(plan.services)
    known = {service.id for service in waiting}
    placed: dict[str, ServicePlan] = {}
    rank = {name: (s.criticality, n) for n, (name, s) in enumerate(site.services.items())}
    while waiting:
        ready = [s for s in waiting if set(s.depends_on) & known <= placed.keys()]
        # A policy has no circle; were there one, nothing may be forgotten over it.
        first = min(ready or waiting, key=lambda s: rank[s.id])
        waiting.remove(first)
        placed[first.id] = first
    return replace(plan, services=tuple(placed.values()))

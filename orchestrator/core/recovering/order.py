"""In which order services come back: what others need first, then by criticality. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from orchestrator.core.policy.model import External

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from orchestrator.core.policy.model import Site
    from restore_drills.model import Plan


def ordered(plan: Plan, site: Site) -> Plan:
    """Return the plan with its services in the order in which they are to be worked on."""
    by_id = {service.id: service for service in plan.services}
    names = sequence({s.id: s.depends_on for s in plan.services}, site)
    return replace(plan, services=tuple(by_id[name] for name in names))


def sequence(needs: Mapping[str, Collection[str]], site: Site) -> tuple[str, ...]:
    """Return services in that order; `needs` is by service what it depends on."""
    waiting, placed = list(needs), dict[str, None]()
    rank = {name: (s.criticality, n) for n, (name, s) in enumerate(site.services.items())}
    while waiting:
        ready = [one for one in waiting if set(needs[one]) & needs.keys() <= placed.keys()]
        # A policy has no circle; were there one, nothing may be forgotten over it.
        first = min(ready or waiting, key=lambda name: rank[name])
        waiting.remove(first)
        placed[first] = None
    return tuple(placed)


def coming_back(site: Site) -> dict[str, str]:
    """Return the names of the services that a recovery brings back, by id, in that order."""
    mine = {
        one.id: one.depends_on
        for one in site.services.values()
        if not all(isinstance(source.spec, External) for source in one.sources)
    }
    return {name: site.services[name].name for name in sequence(mine, site)}

"""What a real recovery uses where the policy counts every copy as gone: whatever stands. Pure.

A drill takes the policy at its word. Whoever has lost everything asks each repository all the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from orchestrator.core.copies.nearest import among, homes
from orchestrator.core.policy.model import Adopted, External, Location
from restore_drills.model import Finding, Scenario, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from orchestrator.core.plan import Request
    from orchestrator.core.policy.model import Service, Site
    from restore_drills.model import Snapshot

CODE = "gone-still-there"


def doomed(site: Site, request: Request) -> dict[str, tuple[str, ...]]:
    """Return the services for which nothing surely stands, each with the repositories to ask.

    Off site comes first: what took the site has hardly been there.
    """
    found: dict[str, tuple[str, ...]] = {}
    if request.repository is not None and request.repository not in site.repositories:
        return found
    for service in site.services.values():
        if any(isinstance(source.spec, External) for source in service.sources):
            continue
        names = homes(service) if request.repository is None else (request.repository,)
        used = among(site, service, request.scenario, names)
        if used.repository is not None:
            spec = site.repositories[used.repository]
            # Its versions may be there, and may not: nothing keeps them.
            if not (used.rewound and spec.immutable is None):
                continue
        ordered = sorted(
            names, key=lambda name: site.repositories[name].location is not Location.OFFSITE
        )
        found[service.id] = tuple(ordered)
    return found


def seen(
    site: Site, request: Request, listings: Mapping[str, Iterable[Snapshot] | None]
) -> Request:
    """Return the request with what is there all the same, where nothing surely stands."""
    used, there = chosen(site, doomed(site, request), listings, request.scenario)
    return replace(request, standing=used, there=there)


def chosen(
    site: Site,
    asked: Mapping[str, Sequence[str]],
    listings: Mapping[str, Iterable[Snapshot] | None],
    scenario: Scenario,
) -> tuple[dict[str, str], frozenset[str]]:
    """Return by service the repository to use, and which repositories were really found there.

    `listings`: what each holds, None where it could not be asked; absent: nothing is there. One
    that holds points of the service goes before one of which nobody knows.
    """
    used: dict[str, str] = {}
    for name, repositories in asked.items():
        service = site.services[name]
        holding = [one for one in repositories if _holds(site, service, listings.get(one, ()))]
        silent = [one for one in repositories if listings.get(one, ()) is None]
        # A bucket that was wiped may still be read from its versions: that is the plan without us.
        if holding or (silent and scenario is not Scenario.BUCKET_WIPE):
            used[name] = (holding or silent)[0]
    there = {name for name in used.values() if listings.get(name) is not None}
    return used, frozenset(there)


def still_there(site: Site, request: Request) -> list[Finding]:
    """Say which repositories were used though the policy counts them as gone."""
    return [
        Finding(
            code=CODE,
            severity=Severity.WARNING,
            message=f"{name} counts as gone by the policy under {request.scenario}, and was still"
            " there: it is used",
            remedy="Use it now; when all is over, make it withstand that: " + _todo(site, name),
        )
        for name in dict.fromkeys(request.standing.values())
        if name in request.there
    ]


def _todo(site: Site, name: str) -> str:
    if site.repositories[name].location is Location.OFFSITE:
        return "Object Lock, `immutable: {...}` in the policy."
    return "a copy off site, immutable."


def _holds(site: Site, service: Service, listing: Iterable[Snapshot] | None) -> bool:
    adopted = next((s.spec for s in service.sources if isinstance(s.spec, Adopted)), None)
    host, tags = (
        (adopted.host, set(adopted.tags)) if adopted else (site.id, {f"service={service.id}"})
    )
    return any(one.host == host and tags <= set(one.tags) for one in listing or ())

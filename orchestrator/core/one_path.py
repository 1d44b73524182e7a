"""One path instead of all of a service: whose it is, and what can then be asked. Pure."""

from __future__ import annotations

import posixpath
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from orchestrator.core.policy.model import Adopted, Files
from orchestrator.errors import Misused
from restore_drills.model import Finding, Scenario, Severity, SqlCheck

if TYPE_CHECKING:
    from orchestrator.core.plan import Request
    from orchestrator.core.policy.model import Service, Site
    from restore_drills.model import ServicePlan


def is_partial(request: Request) -> bool:
    """Whether a path comes back and not all: what was asked for, or one that a lot chooses."""
    return bool(request.path) or (request.scenario is Scenario.HUMAN_ERROR and not request.whole)


def normal(path: str) -> str:
    """Return a path as restic has it. Raises Misused."""
    if not path.startswith("/"):
        raise Misused(f"--path {path}: not an absolute path", hint="Begin it with /.")
    return posixpath.normpath("/" + path.lstrip("/"))


def owner(site: Site, request: Request) -> tuple[str, ...]:
    """Return the services to take a path from: those named, else the one that saves it.

    Raises Misused where there is none.
    """
    if not request.path:
        return request.services
    path = normal(request.path)
    named = request.services or tuple(site.services)
    holding = [name for name in named if _saves(site.services[name], path)]
    if not holding and request.services:  # another restic makes it, and knows where from
        holding = [name for name in named if _adopts(site.services[name])]
    if not holding:
        whose = f"{', '.join(request.services)} saves" if request.services else "any service saves"
        raise Misused(
            f"{site.id}: {path} is in no folder that {whose}",
            hint=f"See `pra find {site.id} {shlex.quote(posixpath.basename(path))}`, and name the"
            " service.",
        )
    return tuple(holding)


def narrowed(plan: ServicePlan, request: Request) -> tuple[ServicePlan, list[Finding]]:
    """Return the plan of a service of which one path comes back, and what is not asked of it.

    A question to the whole tree says nothing of one file; a database comes back whole, beside, and
    answers, unless a path was named.
    """
    path = normal(request.path) if request.path else ""
    asked = tuple(c for c in plan.checks if isinstance(c, SqlCheck) and not path)
    left_out = [check.name for check in plan.checks if check not in asked]
    depth = plan.depth if any(not check.optional for check in asked) else 1
    found = replace(
        plan, path=path, sample=not path, checks=asked, depth=min(plan.depth, depth), depends_on=()
    )
    if not left_out:
        return found, []
    many = f"{len(left_out)} checks" if left_out[1:] else "a check"
    return found, [
        Finding(
            code="checks-not-asked",
            severity=Severity.INFO,
            service=plan.id,
            message=f"one path comes back, so {many} of the whole cannot be asked: "
            f"{', '.join(left_out)}",
            remedy="Drill server-failure to have all of them asked.",
        )
    ]


def _saves(service: Service, path: str) -> bool:
    specs = [source.spec for source in service.sources]
    folders = [folder for spec in specs if isinstance(spec, Files) for folder in spec.paths]
    return any(path == one or path.startswith(one.rstrip("/") + "/") for one in folders)


def _adopts(service: Service) -> bool:
    return any(isinstance(source.spec, Adopted) for source in service.sources)

"""From a site's policy to the plan of a drill. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core import disaster, one_path
from orchestrator.core.copies.nearest import Nearest, among, nearest
from orchestrator.core.lead import lead, without_delay
from orchestrator.core.limits import lasting
from orchestrator.core.policy.calendar import calendar
from orchestrator.core.policy.model import Adopted, External, Files, Postgresql, SandboxPolicy
from orchestrator.core.policy.sizes import rated
from orchestrator.core.recovering.standing import still_there
from orchestrator.errors import Misused
from restore_drills.model import (
    Finding,
    LeadBasis,
    Plan,
    Scenario,
    Selection,
    ServicePlan,
    Severity,
    SourceKind,
    SourcePlan,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from orchestrator.core.events import BackupFinished
    from orchestrator.core.policy.model import Limits, Service, Site
    from orchestrator.core.state import Suspicion

CALENDAR_YEARS = 2  # before now: how old a value may be and still be counted in business hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the log remembers that a drill can use; empty on a machine without one.

    `suspicions`: service to its periods of mistrust; `sound`: to the runs that were judged when
    they were made, and found sound; `unusual`: to the change that nobody has judged. `leads`: by
    scenario the worst delay, in seconds, that an incident here really had. `since`: when the first
    usable point of a service was in a repository.
    """

    pinned: Callable[[str], Mapping[str, str]]  # service to snapshot id to its pinned tree id
    last_values: Callable[[str], Mapping[str, float]]  # service to check name to last proven value
    suspicions: Callable[[str], Sequence[Suspicion]] = lambda _service: ()
    sound: Callable[[str], Collection[str]] = lambda _service: ()
    unusual: Callable[[str], BackupFinished | None] = lambda _service: None
    leads: Mapping[str, float] = field(default_factory=dict)
    since: Callable[[str, str | None], datetime | None] = lambda _service, _repository: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a person asks of a drill. What a named service depends on is drilled with it.

    `within`: T0 is any instant of so long until now. `path`: this alone comes back, of the service
    that holds it. `kit`: the machine knows nothing but what a recovery kit holds. `whole`: no
    sample, all of what is asked for comes back. `standing`: of a real recovery, by service the
    repository to use though the policy counts it as gone; `there` are those that were seen.
    """

    run: str
    services: tuple[str, ...]  # none: all
    scenario: Scenario
    place: str
    t0: datetime | None
    repository: str | None
    within: timedelta | None = None
    path: str = ""
    kit: bool = False
    whole: bool = False
    standing: Mapping[str, str] = field(default_factory=dict)
    there: frozenset[str] = frozenset()


def build(site: Site, request: Request, memory: Memory, now: datetime) -> Plan:
    """Return the plan. Raises Misused for a service or repository that the site does not have."""
    for name in request.services:
        if name not in site.services:
            raise Misused(
                f"{site.id}: no service named {name} (known: {', '.join(site.services)})",
                hint="Name services as the policy does.",
            )
    if request.repository is not None and request.repository not in site.repositories:
        raise Misused(
            f"{site.id}: no repository named {request.repository} "
            f"(known: {', '.join(site.repositories)})",
            hint="Name the repository as the policy does.",
        )
    partial = one_path.is_partial(request)
    wanted = one_path.owner(site, request) or tuple(site.services)
    # One file needs nothing else to run: what it depends on is there, nothing was taken.
    names = set(wanted) if partial else _with_needs(site, wanted)
    asked = [s for s in site.services.values() if s.id in names]
    external = [(s, spec) for s in asked if isinstance(spec := s.sources[0].spec, External)]
    ours = [s for s in asked if not isinstance(s.sources[0].spec, External)]
    if not ours:
        raise Misused(
            f"{site.id}: nothing to drill, all is declared by others: "
            f"{', '.join(s.id for s in asked) or 'no service'}",
            hint="Give the service a source of its own, or an adopted one.",
        )
    today = now.date()
    findings = [_external(service, spec) for service, spec in external]
    findings += [f for s in ours if (f := _hardware(site, s, request, memory)) is not None]
    findings += [*_kit(site, request), *still_there(site, request)]
    used = {service.id: _used(site, service, request) for service in ours}
    findings += [
        _slowed(name, site.repositories[name].limits, rate)
        for name in dict.fromkeys(one.repository for one in used.values())
        if name is not None and (rate := _rate(site, name, now)) is not None
    ]
    services = tuple(_service(site, one, request, memory, used[one.id]) for one in ours)
    if partial:
        pairs = [one_path.narrowed(one, request) for one in services]
        services = tuple(one for one, _ in pairs)
        findings += [finding for _, some in pairs for finding in some]
    homes = tuple((name, one.repository) for name, one in used.items())
    t0, point = disaster.instant(site, request, memory, homes, now)
    findings += disaster.drawn(site, t0, point)
    return Plan(
        run=request.run,
        site=site.id,
        scenario=request.scenario,
        place=request.place,
        elsewhere=site.recover_on is not None and site.recover_on != request.place,
        services=services,
        calendar=calendar(
            site,
            start=today.replace(year=today.year - CALENDAR_YEARS, day=1),
            end=today + timedelta(days=1),  # where the site is ahead of UTC, it is there already
        ),
        t0=t0,
        point=point,
        exploratory=request.t0 is not None
        or any(used[s.id] != nearest(site, s, request.scenario) for s in ours),
        sealed_only=site.sandbox is SandboxPolicy.REQUIRED,
        declared=tuple(s.id for s, _ in external),
        findings=tuple(findings),
        space=site.drill_space,
    )


def _used(site: Site, service: Service, request: Request) -> Nearest:
    """Return the copy to restore from: the one that was asked for, else the nearest."""
    if service.id in request.standing:
        return Nearest(repository=request.standing[service.id])
    if request.repository is None:
        return nearest(site, service, request.scenario)
    return among(site, service, request.scenario, (request.repository,))


def _with_needs(site: Site, names: tuple[str, ...]) -> set[str]:
    """Add what the services depend on: their time to recover includes waiting for it."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += site.services[name].depends_on
    return found


def _service(
    site: Site, service: Service, request: Request, memory: Memory, used: Nearest
) -> ServicePlan:
    adopted = next((s.spec for s in service.sources if isinstance(s.spec, Adopted)), None)
    promise = service.promise(request.scenario)
    if promise is None:  # the policy reader refuses a service of ours without objectives
        raise Misused(f"{site.id}: {service.id} has no objectives", hint="Give it rto and rpo.")
    observed = memory.leads.get(request.scenario)
    until_start, basis = lead(site, service, request.scenario, observed)
    return ServicePlan(
        id=service.id,
        repository=used.repository,
        lost=used.lost,
        rewound=used.rewound,
        selection=Selection(host=adopted.host, tags=adopted.tags, sealed=False)
        if adopted
        else Selection(host=site.id, tags=(f"service={service.id}",), sealed=True),
        sources=tuple(
            SourcePlan(
                name=source.name,
                kind=SourceKind.POSTGRESQL_DUMP,
                database=source.spec.database,
            )
            if isinstance(source.spec, Postgresql)
            else SourcePlan(name=source.name, kind=SourceKind.FILES)
            for source in service.sources
            if isinstance(source.spec, (Files, Postgresql, Adopted))
        ),
        checks=service.checks,
        rto=promise.rto,
        rpo=promise.rpo,
        lead=until_start,
        lead_basis=basis,
        policy_hash=service.policy_hash,
        depends_on=service.depends_on,
        depth=service.depth or 1,
        # An old point is not to be measured by what a newer one held.
        last_values={} if request.within else dict(memory.last_values(service.id)),
        pinned=dict(memory.pinned(service.id)),
        suspects=disaster.suspects(memory, service.id),
        acquitted=disaster.acquitted(memory, service.id),
        unusual=disaster.unusual(memory, service.id),
    )


def _external(service: Service, spec: External) -> Finding:
    return Finding(
        code="external-declared",
        severity=Severity.INFO,
        service=service.id,
        message=f"{service.name}: declared by {spec.tool}, not proven",
        remedy="Ask them for a proof of restoration.",
    )


def _rate(site: Site, repository: str, now: datetime) -> int | None:
    return lasting(site.repositories[repository].limits, site.timezone, now).download


def _slowed(repository: str, limits: Limits, rate: int) -> Finding:
    now, remedy = "", "Remove `limits: {download: ...}` to measure what the line really gives."
    if limits.windows:
        now = " at this time of day"
        remedy = "Drill when `limits` allow more to measure what the line really gives."
    return Finding(
        code="download-limited",
        severity=Severity.INFO,
        service=None,
        message=f"{repository}: fetched within the policy's limit of {rated(rate)}{now}",
        remedy=remedy,
    )


def _kit(site: Site, request: Request) -> list[Finding]:
    """Say that thieves would have taken what this drill knows: policy, secrets, cache, log."""
    if request.scenario is not Scenario.BURGLARY or request.kit:
        return []
    return [
        Finding(
            code="kit-not-used",
            severity=Severity.WARNING,
            message="this drill used the policy, the secrets and the log of this machine, "
            "which a burglary takes too: the recovery kit is not proven",
            remedy=f"Drill with it: `pra drill {site.id} --scenario burglary --kit FILE`.",
        )
    ]


def _hardware(site: Site, service: Service, request: Request, memory: Memory) -> Finding | None:
    """Say that a declared lead is silent on the machine that must come first."""
    machines = without_delay(site, service, request.scenario)
    observed = memory.leads.get(request.scenario)
    length, basis = lead(site, service, request.scenario, observed)
    if not machines or length is None or basis is LeadBasis.OBSERVED:
        return None
    return Finding(
        code="hardware-undeclared",
        severity=Severity.WARNING,
        service=service.id,
        message=f"the declared delay has no time to replace {', '.join(machines)}",
        remedy="Declare `replace: {delay: ...}` of the equipment, or where you `recover_on`.",
    )

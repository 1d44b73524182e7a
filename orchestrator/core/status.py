"""Promised against proven, per service and scenario: the log's state seen with today's policy."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core import schedule
from orchestrator.core.copies.nearest import held_in, homes, nearest, tightest
from orchestrator.core.decide.starts.backups import next_due
from orchestrator.core.decide.starts.working import is_paused
from orchestrator.core.decide.wrong.shut import repair
from orchestrator.core.policy.model import Adopted, External
from orchestrator.core.rpa import worst_case_of
from orchestrator.core.running import Running
from orchestrator.core.standing import (
    CopyStatus,
    Doubt,
    Overview,
    Protection,
    RepositoryStatus,
    ScenarioStatus,
    ServiceStatus,
    SiteStatus,
)
from orchestrator.core.suspicion import doubted
from orchestrator.core.unread import oldest_unread
from restore_drills.model import Label, Scenario, Verdict

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from orchestrator.core.drilled import Drilled
    from orchestrator.core.policy.model import Service, Site
    from orchestrator.core.running import Moved
    from orchestrator.core.state import Incident, Run, ServiceState, State

PERIOD = timedelta(days=30)  # over which the worst loss is told, unless asked otherwise


def overview(  # noqa: PLR0913 - what a status is made from
    state: State,
    sites: Iterable[Site],
    now: datetime,
    *,
    period: timedelta = PERIOD,
    living: Mapping[str, Moved | None] | None = None,
    daemon: int | None = None,
    unread: Collection[str] = (),
    digests: Mapping[str, str] | None = None,
) -> Overview:
    """Return these sites as of `now`.

    `living`: the runs that somebody carries out right now, and how far each is. `unread`: sites
    whose policy has a fault, and of which only the incidents can be told. `digests`: of the
    policies as they are written now.
    """
    told = state.policies if daemon is not None else {}
    written = digests or {}
    return Overview(
        sites=tuple(site_status(state, one, now, period=period, living=living) for one in sites),
        incidents=tuple(one for name in ("", *unread) for one in _open(state, name)),
        daemon=daemon,
        period=period,
        stale=tuple(site for site in written if told and told.get(site) != written[site]),
    )


def site_status(
    state: State,
    site: Site,
    now: datetime,
    *,
    period: timedelta = PERIOD,
    living: Mapping[str, Moved | None] | None = None,
) -> SiteStatus:
    """Return every service of the site under every scenario, as of `now`."""
    moved = living or {}
    running = [
        Running(run=run, moved=moved[run.run])
        for run in state.open.values()
        if run.site == site.id and run.run in moved
    ]
    return SiteStatus(
        site=site.id,
        name=site.name,
        timezone=site.timezone,
        services=tuple(
            _service(state, site, one, now, period, running) for one in site.services.values()
        ),
        outside=site.outside,
        incidents=_open(state, site.id),
        running=tuple(one for one in running if not one.run.service),
        repositories=tuple(_repository(state, site, name) for name in site.repositories),
        paused=known.paused if (known := state.sites.get(site.id)) else None,
    )


def _repository(state: State, site: Site, name: str) -> RepositoryStatus:
    known, policy = state.repository(site.id, name), site.repositories[name]
    within, immutable = site.read_all_within, policy.immutable
    damage = [one for each in known.damages.values() for one in each.reading.damage]
    found = [one.fault for one in damage]
    return RepositoryStatus(
        id=name,
        unread_since=oldest_unread(known) if within is not None else None,
        within=within + (policy.rotation or timedelta()) if within is not None else None,
        locked_until=known.relocked.least_until if known.relocked and immutable else None,
        period=immutable.period if immutable else None,
        damaged=tuple(dict.fromkeys(found)) or (("its structure",) if known.damages else ()),
        remedy=repair(site, policy, damage),
    )


def _open(state: State, site: str) -> tuple[Incident, ...]:
    """Return the open incidents, the worst and oldest first."""
    mine = (i for i in state.incidents.values() if i.site == site and not i.resolved_at)
    return tuple(sorted(mine, key=lambda i: (i.criticality, i.opened_at)))


def _service(  # noqa: PLR0913, PLR0917 - all that a service is seen in
    state: State,
    site: Site,
    service: Service,
    now: datetime,
    period: timedelta,
    running: list[Running],
) -> ServiceStatus:
    protection, answers = _protection(service)
    seen = state.service(site.id, service.id)
    promised = [
        _scenario(state, site, service, scenario, now, period)
        for scenario in Scenario
        if service.promise(scenario) is not None and protection is not Protection.EXTERNAL
    ]
    starts = protection is Protection.OURS and not is_paused(state, site.id)
    home = next(iter(homes(service)), None)
    return ServiceStatus(
        id=service.id,
        name=service.name,
        protection=protection,
        answers=answers,
        usable_at=seen.complete.usable_at if seen.complete else None,
        data_time=seen.complete.data_time if seen.complete else None,
        last_backup=_ended(seen),
        next_due=next_due(state, site, service, now) if starts else None,
        missed=_missed(seen, site, service) if starts else None,
        worst=worst_case_of(seen, period, now),
        running=tuple(one for one in running if one.run.service == service.id),
        scenarios=tuple(promised) or (_declared(),),
        repository=home,
        rpo=_rpo(service, tightest(site, service, home) if home else ()),
        copies=tuple(_copy(seen, site, service, name) for name in service.copy_to),
        unread_since=_unread_since(state, site, service),
        doubted=doubted(seen, site.repositories),
    )


def _rpo(service: Service, scenarios: tuple[Scenario, ...]) -> timedelta | None:
    return next((p.rpo for one in scenarios if (p := service.promise(one))), None)


def _copy(seen: ServiceState, site: Site, service: Service, repository: str) -> CopyStatus:
    rests = tightest(site, service, repository)
    newest = seen.complete.data_time if seen.complete else None
    there = seen.copies[repository].complete if repository in seen.copies else None
    data = there.data_time if there else None
    return CopyStatus(
        repository=repository,
        data_time=data,
        usable_at=there.usable_at if there else None,
        lag=max(newest - data, timedelta()) if newest and data else None,
        rpo=_rpo(service, rests),
        scenarios=rests,
    )


def _unread_since(state: State, site: Site, service: Service) -> datetime | None:
    if site.read_all_within is None:
        return None
    known = (oldest_unread(state.repository(site.id, name)) for name in homes(service))
    return min((at for at in known if at is not None), default=None)


def _missed(seen: ServiceState, site: Site, service: Service) -> datetime | None:
    when, last = schedule.of_backups(site, service), seen.backups.last
    return when.following(last.slot or last.started_at) if when and last else None


def _ended(seen: ServiceState) -> Run | None:
    last = seen.backups.last
    return last if last is None or last.outcome is not None else seen.backups.answered


def _protection(service: Service) -> tuple[Protection, str]:
    specs = [source.spec for source in service.sources]
    tools = sorted({spec.tool for spec in specs if isinstance(spec, External)})
    if tools and all(isinstance(spec, External) for spec in specs):
        return Protection.EXTERNAL, ", ".join(tools)
    hosts = sorted({spec.host for spec in specs if isinstance(spec, Adopted)})
    if hosts and service.backup_to is None:
        return Protection.ADOPTED, ", ".join(hosts)
    return Protection.OURS, ""


def _declared() -> ScenarioStatus:
    """Somebody else's word, which we do not test."""
    return ScenarioStatus(
        scenario=Scenario.SERVER_FAILURE,
        promised=None,
        last=None,
        tried=None,
        proven_at=None,
        label=Label.DECLARED,
        doubts=(),
        singled_out=False,
    )


def _scenario(  # noqa: PLR0913, PLR0917 - one cell of the table
    state: State,
    site: Site,
    service: Service,
    scenario: Scenario,
    now: datetime,
    period: timedelta,
) -> ScenarioStatus:
    proofs = state.proofs(site.id, service.id, scenario)
    newest, proof = proofs.drilled, proofs.proven
    last = proofs.answered or newest
    valid_for = site.proof_valid_for.of(scenario)
    doubts = _doubts(last, proof, service.policy_hash, now, valid_for)
    of_site = state.sites.get(site.id)
    if proof is not None and of_site is not None and proof.precedes(of_site.anew):
        doubts = (*doubts, Doubt.MACHINE_REBUILT)
    left = nearest(site, service, scenario)
    repository = left.repository
    there = held_in(state.service(site.id, service.id), service, repository) if repository else None
    return ScenarioStatus(
        scenario=scenario,
        promised=service.promise(scenario),
        last=last,
        tried=newest if newest is not last else None,
        proven_at=proof.started_at if proof else None,
        label=Label.UNPROVEN if doubts or last is None else last.label,
        doubts=doubts,
        singled_out=scenario in service.objectives,
        repository=repository,
        data_time=there.complete.data_time if there and there.complete else None,
        worst=worst_case_of(there, period, now) if there else None,
        valid_for=valid_for,
        gone=left.lost,
    )


def _doubts(
    last: Drilled | None,
    proof: Drilled | None,
    policy_hash: str,
    now: datetime,
    valid: timedelta,
) -> tuple[Doubt, ...]:
    if last is None:
        return (Doubt.NEVER_DRILLED,)
    doubts = [] if last.verdict is Verdict.PROVEN else [Doubt.NOT_PROVEN]
    if proof is not None and proof.policy_hash != policy_hash:
        doubts.append(Doubt.POLICY_CHANGED)
    if proof is not None and now - proof.started_at > valid:
        doubts.append(Doubt.TOO_OLD)
    return tuple(doubts)

"""What a person must know of a service beside its row in the table, each with what to do. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.events import Outcome
from orchestrator.core.standing import Doubt, Protection
from orchestrator.reports.causes import of_runs
from orchestrator.reports.status_copies import copied
from orchestrator.reports.status_suspicion import suspected
from orchestrator.reports.words import SCENARIOS, ago, duration, when
from restore_drills.model import Label, Scenario, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from orchestrator.core.standing import ScenarioStatus, ServiceStatus, SiteStatus


LOST = "no copy survives: "


def remarks(
    site: SiteStatus, service: ServiceStatus, period: timedelta, now: datetime
) -> Iterator[str]:
    """Yield a line each: its recovery points first, then what is not proven."""
    yield from _backup_remarks(site, service, period, now)
    yield from copied(site, service, now)
    for one in service.scenarios:
        if one.counts:
            yield from _drill_remarks(site, service, one, now)
    unsaid = [one for one in service.scenarios if not (one.counts or one.gone)]
    if unsaid:
        yield f"{service.id}: never drilled: {', '.join(SCENARIOS[s.scenario] for s in unsaid)}."


def nothing_left(site: SiteStatus) -> Iterator[str]:
    """Yield what a disaster would leave nothing of, which needs no drill to be known."""
    found: dict[tuple[Scenario, str], list[str]] = {}
    for service in site.services:
        for one in service.scenarios:
            if one.gone:
                found.setdefault((one.scenario, one.gone), []).append(service.id)
    for (scenario, why), services in found.items():
        because = why.removeprefix(LOST)
        yield f"If {SCENARIOS[scenario]}, nothing of {', '.join(services)} is left: {because}."


def _backup_remarks(
    site: SiteStatus, service: ServiceStatus, period: timedelta, now: datetime
) -> Iterator[str]:
    resume = f"`pra resume {site.site}`"
    command = resume if site.paused else f"`pra backup {site.site} {service.id}`"
    if service.protection is Protection.ADOPTED:
        yield f"{service.id}: its snapshots are made by another restic, on {service.answers}."
        return
    due = ", paused" if site.paused else _due(service, now)
    worst = _worst(service, period)
    if service.usable_at is None:
        yield f"{service.id}: never backed up{due}: run {command}."
    else:
        yield f"{service.id}: last usable recovery point {ago(service.usable_at, now)}{due}{worst}."
    if service.doubted is not None:
        yield from suspected(site, service, service.doubted, now)
        if service.doubted.grave:
            return  # another backup helps nobody
    lost, rpo = service.lost(now), service.rpo
    if lost is not None and rpo is not None and lost > rpo:
        promised = f"promised {duration(rpo)}"
        yield f"{service.id}: a failure now loses {duration(lost)}, {promised}: run {command}."
    last = service.last_backup
    told = any(one.service == service.id and of_runs(one) for one in site.incidents)
    if last and last.outcome != Outcome.COMPLETE and not told:
        why = f": {last.error}" if last.error else ""
        when_ = when(last.started_at, site.timezone)
        yield f"{service.id}: the last backup ({when_}) ended {last.outcome}{why}; run {command}."


def _due(service: ServiceStatus, now: datetime) -> str:
    due, late = service.next_due, service.late(now)
    if due is None:
        return ", not scheduled"
    if late is not None:
        return f", LATE: the next one was due {duration(late)} ago"
    return f", next due in {duration(due - now)}" if due > now else ", next due now"


def _worst(service: ServiceStatus, period: timedelta) -> str:
    """What a failure at the worst instant would have cost."""
    worst, rpo = service.worst, service.rpo
    if worst is None:
        return ""
    over = "in the last" if worst.period >= period else "since the first backup,"
    broken = f", promised {duration(rpo)}" if rpo and worst.rpa > rpo else ""
    span = duration(min(period, worst.period))
    return f"; worst loss {over} {span}: {duration(worst.rpa)}{broken}"


def _drill_remarks(
    site: SiteStatus, service: ServiceStatus, one: ScenarioStatus, now: datetime
) -> Iterator[str]:
    head = f"{service.id}, {SCENARIOS[one.scenario]}"
    again = f"`pra drill {site.site} {service.id}`"
    if one.scenario is not Scenario.SERVER_FAILURE:
        again = f"{again[:-1]} --scenario {one.scenario}`"
    if one.gone and (one.last is None or one.last.verdict is Verdict.REFUTED):
        return  # said once for all services
    if one.last is None:
        yield f"{head}: never drilled: run {again}."
        return
    if Doubt.NOT_PROVEN in one.doubts:
        proof = f"last proven {ago(one.proven_at, now)}" if one.proven_at else "never proven"
        why = "".join(f"; {reason}" for reason in one.last.why)
        yield f"{head}: the last drill was {one.last.verdict}{why}; {proof}."
    elif one.proven_at and one.proven_at > now:
        yield f"{head}: proof {ago(one.proven_at, now)}: check the clock of this machine."
    if one.tried is not None:
        why = "".join(f"; {reason}" for reason in one.tried.why)
        when_ = when(one.tried.started_at, site.timezone)
        yield f"{head}: a later drill ({when_}) was {one.tried.verdict}{why}: run {again}."
    for why in _outdated(one):
        yield f"{head}: {why}: run {again}."
    if one.label is not Label.UNPROVEN and one.last.lead is None and one.last.rta is not None:
        yield (
            f"(*) {head}: restoration proven in {duration(one.last.rta)}; "
            "the delay before it is not declared."
        )


def _outdated(one: ScenarioStatus) -> Iterator[str]:
    """Yield why a proof counts no more."""
    if Doubt.POLICY_CHANGED in one.doubts:
        yield "the policy changed since it was proven"
    if Doubt.MACHINE_REBUILT in one.doubts:
        yield "the machine was rebuilt since it was proven"
    if Doubt.TOO_OLD in one.doubts:
        yield f"the proof is older than {duration(one.valid_for)}"

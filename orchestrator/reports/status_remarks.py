"""What a person must know of a service beside its row in the table, each with what to do. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.events import Outcome
from orchestrator.core.policy.language_drills import BUILT
from orchestrator.core.standing import Doubt, Protection
from orchestrator.reports.causes import of_runs
from orchestrator.reports.status_copies import copied
from orchestrator.reports.words import SCENARIOS, ago, duration, when
from restore_drills.model import Label, Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, timedelta

    from orchestrator.core.standing import ScenarioStatus, ServiceStatus, SiteStatus


def remarks(
    site: SiteStatus, service: ServiceStatus, period: timedelta, now: datetime
) -> Iterator[str]:
    """Yield a line each: its recovery points first, then what is not proven."""
    yield from _backup_remarks(site, service, period, now)
    yield from copied(site, service, now)
    unsaid = [one for one in service.scenarios if not one.counts]
    for one in service.scenarios:
        if one.counts:
            yield from _drill_remarks(site, service, one, now)
    for can, said in ((True, "never drilled"), (False, "cannot be drilled in this version")):
        words = [SCENARIOS[one.scenario] for one in unsaid if (one.scenario in BUILT) is can]
        if words:
            yield f"{service.id}: {said}: {', '.join(words)}."


def _backup_remarks(
    site: SiteStatus, service: ServiceStatus, period: timedelta, now: datetime
) -> Iterator[str]:
    command = f"`pra backup {site.site} {service.id}`"
    if service.protection is Protection.ADOPTED:
        yield f"{service.id}: its snapshots are made by another restic, on {service.answers}."
        return
    due, worst = _due(service, now), _worst(service, period)
    if service.usable_at is None:
        yield f"{service.id}: never backed up{due}: run {command}."
    else:
        yield f"{service.id}: last usable recovery point {ago(service.usable_at, now)}{due}{worst}."
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
    if one.last is None:
        can = f"never drilled: run {again}"
        yield f"{head}: {can if one.scenario in BUILT else 'cannot be drilled in this version'}."
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
    if Doubt.POLICY_CHANGED in one.doubts:
        yield f"{head}: the policy changed since it was proven: run {again}."
    if Doubt.TOO_OLD in one.doubts:
        yield f"{head}: the proof is older than {duration(one.valid_for)}: run {again}."
    if one.label is not Label.UNPROVEN and one.last.lead is None and one.last.rta is not None:
        yield (
            f"(*) {head}: restoration proven in {duration(one.last.rta)}; "
            "the delay before it is not declared."
        )

"""Promised against proven, per service and scenario: the log's state seen with today's policy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from orchestrator.core.events import RunKind
from orchestrator.core.policy.model import Adopted, External
from restore_drills.model import Label, Scenario, Verdict

if TYPE_CHECKING:
    from orchestrator.core.drilled import Drilled
    from orchestrator.core.policy.model import Outside, Promise, Service, Site
    from orchestrator.core.state import Run, State

PROOF_VALID = timedelta(days=35)


class Doubt(StrEnum):
    """Why a promise counts as unproven."""

    NEVER_DRILLED = "never-drilled"
    NOT_PROVEN = "not-proven"  # the last drill was refuted, or none gave an answer
    POLICY_CHANGED = "policy-changed"
    TOO_OLD = "too-old"


class Protection(StrEnum):
    """Who makes the copies of a service."""

    OURS = "ours"
    ADOPTED = "adopted"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioStatus:
    """One promise and its proof. `proven_at` is when the last drill ran that proved it.

    `last` is the last drill that gave an answer; an inconclusive one proves nothing and takes
    nothing back, so one that came later is in `tried`.

    `singled_out`: the policy promises something of its own for this scenario.
    """

    scenario: Scenario
    promised: Promise | None
    last: Drilled | None
    tried: Drilled | None
    proven_at: datetime | None
    label: Label
    doubts: tuple[Doubt, ...]
    singled_out: bool

    @property
    def stale(self) -> bool:
        """There was a proof, and it no longer counts."""
        return Doubt.POLICY_CHANGED in self.doubts or Doubt.TOO_OLD in self.doubts


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """One service; `usable_at` is when its last usable recovery point became so."""

    id: str
    name: str
    protection: Protection
    answers: str  # who answers for it where we do not make the copies; else empty
    usable_at: datetime | None
    last_backup: Run | None
    scenarios: tuple[ScenarioStatus, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteStatus:
    """One site, with what is outside on record."""

    site: str
    name: str
    timezone: str
    services: tuple[ServiceStatus, ...]
    outside: tuple[Outside, ...]


def site_status(state: State, site: Site, now: datetime) -> SiteStatus:
    """Return every service of the site under every scenario, as of `now`."""
    return SiteStatus(
        site=site.id,
        name=site.name,
        timezone=site.timezone,
        services=tuple(_service(state, site.id, one, now) for one in site.services.values()),
        outside=site.outside,
    )


def _service(state: State, site: str, service: Service, now: datetime) -> ServiceStatus:
    protection, answers = _protection(service)
    complete = state.last_complete(site, service.id)
    promised = [
        _scenario(state, site, service, scenario, now)
        for scenario in Scenario
        if service.promise(scenario) is not None and protection is not Protection.EXTERNAL
    ]
    return ServiceStatus(
        id=service.id,
        name=service.name,
        protection=protection,
        answers=answers,
        usable_at=complete.usable_at if complete else None,
        last_backup=state.last_run(site, service.id, RunKind.BACKUP),
        scenarios=tuple(promised) or (_declared(),),
    )


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


def _scenario(
    state: State, site: str, service: Service, scenario: Scenario, now: datetime
) -> ScenarioStatus:
    newest = state.last_drilled(site, service.id, scenario)
    last = state.last_answered(site, service.id, scenario) or newest
    proof = state.last_proven(site, service.id, scenario)
    doubts = _doubts(last, proof, service.policy_hash, now)
    return ScenarioStatus(
        scenario=scenario,
        promised=service.promise(scenario),
        last=last,
        tried=newest if newest is not last else None,
        proven_at=proof.started_at if proof else None,
        label=Label.UNPROVEN if doubts or last is None else last.label,
        doubts=doubts,
        singled_out=scenario in service.objectives,
    )


def _doubts(
    last: Drilled | None, proof: Drilled | None, policy_hash: str, now: datetime
) -> tuple[Doubt, ...]:
    if last is None:
        return (Doubt.NEVER_DRILLED,)
    doubts = [] if last.verdict is Verdict.PROVEN else [Doubt.NOT_PROVEN]
    if proof is not None and proof.policy_hash != policy_hash:
        doubts.append(Doubt.POLICY_CHANGED)
    if proof is not None and now - proof.started_at > PROOF_VALID:
        doubts.append(Doubt.TOO_OLD)
    return tuple(doubts)

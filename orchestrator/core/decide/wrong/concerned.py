"""Which services an incident concerns: what its page names, and its story tells. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.copies.nearest import homes
from orchestrator.core.decide.wrong.conditions import Condition, stem
from orchestrator.core.decide.wrong.shut import shut_to
from restore_drills.model import Verdict

if TYPE_CHECKING:
    from orchestrator.core.policy.model import Service, Site
    from orchestrator.core.state import Incident, ServiceState, SiteState, State

SHUT = {
    Condition.REPOSITORY_UNREACHABLE,
    Condition.REPOSITORY_LOST,
    Condition.REPOSITORY_REFUSED,
}
KEPT = {
    Condition.REPOSITORY_FOREIGN,
    Condition.LOCK_WEAK,
    Condition.VERIFY_FAILED,
    Condition.VERIFY_OVERDUE,
    Condition.RETAIN_FAILED,
    Condition.RETENTION_HELD,
}


def concerned(state: State, site: Site | None, incident: Incident) -> tuple[Service, ...]:
    """Return the services, in the policy's order; none where a site's policy is not to be had."""
    if site is None:
        return ()
    if incident.service:
        one = site.services.get(incident.service)
        return (one,) if one else ()
    return tuple(s for s in site.services.values() if s.id in _named(state, site, incident))


def _named(state: State, site: Site, incident: Incident) -> set[str]:
    """Return the services that an incident of a whole site concerns."""
    condition, part = stem(incident.condition)
    services, kept = site.services.values(), state.sites.get(site.id)
    there = {s.id for s in services if part in homes(s)}
    found: set[str] = set()
    if condition in SHUT:
        found = {s.id for s in services if kept_from(_of(state, site, s), s, part)} or there
    elif condition is Condition.REPOSITORY_DAMAGED:
        found = _hurt(kept, part) or there
    elif condition in KEPT:
        found = there
    elif condition is Condition.DRILL_REFUTED:
        found = {s.id for s in services if refuted(_of(state, site, s), part)}
    elif condition is Condition.PROOF_EXPIRED:
        found = {s.id for s in services if _expired(_of(state, site, s), site, incident, part)}
    return found


def kept_from(known: ServiceState, service: Service, repository: str) -> bool:
    """Whether the repository did not let the service's last backup, or a last copy, in."""
    runs = [known.backups.answered, *(one.copies.answered for one in known.copies.values())]
    found = (shut_to(run, service) for run in runs)
    return any(one is not None and one[0] == repository for one in found)


def _hurt(known: SiteState | None, repository: str) -> set[str]:
    """Return the services whose points a damage takes something from."""
    found = known.repositories.get(repository) if known else None
    readings = [one.reading for one in found.damages.values()] if found else []
    return {point.service for one in readings for d in one.damage for point in d.points}


def refuted(known: ServiceState, scenario: str) -> bool:
    """Whether the last drill that gave an answer under this scenario said no."""
    proofs = known.proofs.get(scenario)
    answered = proofs.answered if proofs else None
    return answered is not None and answered.verdict is Verdict.REFUTED


def _expired(known: ServiceState, site: Site, incident: Incident, scenario: str) -> bool:
    """Whether the service's last proof was too old when the incident was opened."""
    proofs = known.proofs.get(scenario)
    proven = proofs.proven if proofs else None
    return (
        proven is not None
        and proven.started_at + site.proof_valid_for.of(proven.scenario) < incident.opened_at
    )


def _of(state: State, site: Site, service: Service) -> ServiceState:
    return state.service(site.id, service.id)

"""Which services an incident concerns: what its page names, and its story tells. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.decide.conditions import Condition, stem
from restore_drills.model import Verdict

if TYPE_CHECKING:
    from orchestrator.core.policy.model import Service, Site
    from orchestrator.core.state import Incident, Run, ServiceState, State

UNREACHABLE = "repository-unreachable"  # the code of the error, as a run's end has it


def concerned(state: State, site: Site | None, incident: Incident) -> tuple[Service, ...]:
    """Return the services, in the policy's order; none where a site's policy is not to be had."""
    if site is None:
        return ()
    if incident.service:
        one = site.services.get(incident.service)
        return (one,) if one else ()
    condition, part = stem(incident.condition)
    services = site.services.values()
    match condition:
        case Condition.REPOSITORY_UNREACHABLE:
            found = [s for s in services if kept_from(_of(state, site, s), s, part)]
            return tuple(found or [s for s in services if s.backup_to == part])
        case Condition.DRILL_REFUTED:
            return tuple(s for s in services if refuted(_of(state, site, s), part))
        case Condition.PROOF_EXPIRED:
            return tuple(s for s in services if _expired(_of(state, site, s), site, incident, part))
        case _:
            return ()


def kept_from(known: ServiceState, service: Service, repository: str) -> bool:
    """Whether the service's last backup failed because its repository did not answer."""
    answered = known.backups.answered
    return answered is not None and unreachable(answered, service) == repository


def unreachable(answered: Run, service: Service) -> str | None:
    """Return the repository that did not answer this run; None where it did, or is no longer it.

    What was tried at a repository that the policy has left says nothing of the present one.
    """
    if answered.outcome != "failed" or answered.code != UNREACHABLE:
        return None
    repository = answered.repository or service.backup_to
    return repository if repository == service.backup_to else None


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

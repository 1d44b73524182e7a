"""What an incident of a backup is about by now: its cause may have become another one. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.decide.wrong.conditions import Condition, stem
from orchestrator.core.events import RunKind

if TYPE_CHECKING:
    from orchestrator.core.state import Incident, Run, State

# The codes of the errors, as a run's end has them.
SHUT = {"repository-absent", "repository-refused", "repository-unreachable"}
OF_UPKEEP = {
    Condition.VERIFY_FAILED: RunKind.VERIFY,
    Condition.RETAIN_FAILED: RunKind.RETAIN,
}
OF_RUNS = (
    Condition.BACKUP_FAILED,
    Condition.BACKUP_PARTIAL,
    Condition.COPY_FAILED,
    *OF_UPKEEP,
)


def of_runs(incident: Incident) -> bool:
    """Whether every run that goes wrong tells more of this incident."""
    return stem(incident.condition)[0] in OF_RUNS


def latest(state: State, incident: Incident) -> Run | None:
    """Return the last answer of the work that an incident is about."""
    condition, part = stem(incident.condition)
    if condition is Condition.COPY_FAILED:
        return state.copy(incident.site, incident.service, part).copies.answered
    if condition in OF_UPKEEP:
        return state.repository(incident.site, part).of(OF_UPKEEP[condition]).answered
    return state.service(incident.site, incident.service).backups.answered


def shut(last: Run | None, repository: str | None) -> bool:
    """Whether the repository did not open to the last backup or copy: gone, away, or refused."""
    if last is None or last.outcome != "failed" or last.code not in SHUT:
        return False
    return last.repository in {"", repository}


def another(incident: Incident, last: Run | None) -> Run | None:
    """Return the service's last run where it failed of something else than the incident says.

    The source that was missing is back, and the disk is full: then the first remedy is wrong.
    """
    if last is None or incident.resolved_at is not None or not of_runs(incident):
        return None
    wrong = last.outcome in {"failed", "partial"} and bool(last.error)
    return last if wrong and (last.error or "") not in incident.summary else None

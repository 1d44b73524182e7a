"""What an incident of a backup is about by now: its cause may have become another one. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.decide.conditions import Condition, stem

if TYPE_CHECKING:
    from orchestrator.core.policy.model import Service
    from orchestrator.core.state import Incident, Run

# The codes of the errors, as a run's end has them.
SHUT = {"repository-absent", "repository-refused", "repository-unreachable"}
OF_RUNS = (Condition.BACKUP_FAILED, Condition.BACKUP_PARTIAL)


def of_runs(incident: Incident) -> bool:
    """Whether every run that goes wrong tells more of this incident."""
    return stem(incident.condition)[0] in OF_RUNS


def shut(last: Run | None, service: Service) -> bool:
    """Whether the repository did not open to the service's last backup: gone, away, or refused."""
    if last is None or last.outcome != "failed" or last.code not in SHUT:
        return False
    return last.repository in {"", service.backup_to}


def another(incident: Incident, last: Run | None) -> Run | None:
    """Return the service's last run where it failed of something else than the incident says.

    The source that was missing is back, and the disk is full: then the first remedy is wrong.
    """
    if last is None or incident.resolved_at is not None or not of_runs(incident):
        return None
    wrong = last.outcome in {"failed", "partial"} and bool(last.error)
    return last if wrong and (last.error or "") not in incident.summary else None

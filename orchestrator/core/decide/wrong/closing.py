"""What a person has closed, and on which evidence. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.core.state import Incident, Run, State


def closed_on(state: State, key: str, run: str, answered: Run | None) -> bool:
    """Whether a person closed a condition having seen this run of it, or an earlier one of many.

    While an incident goes on its evidence is that of its beginning: who closes it after a later
    run has seen that one, too. `answered` is the run that was answered last.
    """
    if state.closed.get(key) == run:
        return True
    ended = answered.finished_at if answered and answered.run == run else None
    incident = closed(state, key)
    at = incident.resolved_at if incident else None
    return ended is not None and at is not None and at >= ended


def closed(state: State, key: str) -> Incident | None:
    """Return the last incident of a condition, if a person closed it within the last day."""
    incident = state.incidents.get(state.last_incident.get(key, ""))
    return incident if incident and incident.resolved_by else None

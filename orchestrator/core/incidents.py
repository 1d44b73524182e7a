"""The incidents as the log tells them, however old: what `pra incidents --all` and `show` read.

The bounded state keeps the open ones, and the others for a day (`core/state.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.events import (
    IncidentAcknowledged,
    IncidentEscalated,
    IncidentMarked,
    IncidentNoted,
    IncidentOpened,
    IncidentResolved,
    PageFailed,
    PageSent,
    RecoverFinished,
    SuspicionEnded,
)
from orchestrator.core.fold_clock import restored
from orchestrator.core.fold_incidents import opened, went_on

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orchestrator.core.events import Recorded
    from orchestrator.core.state import Incident

OWN = (
    IncidentOpened,
    IncidentEscalated,
    IncidentAcknowledged,
    IncidentMarked,
    IncidentNoted,
    IncidentResolved,
    PageSent,
    PageFailed,
    SuspicionEnded,
)
# The events that `incidents` reads: the others may stay in the log.
TYPES = (*OWN, RecoverFinished)


def incidents(records: Iterable[Recorded]) -> dict[str, Incident]:
    """Return every incident by its id, in the order in which they were opened."""
    found: dict[str, Incident] = {}
    for recorded in records:
        event = recorded.event
        if isinstance(event, IncidentOpened):
            found[event.incident] = opened(event, recorded.at)
        elif isinstance(event, RecoverFinished):
            if event.incident in found:
                found[event.incident] = restored(found[event.incident], event)
        elif isinstance(event, OWN) and event.incident in found:
            found[event.incident] = went_on(found[event.incident], event, recorded.at)
    return found

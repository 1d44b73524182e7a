"""What the events of incidents and pages add to the state; `core/fold.py` calls it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, assert_never

from orchestrator.core.events import (
    IncidentAcknowledged,
    IncidentEscalated,
    IncidentMarked,
    IncidentNoted,
    IncidentOpened,
    IncidentResolved,
    PageFailed,
    PageSent,
    SuspicionEnded,
)
from orchestrator.core.state import Failing, Incident, Note

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.core.state import State

KEPT = timedelta(days=1)  # after its end
LOG_RESTORED = "log-restored"

Later = (
    IncidentEscalated
    | IncidentAcknowledged
    | IncidentMarked
    | IncidentNoted
    | IncidentResolved
    | PageSent
    | PageFailed
    | SuspicionEnded
)


def apply(state: State, event: IncidentOpened | Later, at: datetime) -> None:
    """Take one event in; of an incident that is no longer kept, nothing."""
    if isinstance(event, IncidentOpened):
        incident = opened(event, at)
        state.incidents[incident.id] = incident
        state.last_incident[incident.key] = incident.id
        state.closed.pop(incident.key, None)
    elif known := state.incidents.get(event.incident):
        state.incidents[known.id] = went_on(known, event, at)
        if isinstance(event, IncidentResolved) and event.by and known.resolved_at is None:
            state.closed[known.key] = known.evidence
            if known.condition == LOG_RESTORED:  # observed until a person has seen it
                state.observed.pop(f"{known.site}/{LOG_RESTORED}", None)


def opened(event: IncidentOpened, at: datetime) -> Incident:
    """Return the incident that begins; its chain runs from now."""
    return Incident(
        id=event.incident,
        site=event.site,
        service=event.service,
        condition=event.condition,
        criticality=event.criticality,
        summary=event.summary,
        remedy=event.remedy,
        evidence=event.evidence,
        chain=event.chain,
        chain_since=at,
        opened_at=at,
        predicted_breach_at=event.predicted_breach_at,
        reported_by=event.reported_by,
        reported_at=event.reported_at,
        scenario=event.scenario,
    )


def went_on(incident: Incident, event: Later, at: datetime) -> Incident:  # noqa: PLR0911 - a table
    """Return the incident after an event of its own."""
    match event:
        case IncidentEscalated():
            breach = event.predicted_breach_at
            return replace(incident, chain=event.chain, chain_since=at, predicted_breach_at=breach)
        case IncidentAcknowledged():
            return replace(
                incident,
                acknowledged_at=incident.acknowledged_at or at,  # the first one counts
                acknowledged_by=incident.acknowledged_by or event.by,
            )
        case IncidentNoted():
            note = Note(at=at, by=event.by, text=event.text)
            return replace(incident, notes=(*incident.notes, note))
        case IncidentResolved():
            if incident.resolved_at is not None:
                return incident
            # Who judged what was suspected has ended it, though the watch may be quicker to say so.
            judged = incident.resolved_by if not event.by else None
            return replace(
                incident,
                resolved_at=at,
                resolved_by=judged or event.by,
                resolution=incident.resolution if judged else event.note,
            )
        case SuspicionEnded():
            if incident.resolved_at is not None:
                return incident
            return replace(incident, resolved_by=event.by, resolution=event.note)
        case IncidentMarked():  # the last word counts
            return replace(incident, marks={**incident.marks, event.instant: event.at})
        case PageSent() | PageFailed():
            return _paged(incident, event, at)
        case _:
            assert_never(event)


def _paged(incident: Incident, event: PageSent | PageFailed, at: datetime) -> Incident:
    key = f"{event.page}@{event.channel}"
    if key in incident.sent:  # sent is sent
        return incident
    before = incident.failing.get(key)
    failing = {name: one for name, one in incident.failing.items() if name != key}
    if isinstance(event, PageSent):
        return replace(incident, sent={**incident.sent, key: at}, failing=failing)
    failed = Failing(times=before.times + 1 if before else 1, at=at, error=event.error)
    return replace(incident, failing={**failing, key: failed})


def forget(state: State, at: datetime) -> None:
    """Drop what ended more than a day before `at`; looked for once an hour of the log's time."""
    if not state.incidents or state.at is None:
        return
    if (at.hour, at.day) == (state.at.hour, state.at.day) and at - state.at < KEPT:
        return
    over = [one for one in state.incidents.values() if one.resolved_at is not None]
    for one in over:
        if one.resolved_at is not None and at - one.resolved_at > KEPT:
            del state.incidents[one.id]

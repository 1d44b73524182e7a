"""What recoveries and marked instants add to the state: the leads that were really had.

A lead is T5 - T0, where a person, or the log, knows T0. `core/fold.py` calls this.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from orchestrator.core import clock
from orchestrator.core.state import Delay, SiteState
from restore_drills.model import Scenario

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.core.events import IncidentMarked, RecoverFinished, RunStarted
    from orchestrator.core.state import Incident, State

KEPT = 100  # incidents of a site
SUSPECTED = "backup-suspected"


def started(state: State, event: RunStarted, at: datetime) -> None:
    """Take in that a recovery starts: T5, until one that came to its end says otherwise."""
    if not event.incident or not clock.is_of(event, event.incident):
        return
    known = _known(state, event.site, event.incident, event.scenario)
    if not known.ended:
        _keep(_site(state, event.site), event.incident, replace(known, t5=at))


def recovered(state: State, event: RecoverFinished) -> None:
    """Take in that a recovery came to its end, and when its services answered."""
    incident = state.incidents.get(event.incident)
    if incident is not None:
        state.incidents[incident.id] = restored(incident, event)
    at = clock.begun(event.document)
    if not event.incident or event.verdict == clock.INCONCLUSIVE or at is None:
        return
    scenario = str(event.document.get("scenario", ""))
    known = _known(state, event.site, event.incident, scenario)
    if not known.ended:
        known = replace(known, t5=at, ended=True)
        _keep(_site(state, event.site), event.incident, known)


def restored(incident: Incident, event: RecoverFinished) -> Incident:
    """Return the incident with T8, where its services answer again."""
    at = clock.answered(event.document, incident.service)
    return incident if at is None else replace(incident, marks={**incident.marks, "T8": at})


def marked(state: State, event: IncidentMarked) -> None:
    """Take in a person's word about T0 or T5; the last one counts."""
    if event.instant not in {"T0", "T5"}:
        return
    known = _known(state, event.site, event.incident, "")
    if event.instant == "T0":
        known = replace(known, t0=event.at)
    else:
        known = replace(known, t5=event.at, ended=True)
    _keep(_site(state, event.site), event.incident, known)


def _known(state: State, site: str, incident: str, scenario: str) -> Delay:
    """Return what is known so far; the incident's own scenario goes before the run's."""
    known = _site(state, site).delays.get(incident)
    if known is None:
        one = state.incidents.get(incident)
        known = Delay(scenario="") if one is None else _of(state, one)
    return known if known.scenario else replace(known, scenario=scenario)


def since(state: State, incident: Incident) -> datetime | None:
    """Return the data time of the first suspected point, where the incident is about such."""
    if incident.condition != SUSPECTED:
        return None
    names = [incident.service] if incident.service else list(_site(state, incident.site).services)
    periods = [p for name in names for p in state.service(incident.site, name).suspicions]
    # The one that was open then: a false alarm of last year is of another incident.
    open_then = [p.since for p in periods if p.until is None or p.until >= incident.opened_at]
    return min((at for at in open_then if at <= incident.opened_at), default=None)


def _of(state: State, incident: Incident) -> Delay:
    attacked = str(Scenario.RANSOMWARE) if incident.condition == SUSPECTED else ""
    return Delay(scenario=incident.scenario or attacked, t0=since(state, incident))


def _site(state: State, site: str) -> SiteState:
    return state.sites.setdefault(site, SiteState())


def _keep(site: SiteState, incident: str, known: Delay) -> None:
    site.delays[incident] = known
    if len(site.delays) > KEPT:  # whatever says least goes first, and of these the oldest
        others = (name for name in site.delays if name != incident)
        del site.delays[min(others, key=lambda name: _lead(site.delays[name]) or 0.0)]
    site.leads = {}
    for one in site.delays.values():
        lead = _lead(one)
        if one.scenario and lead is not None:
            site.leads[one.scenario] = max(lead, site.leads.get(one.scenario, 0.0))


def _lead(one: Delay) -> float | None:
    """Return T5 - T0 in seconds; None where it is not known, or would be nothing."""
    if one.t0 is None or one.t5 is None or one.t5 <= one.t0:
        return None
    return (one.t5 - one.t0).total_seconds()

"""Incidents as a list, for a person and for a program. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.core.codec import timestamp
from orchestrator.reports.page_line import clean
from orchestrator.reports.words import columns, duration, when

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from orchestrator.core.state import Incident


def document(incident: Incident) -> dict[str, Any]:
    """Return one incident as `pra incidents --json` lists it. Times that never came are null.

    `tr_s` and `ttr_s` are by the wall clock, from the report where the client made one. It is over
    when the service answers again (T8), where a recovery or a person says when, else when it is
    resolved. What the contract's hours give is not measured yet.
    """
    began = incident.reported_at or incident.opened_at
    ended = incident.marks.get("T8") or incident.resolved_at
    return {
        "id": incident.id,
        "site": incident.site or None,
        "service": incident.service or None,
        "condition": incident.condition,
        "criticality": incident.criticality,
        "summary": incident.summary,
        "remedy": incident.remedy or None,
        "opened_at": timestamp(incident.opened_at),
        "reported_by": incident.reported_by,
        "reported_at": _time(incident.reported_at),
        "acknowledged_at": _time(incident.acknowledged_at),
        "acknowledged_by": incident.acknowledged_by,
        "resolved_at": _time(incident.resolved_at),
        "resolved_by": incident.resolved_by or None,
        "tr_s": _seconds(began, incident.acknowledged_at),
        "ttr_s": _seconds(began, ended),
        "tr_contract_s": None,
        "ttr_contract_s": None,
        "predicted_breach_at": _time(incident.predicted_breach_at),
        "scenario": incident.scenario or None,
    }


def text(incidents: Sequence[Incident], zone: Callable[[str], str], now: datetime) -> str:
    """Return two lines an incident, in the local time of its site, which `zone` knows."""
    header = ("id", "", "what", "opened", "state")
    first, *rows = columns([header, *(_row(one, zone(one.site), now) for one in incidents)])
    said = (f"  {clean(one.summary)}" for one in incidents)
    return "\n".join([first, *(line for pair in zip(rows, said, strict=True) for line in pair)])


def order(incidents: Sequence[Incident]) -> list[Incident]:
    """Return the open ones first, the gravest and oldest of them on top; then the last ended."""
    ended = [one for one in incidents if one.resolved_at is not None]
    ongoing = [one for one in incidents if one.resolved_at is None]
    return [
        *sorted(ongoing, key=lambda one: (one.criticality, one.opened_at)),
        *sorted(ended, key=lambda one: one.resolved_at or one.opened_at, reverse=True),
    ]


def subject(incident: Incident) -> str:
    """Say what an incident is about: site/service, a site, or this machine."""
    return "/".join(filter(None, (incident.site, incident.service))) or "this machine"


def standing(incident: Incident) -> str:
    """Say whether it is open, somebody has it, or it is over."""
    if incident.resolved_at is not None:
        return f"resolved by {incident.resolved_by}" if incident.resolved_by else "resolved"
    if incident.acknowledged_at is not None:
        return f"acknowledged by {incident.acknowledged_by}"
    return "OPEN"


def _row(incident: Incident, zone: str, now: datetime) -> tuple[str, ...]:
    lasted = (incident.resolved_at or now) - incident.opened_at
    return (
        incident.id,
        incident.criticality,
        f"{subject(incident)} {incident.condition}",
        when(incident.opened_at, zone),
        f"{standing(incident)}, {'after' if incident.resolved_at else 'for'} {duration(lasted)}",
    )


def _time(at: datetime | None) -> str | None:
    return timestamp(at) if at else None


def _seconds(began: datetime, ended: datetime | None) -> float | None:
    """Return a span; null where it did not end, or the clock was put back meanwhile."""
    if ended is None or ended < began:
        return None
    return (ended - began).total_seconds()

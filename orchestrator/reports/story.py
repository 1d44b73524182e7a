"""One incident as its whole story: what, since when, who was called, what was done. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.core.codec import timestamp
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
    RunKind,
    RunStarted,
    SitePaused,
    SuspicionEnded,
    type_of,
)
from orchestrator.reports import clock as clocks
from orchestrator.reports.events_recovery import judged
from orchestrator.reports.incidents import document, standing, subject
from orchestrator.reports.next_steps import is_disaster, next_steps
from orchestrator.reports.page import described, promise
from orchestrator.reports.page_body import commands, told
from orchestrator.reports.page_line import clean
from orchestrator.reports.words import columns, when

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from orchestrator.core.clock import Clock
    from orchestrator.core.decide.actions import Page
    from orchestrator.core.events import Event, Recorded
    from orchestrator.core.policy.model import Site
    from orchestrator.core.state import Incident, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One incident with all that was said of it, and the pages that are owed now or next."""

    incident: Incident
    events: tuple[Recorded, ...]
    clock: Clock
    owed: tuple[Page, ...]
    next_at: datetime | None


def whole(story: Story) -> dict[str, Any]:
    """Return the story as `pra show --json` gives it."""
    incident = story.incident
    owed = {f"{page.page}@{page.channel}" for page in story.owed}
    names = dict.fromkeys((*incident.sent, *incident.failing, *sorted(owed)))
    return {
        "incident": document(incident),
        "clock": clocks.document(story.clock),
        "chain": incident.chain or None,
        "resolution": incident.resolution or None,
        "notes": [{"at": timestamp(n.at), "by": n.by, "text": n.text} for n in incident.notes],
        "pages": [_page(incident, name, owed=name in owed) for name in names],
        "next_page_at": _instant(story.next_at),
    }


def text(story: Story, state: State, site: Site | None, zone: str, now: datetime) -> str:
    """Return everything that a person who was called may want to know, and what to do."""
    facts = described(state, story.incident, site=site, zone=zone, now=now)
    incident = story.incident
    lines = [_title(incident), ""]
    breach = "" if incident.resolved_at else promise(state, facts)
    lines += columns(told(state, facts, breach))
    if clocks.is_told(incident, story.clock):
        lines += ["", "Clock:", *clocks.text(incident, story.clock, zone)]
    lines += ["", "Pages:", *(f"  {line}" for line in _pages(story, zone))]
    lines += ["", "History:", *(f"  {line}" for line in columns(_history(story.events, zone)))]
    if incident.resolved_at is None:
        lines += ["", "What to do now:"]
        disaster = is_disaster(incident, story.clock)
        rows = next_steps(incident, story.clock, state) if disaster else commands(facts)[1:]
        lines += [f"  {one}" for one in columns(rows)]
        lines.append(f"  pra note {incident.id} TEXT")
    return "\n".join([*lines, "", f"Times are those of {zone}."])


def _title(incident: Incident) -> str:
    what = f"{subject(incident)}  {incident.condition}"
    return f"{incident.id}  {incident.criticality}  {what}  {standing(incident)}"


def _page(incident: Incident, name: str, *, owed: bool) -> dict[str, Any]:
    page, _, channel = name.rpartition("@")
    failing = incident.failing.get(name)
    return {
        "page": page,
        "channel": channel,
        "sent_at": _instant(incident.sent.get(name)),
        "owed": owed,
        "failures": failing.times if failing else 0,
        "error": failing.error if failing else None,
    }


def _pages(story: Story, zone: str) -> list[str]:
    incident = story.incident
    rows: list[tuple[str, ...]] = [
        (*_named(name), f"accepted {when(at, zone)}") for name, at in incident.sent.items()
    ]
    owed = {f"{page.page}@{page.channel}" for page in story.owed}
    for name in dict.fromkeys((*incident.failing, *sorted(owed))):
        failing = incident.failing.get(name)
        said = "owed now"
        if failing:
            often = f"{failing.times} times, " if failing.times > 1 else ""
            said = f"not accepted, {often}last {when(failing.at, zone)}: {clean(failing.error)}"
        rows.append((*_named(name), said))
    lines = columns(rows) if rows else ["none was sent"]
    if story.next_at is not None:
        lines.append(f"next {when(story.next_at, zone)}, unless somebody acknowledges")
    elif not (incident.chain or incident.resolved_at):
        lines.append("no chain: nobody is called")
    return lines


def _named(name: str) -> tuple[str, str]:
    page, _, channel = name.rpartition("@")
    return page, channel


def _history(events: Sequence[Recorded], zone: str) -> list[tuple[str, ...]]:
    return [(when(one.at, zone), _said(one, zone)) for one in events]


def _said(recorded: Recorded, zone: str) -> str:
    event = recorded.event
    match event:
        case IncidentOpened():
            said = f"opened{f', chain {event.chain}' if event.chain else ''}: {event.summary}"
        case IncidentEscalated():
            said = f"escalated to {event.chain}"
        case IncidentAcknowledged():
            said = f"acknowledged by {event.by}"
        case IncidentNoted():
            said = f"note of {event.by}: {event.text}"
        case IncidentResolved():
            by = f" by {event.by}" if event.by else ""
            said = f"resolved{by}{f': {event.note}' if event.note else ''}"
        case PageSent():
            said = f"page {event.page} accepted by {event.channel}: {event.receipt}"
        case PageFailed():
            said = f"page {event.page} not accepted by {event.channel}: {event.error}"
        case _:
            said = _disaster(event, zone)
    return clean(said)


def _disaster(event: Event, zone: str) -> str:
    """Say what belongs to an incident where something happened: its clock, pause, recoveries."""
    match event:
        case IncidentMarked():
            note = f": {event.note}" if event.note else ""
            what = f"{event.instant}, {clocks.WORDS.get(event.instant, 'an instant')}"
            return f"{what}, was {when(event.at, zone)}, says {event.by}{note}"
        case SitePaused():
            return f"the site was paused by {event.by}: {event.reason}"
        case SuspicionEnded():
            return judged(event)
        case RunStarted(kind=RunKind.RECOVER):
            return f"a recovery began, run {event.run}"
        case RecoverFinished():
            return f"the recovery ended: {event.verdict}, kept in {event.target}, run {event.run}"
        case _:  # no other event carries an incident's id
            return type_of(event)


def _instant(at: datetime | None) -> str | None:
    return timestamp(at) if at else None

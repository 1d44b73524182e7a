"""Which pages are owed now: the steps of every chain that nobody has answered yet. Pure.

A page is owed until its channel took it. Of several that one channel has not been told, only the
newest is: after a long silence of ours nobody needs all that was missed.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.core.decide import incidents
from orchestrator.core.decide.actions import Page
from orchestrator.core.decide.hours import hours_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from orchestrator.core.decide.actions import Policies
    from orchestrator.core.policy.oncall import Step
    from orchestrator.core.state import Incident, State

END = "end"
# How long a channel that refused is left in peace, try after try.
BACKOFF = tuple(timedelta(seconds=s) for s in (30, 60, 120, 300, 600, 900))


class Due(NamedTuple):
    """A page and when it became due: in the past, it is owed unless a newer one is."""

    at: datetime
    page: str
    channel: str


def owed(state: State, policies: Policies, now: datetime) -> tuple[list[Page], datetime | None]:
    """Return the pages to send now, the gravest incident first, and when to ask again."""
    found: list[tuple[tuple[bool, str, datetime], Page]] = []
    wakes: list[datetime] = []
    for incident in state.incidents.values():
        ended = incident.resolved_at is not None
        rank = (ended, incident.criticality, incident.opened_at)
        for due in _newest(list(_due(incident, policies, now)), now, wakes):
            if f"{due.page}@{due.channel}" in incident.sent:
                continue
            again = _again(incident, due, now)
            if again > now:
                wakes.append(again)
            else:
                page = Page(incident=incident.id, page=due.page, channel=due.channel)
                found.append((rank, page))
    return [page for _, page in sorted(found, key=lambda one: one[0])], min(wakes, default=None)


def _newest(dues: list[Due], now: datetime, wakes: list[datetime]) -> list[Due]:
    """Return the newest due page of each channel; what is due later goes to `wakes`."""
    newest: dict[str, Due] = {}
    for due in sorted(dues, key=lambda one: one.at):
        if due.at > now:
            wakes.append(due.at)
        else:
            newest[due.channel] = due
    return list(newest.values())


def _again(incident: Incident, due: Due, now: datetime) -> datetime:
    """Return when a page may be tried; now, unless its channel refused it lately."""
    failing = incident.failing.get(f"{due.page}@{due.channel}")
    if failing is None or failing.at > now:  # the clock was set back: do not wait for it
        return now
    return failing.at + BACKOFF[min(failing.times, len(BACKOFF)) - 1]


def _due(incident: Incident, policies: Policies, now: datetime) -> Iterator[Due]:
    if incident.resolved_at is not None:
        yield from _ends(incident, policies)
    elif incident.acknowledged_at is None:
        name, steps = _chain(incident, policies, now)
        for number, step in enumerate(steps):
            yield from _step(incident, f"{name}.{number}", step, policies, now)


def _ends(incident: Incident, policies: Policies) -> Iterator[Due]:
    """Yield the end, owed to every channel that was told of the beginning."""
    channels = policies.provider.channels if policies.provider else {}
    told = dict.fromkeys(sent.rpartition("@")[2] for sent in incident.sent)
    for channel in told:
        if channel in channels and incident.resolved_at is not None:
            yield Due(incident.resolved_at, END, channel)


def _chain(incident: Incident, policies: Policies, now: datetime) -> tuple[str, tuple[Step, ...]]:
    """Return the incident's chain; what the rules say now, where the policy knows it no more."""
    chains = policies.provider.escalation if policies.provider else {}
    name = incident.chain
    if name and name not in chains:
        breach = incident.predicted_breach_at
        name = incidents.chain(policies, incident.site, incident.criticality, breach, now)
    return name, chains.get(name, ())


def _step(
    incident: Incident, name: str, step: Step, policies: Policies, now: datetime
) -> Iterator[Due]:
    """Yield the newest page of a step that is due, and the next one."""
    first = incident.chain_since + step.after
    dues = [(_working(incident, step, first, policies, now), name)]
    if step.repeat and first <= now:
        times = (now - first) // step.repeat
        for n in (times, times + 1):
            if n > 0:
                at = _working(incident, step, first + n * step.repeat, policies, now)
                dues.append((at, f"{name}.{n}"))
    for at, page in dues:
        for channel in step.notify:
            yield Due(at, page, channel)


def _working(
    incident: Incident, step: Step, at: datetime, policies: Policies, now: datetime
) -> datetime:
    """Put a page off until the site is open, where its step asks for business hours."""
    site = policies.sites.get(incident.site)
    if not step.business or site is None:
        return at
    # What is due already waits for the next opening all the same, when it is closed by now.
    calendar = hours_of(site, now)
    opening = calendar.next_opening(max(at, now))
    if opening is None:
        return at
    return at if opening == max(at, now) else opening

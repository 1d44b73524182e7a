"""Which pages are owed now: the steps of every chain that nobody has answered yet. Pure.

A page is owed until its channel took it. Of several that one channel has not been told, only the
newest is: after a long silence of ours nobody needs all that was missed. Where many sites keep
their copies behind one endpoint that is away, one incident speaks for all of them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.core.decide import incidents
from orchestrator.core.decide.actions import Page
from orchestrator.core.decide.hours import hours_of
from orchestrator.core.decide.wrong.conditions import Condition, stem
from orchestrator.core.policy.address import endpoint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from orchestrator.core.decide.actions import Policies
    from orchestrator.core.policy.oncall import Step
    from orchestrator.core.state import Incident, State

END = "end"
# How long a channel that refused is left in peace, try after try.
BACKOFF = tuple(timedelta(seconds=s) for s in (30, 60, 120, 300, 600, 900))
# An endpoint that is back is tried by all within a quarter of an hour; until then none speaks up.
LULL = timedelta(minutes=30)
# Whoever is called to an attack finds all that it strikes within a day in the same page and status.
ONE_NIGHT = timedelta(days=1)
FOLLOWING = {
    Condition.REPOSITORY_UNREACHABLE,
    Condition.BACKUP_OVERDUE,
    Condition.RPO_AT_RISK,
    Condition.COPY_LAGS,
    Condition.VERIFY_OVERDUE,
}


class Due(NamedTuple):
    """A page and when it became due: in the past, it is owed unless a newer one is."""

    at: datetime
    page: str
    channel: str


def owed(state: State, policies: Policies, now: datetime) -> tuple[list[Page], datetime | None]:
    """Return the pages to send now, the gravest incident first, and when to ask again."""
    found: list[tuple[tuple[bool, str, datetime], Page]] = []
    wakes: list[datetime] = []
    silent = _spoken_for(state, policies, now, wakes)
    for incident in state.incidents.values():
        if incident.id in silent:
            continue
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


def _spoken_for(state: State, policies: Policies, now: datetime, wakes: list[datetime]) -> set[str]:
    """Return the incidents for which another one speaks, of the same endpoint and chain.

    An incident that was told already goes on; the first one speaks for those that come after.
    """
    groups: dict[tuple[str, str], list[Incident]] = {}
    for incident in state.incidents.values():
        place = _attacked(incident) or _endpoint(incident, policies)
        if place:
            groups.setdefault((place, incident.chain), []).append(incident)
    silent: set[str] = set()
    for members in groups.values():
        causes = [one for one in members if _is_away(one) or _attacked(one)]
        waiting = [one for one in members if one.resolved_at is None and not one.sent]
        speakers = [one for one in causes if _speaks(one, now)]
        untold = [one for one in causes if one in waiting]
        if not speakers and untold:
            speakers = [min(untold, key=lambda one: (one.criticality, one.opened_at, one.id))]
        for one in waiting:
            others = [s for s in speakers if s is not one and _includes(s, one)]
            if others:
                silent.add(one.id)
                wakes += [s.resolved_at + LULL for s in others if s.resolved_at is not None]
    return silent


def _includes(speaker: Incident, one: Incident) -> bool:
    """Whether who was told of the one looks after the other as well."""
    if speaker.criticality > one.criticality:
        return False
    if not _attacked(one):
        return True
    # What is struck days later, or after somebody called it over, is news.
    began, ended = speaker.opened_at, speaker.resolved_at
    return one.opened_at - began <= ONE_NIGHT and (ended is None or one.opened_at < ended)


def joined(state: State, one: Incident) -> list[Incident]:
    """Return the open incidents that are part of the call to an attack: who has it has them."""
    return [
        other
        for other in state.incidents.values()
        if _attacked(one)
        and _attacked(other) == _attacked(one)
        and other.chain == one.chain
        and other.id != one.id
        and other.resolved_at is None
        and abs(other.opened_at - one.opened_at) <= ONE_NIGHT
    ]


def _attacked(incident: Incident) -> str:
    """Return the site that is attacked, where the incident is about that: one attack, one call."""
    is_attack = stem(incident.condition)[0] is Condition.BACKUP_SUSPECTED
    return f"{incident.site} under attack" if is_attack else ""


def _is_away(incident: Incident) -> bool:
    return stem(incident.condition)[0] is Condition.REPOSITORY_UNREACHABLE


def _speaks(incident: Incident, now: datetime) -> bool:
    """Whether somebody was told of it, and it is not over for long."""
    ended = incident.resolved_at
    return bool(incident.sent) and (ended is None or now < ended + LULL)


def _endpoint(incident: Incident, policies: Policies) -> str:
    """Return the endpoint that an incident is about, or may come from; empty where there is none.

    While it is away the tries of all wait for each other: what is late then is late for that.
    """
    condition, name = stem(incident.condition)
    site = policies.sites.get(incident.site)
    if site is None or condition not in FOLLOWING:
        return ""
    if incident.service in site.services and not name:
        name = site.services[incident.service].backup_to or ""
    repository = site.repositories.get(name)
    return endpoint(repository.url) if repository else ""


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

"""Incidents: opened once when a condition begins to hold, resolved when it is gone. Pure.

Every event has a key that the log takes once, so that two processes, or one that was killed
between deciding and writing, open no incident twice.
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from orchestrator.core.codec import timestamp
from orchestrator.core.decide.actions import Say
from orchestrator.core.decide.hours import hours_of
from orchestrator.core.decide.wrong.conditions import INCIDENT, Condition, stem
from orchestrator.core.decide.wrong.holding import survey
from orchestrator.core.events import IncidentEscalated, IncidentOpened, IncidentResolved

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.core.decide.actions import Policies
    from orchestrator.core.decide.wrong.conditions import Held
    from orchestrator.core.policy.model import Site
    from orchestrator.core.policy.oncall import Rule
    from orchestrator.core.state import Incident, State

# Of an id, in hexadecimal digits. Its beginning is enough to be typed; all of it names the pages in
# the log and to their receivers for ever, and six digits would come again within a few years.
SHORTEST = 8
SOON = timedelta(hours=24)
OBSERVED = {
    Condition.POLICY_BROKEN,
    Condition.DISK_SHORT,
    Condition.CLOCK_WRONG,
    Condition.LOG_RESTORED,
}
# These end with a usable point, or when another cause takes over; not with a run cut short.
OF_BACKUP = {
    Condition.BACKUP_FAILED,
    Condition.BACKUP_PARTIAL,
    Condition.BACKUP_OVERDUE,
    Condition.RPO_AT_RISK,
}
# What explains all that fails on a repository.
OF_REPOSITORY = (
    Condition.REPOSITORY_LOST,
    Condition.REPOSITORY_REFUSED,
    Condition.REPOSITORY_DAMAGED,
    Condition.REPOSITORY_UNREACHABLE,
)
OF_COPY = {Condition.COPY_FAILED, Condition.COPY_LAGS}
# What has nothing to do with why a service is not backed up.
EXPLAINS_NOTHING = {*OF_COPY, Condition.CHANGE_UNUSUAL}


def changes(state: State, policies: Policies, now: datetime) -> tuple[list[Say], datetime | None]:
    """Return what is to be said of incidents now, and when time alone may change the answer."""
    held, until = survey(state, policies, now)
    open_now = {i.key: i for i in state.incidents.values() if i.resolved_at is None}
    says: list[Say] = []
    taken = set(state.incidents)
    for one in held:
        incident = open_now.get(one.key)
        if incident is not None:
            says += _escalated(incident, one, policies, now)
        elif state.closed.get(one.key) != one.evidence:
            says.append(_opened(state, one, policies, now, taken))
    if open_now:
        still = {one.key for one in held}
        troubled = {
            (one.site, one.service): one.condition
            for one in held
            if one.service and stem(one.condition)[0] not in EXPLAINS_NOTHING
        }
        for key, incident in open_now.items():
            note = None if key in still else _over(state, policies, incident, troubled, still)
            if note is not None:
                says.append(resolved(incident, by="", note=note))
    return says, until


def chain(
    policies: Policies, site: str, criticality: str, breach: datetime | None, now: datetime
) -> str:
    """Return the escalation chain for an incident; empty where nobody is to be called."""
    rule = _rule(policies, site, criticality)
    if rule is None:
        return ""
    return rule.hurried if rule.hurried and hurries(policies, site, breach, now) else rule.chain


def hurries(policies: Policies, site: str, breach: datetime | None, now: datetime) -> bool:
    """Whether waiting for the site's opening makes it worse: a promise breaks before.

    While it is open its people are there. Without business hours nobody knows when somebody will
    be: a breach within a day hurries.
    """
    if breach is None:
        return False
    of = policies.sites.get(site)
    if of is None or not of.business.hours:
        return breach <= now + SOON
    calendar = hours_of(of, now)
    opening = calendar.next_opening(now)
    return opening != now and (opening is None or breach < opening)


def new_id(key: str, at: datetime, taken: set[str]) -> str:
    """Return the id of an incident, as short as those that are known allow."""
    digest = sha256(f"{key} {timestamp(at)}".encode()).hexdigest()
    length = SHORTEST
    while digest[:length] in taken:
        length += 2
    return digest[:length]


def opening_key(state: State, key: str) -> str:
    """Return the key under which the log takes the next opening of a condition, once."""
    return f"{key} after {state.last_incident.get(key, '-')}"


def resolved(incident: Incident, *, by: str, note: str) -> Say:
    """Return the end of an incident; `by` is empty when it ended by itself."""
    return Say(
        event=IncidentResolved(
            incident=incident.id, site=incident.site, service=incident.service, by=by, note=note
        ),
        key=f"{incident.id} resolved",
    )


def _rule(policies: Policies, site: str, criticality: str) -> Rule | None:
    of = policies.sites.get(site)
    rule = of.escalate.get(criticality) if of else None
    if rule is None and policies.provider is not None:
        rule = policies.provider.escalate.get(criticality)
    return rule


def _opened(state: State, held: Held, policies: Policies, now: datetime, taken: set[str]) -> Say:
    name = new_id(held.key, now, taken)
    taken.add(name)
    breach = held.predicted_breach_at
    event = IncidentOpened(
        incident=name,
        site=held.site,
        service=held.service,
        condition=held.condition,
        criticality=held.criticality,
        summary=held.summary,
        remedy=held.remedy.replace(INCIDENT, name),
        evidence=held.evidence,
        chain=chain(policies, held.site, held.criticality, breach, now),
        predicted_breach_at=breach,
    )
    return Say(event=event, key=opening_key(state, held.key))


def _escalated(incident: Incident, held: Held, policies: Policies, now: datetime) -> list[Say]:
    """Call more urgently: a breach now comes before opening, or something graver joined in.

    Never back, and no more once somebody has it.
    """
    if incident.acknowledged_at is not None:
        return []
    criticality = min(incident.criticality, held.criticality)
    rule = _rule(policies, incident.site, criticality)
    breach = held.predicted_breach_at
    wanted = chain(policies, incident.site, criticality, breach, now)
    hurried = rule is not None and wanted == rule.hurried
    graver = criticality < incident.criticality and incident.chain_since == incident.opened_at
    if wanted in {"", incident.chain} or not (hurried or graver):
        return []
    event = IncidentEscalated(
        incident=incident.id,
        site=incident.site,
        service=incident.service,
        chain=wanted,
        predicted_breach_at=breach,
    )
    return [Say(event=event, key=f"{incident.id} to {wanted}")]


def _over(
    state: State,
    policies: Policies,
    incident: Incident,
    troubled: dict[tuple[str, str], str],
    still: set[str],
) -> str | None:
    """Say why an incident whose condition does not hold is over; None: it is not, yet."""
    condition, _ = stem(incident.condition)
    site = policies.sites.get(incident.site)
    if condition in OBSERVED:
        why: str | None = "it was seen no more"
    elif condition in {None, Condition.REPORTED} or (site is None and _is_unread(state, incident)):
        # Of a site whose policy cannot be read nothing is known; what a person opened, he closes.
        why = None
    elif site is None:
        why = "the site is no longer in the policies"
    elif incident.service and incident.service not in site.services:
        why = "the service is no longer in the policy"
    elif f"{incident.site}/{incident.service}/{Condition.BACKUP_SUSPECTED}" in still:
        why = f"now it is {Condition.BACKUP_SUSPECTED}"
    elif condition in OF_COPY:
        why = _copied(state, site, incident, still)
    elif condition not in OF_BACKUP:
        why = "it holds no more"
    elif cause := troubled.get((incident.site, incident.service)):
        why = f"now it is {cause}"
    else:
        why = _usable(state, incident)
    return why


def _is_unread(state: State, incident: Incident) -> bool:
    """Whether a file that cannot be used may be the one that speaks of the incident's site."""
    broken = (f"{name}/{Condition.POLICY_BROKEN}" in state.observed for name in ("", incident.site))
    return not incident.site or any(broken)


def _copied(state: State, site: Site, incident: Incident, still: set[str]) -> str | None:
    """Say why an incident of failed copies is over: a copy was made, or the cause is told."""
    condition, repository = stem(incident.condition)
    if repository not in site.services[incident.service].copy_to:
        return "it is no longer copied there"
    for cause in OF_REPOSITORY:
        word = f"{cause}-{repository}"
        if f"{site.id}//{word}" in still:
            return f"now it is {word}"
    if condition is Condition.COPY_LAGS:
        return "a copy was made"
    answered = state.copy(site.id, incident.service, repository).copies.answered
    done = answered is not None and answered.outcome == "complete"
    return "a copy was made" if done else None


def _usable(state: State, incident: Incident) -> str | None:
    known = state.service(incident.site, incident.service)
    complete, answered = known.complete, known.backups.answered
    since = complete.usable_at if complete else None
    done = answered is not None and answered.outcome == "complete"
    if done or (since is not None and since >= incident.opened_at):
        return "a usable recovery point was made"
    return None

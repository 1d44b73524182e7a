"""The text of a page: who, what is broken, which promise breaks when, the first command. Pure.

A channel needs one call: `message(state, incident, page, site=..., provider=..., now=...)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.core.codec import timestamp
from orchestrator.core.decide.wrong.concerned import concerned
from orchestrator.core.decide.wrong.conditions import Condition, stem
from orchestrator.reports.causes import another, latest
from orchestrator.reports.message import Message
from orchestrator.reports.page_body import Facts, body
from orchestrator.reports.page_line import Line, cut
from orchestrator.reports.page_suspicion import OF_SUSPICION
from orchestrator.reports.page_words import WORDS, language, moment, what
from restore_drills.model import Scenario
from restore_drills.spans import duration

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.core.policy.model import Provider, Site
    from orchestrator.core.state import Incident, State

END = "end"
OF_PROOF = (
    Condition.DRILL_REFUTED,
    Condition.DRILL_FAILED,
    Condition.PROOF_EXPIRED,
    Condition.REPOSITORY_LOST,
    Condition.REPOSITORY_REFUSED,
    Condition.REPOSITORY_DAMAGED,
    Condition.REPOSITORY_FOREIGN,
    Condition.VERIFY_FAILED,
    Condition.VERIFY_OVERDUE,
)
LONGEST_NAME = 40


def message(  # noqa: PLR0913 - the incident, and what its reader must know
    state: State,
    incident: Incident,
    page: str,
    *,
    site: Site | None,
    provider: Provider | None,
    now: datetime,
) -> Message:
    """Return a page of an incident in the provider's language, its times in the site's.

    `site` is None for the machine itself and for a site without a sound policy. `page` is what
    `Page.page` says: `end` tells that it is over.
    """
    facts = Facts(
        lang=language(provider),
        incident=incident,
        site=site,
        services=concerned(state, site, incident),
        zone=site.timezone if site else provider.timezone if provider else "UTC",
        now=now,
    )
    ended = page == END
    line = _line(state, facts, ended=ended)
    return Message(
        id=f"{incident.id}/{page}",
        type="pra.incident.resolved" if ended else "pra.incident.opened",
        site=incident.site,
        subject=incident.service or incident.id,
        time=(incident.resolved_at or now) if ended else incident.opened_at,
        urgent=not (ended or _waits(incident, page, provider)),
        first_line=line.fitted(),
        body=body(state, facts, title=line.title(), breach="" if ended else line.promise),
        data=_data(state, incident, page, line.command),
    )


def described(
    state: State, incident: Incident, *, site: Site | None, zone: str, now: datetime
) -> Facts:
    """Return what a story in English is made of."""
    services = concerned(state, site, incident)
    return Facts(lang="en", incident=incident, site=site, services=services, zone=zone, now=now)


def _line(state: State, facts: Facts, *, ended: bool) -> Line:
    incident, words = facts.incident, WORDS[facts.lang]
    lasted = (incident.resolved_at or facts.now) - incident.opened_at
    after = duration(lasted, day=words["day"])
    return Line(
        criticality=incident.criticality,
        who=facts.site.name if facts.site else incident.site or words["machine"],
        colon=words["is"],
        ended=words["resolved"].format(after=after) if ended else "",
        what=what(facts.lang, incident, cut(_named(facts), LONGEST_NAME)),
        # An incident of one service names it already.
        services=() if incident.service else tuple(one.name for one in facts.services),
        promise="" if ended else promise(state, facts),
        command=f"pra show {incident.id}",
    )


def _named(facts: Facts) -> str:
    return facts.services[0].name if facts.services else facts.incident.service


def promise(state: State, facts: Facts) -> str:
    """Say which promise breaks, and when."""
    words, breach = WORDS[facts.lang], facts.incident.predicted_breach_at
    if breach is not None:
        said = words["breaks" if breach > facts.now else "broken"]
        return said.format(at=moment(facts.lang, breach, facts.zone))
    condition, _ = stem(facts.incident.condition)
    if condition is Condition.REPORTED:
        return _time_left(facts)
    if condition in OF_SUSPICION:
        return words["isolate" if condition is Condition.BACKUP_SUSPECTED else "kept"]
    if condition in OF_PROOF:
        return words["no-proof"]
    if condition is Condition.LOCK_WEAK:
        return words["no-lock"]
    known = [state.service(facts.incident.site, one.id) for one in facts.services]
    return words["no-point" if known and not all(one.complete for one in known) else "no-breach"]


def _time_left(facts: Facts) -> str:
    """Say when a service that a person says is down should be back."""
    incident = facts.incident
    promised = facts.services[0].promise(Scenario.SERVER_FAILURE) if facts.services else None
    if promised is None:
        return ""
    end = (incident.reported_at or incident.opened_at) + promised.rto
    return WORDS[facts.lang]["rto"].format(rto=facts.span(promised.rto), at=facts.moment(end))


def _waits(incident: Incident, page: str, provider: Provider | None) -> bool:
    """Whether the step waits for business hours: then it wakes nobody."""
    steps = provider.escalation.get(incident.chain, ()) if provider else ()
    step = page.removeprefix(f"{incident.chain}.").partition(".")[0]
    return step.isdecimal() and int(step) < len(steps) and steps[int(step)].business


def _data(state: State, incident: Incident, page: str, command: str) -> dict[str, Any]:
    """Return the page for a program; `latest` is what it is by now, where that is another cause."""
    breach, resolved = incident.predicted_breach_at, incident.resolved_at
    last = another(incident, latest(state, incident))
    return {
        "dedup_key": incident.key,
        "incident": incident.id,
        "page": page,
        "condition": incident.condition,
        "criticality": incident.criticality,
        "site": incident.site,
        "service": incident.service or None,
        "opened_at": timestamp(incident.opened_at),
        "resolved_at": timestamp(resolved) if resolved else None,
        "predicted_breach_at": timestamp(breach) if breach else None,
        "summary": incident.summary,
        "remedy": incident.remedy or None,
        "latest": {"error": last.error, "remedy": last.remedy or None} if last else None,
        "first_command": command,
    }

"""What a page says under its first line. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.core.copies.nearest import is_s3, tightest
from orchestrator.core.decide.wrong.conditions import Condition, stem
from orchestrator.reports import page_suspicion
from orchestrator.reports.causes import another, latest
from orchestrator.reports.page_good import good
from orchestrator.reports.page_words import WORDS, moment, noted
from orchestrator.reports.words import columns
from restore_drills.model import Scenario
from restore_drills.spans import duration

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from orchestrator.core.policy.model import Service, Site
    from orchestrator.core.state import Incident, Run, State

Row = tuple[str, ...]
MOST_SERVICES = 10
_BACKUP = ("pra history {site}", "pra backup {site} {service}")
_COPY = ("pra history {site}", "pra repo copy {site}")
_VERIFY = ("pra history {site}", "pra verify {site}")
_PROOF = ("pra status {site}", "pra drill {site} --scenario {part}")
_MACHINE = ("pra doctor {site}",)
_OTHER = ("pra status {site}",)
# What looks into a condition, and what puts it right.
FIRST_AID: dict[Condition | None, tuple[str, ...]] = {
    Condition.REPOSITORY_UNREACHABLE: ("pra doctor {site}", "pra backup {site}"),
    Condition.REPOSITORY_LOST: _MACHINE,
    Condition.REPOSITORY_REFUSED: ("pra doctor {site}", "pra backup {site}"),
    Condition.REPOSITORY_DAMAGED: ("pra repo repair {site} --repository {part}",),
    Condition.REPOSITORY_FOREIGN: ("pra doctor {site}", "pra repo retain {site} --dry-run"),
    Condition.BACKUP_FAILED: _BACKUP,
    Condition.BACKUP_PARTIAL: _BACKUP,
    Condition.BACKUP_OVERDUE: _BACKUP,
    Condition.RPO_AT_RISK: _BACKUP,
    Condition.RPO_OUT_OF_REACH: ("pra history {site}", "pra policy show {site}"),
    Condition.COPY_FAILED: _COPY,
    Condition.COPY_LAGS: _COPY,
    Condition.VERIFY_FAILED: _VERIFY,
    Condition.VERIFY_OVERDUE: _VERIFY,
    Condition.LOCK_WEAK: ("pra doctor {site}", "pra repo relock {site}"),
    Condition.RETAIN_FAILED: ("pra history {site}", "pra repo retain {site} --dry-run"),
    Condition.RETENTION_HELD: ("pra repo retain {site} --dry-run", "pra resolve {id}"),
    Condition.DRILL_REFUTED: _PROOF,
    Condition.DRILL_FAILED: ("pra history {site}", "pra doctor {site}"),
    Condition.PROOF_EXPIRED: _PROOF,
    Condition.EVIDENCE_OVERDUE: ("pra evidence import FILE",),
    Condition.BACKUP_SUSPECTED: _OTHER,  # `page_suspicion` has its own
    Condition.CHANGE_UNUSUAL: _OTHER,
    Condition.KIT_STALE: (
        "pra kit export {site} -o FILE --holder NAME=FILE --holder NAME=FILE",
        "pra kit verify FILE --holder NAME",
    ),
    Condition.SITE_PAUSED: ("pra status {site}", "pra resume {site}"),
    Condition.POLICY_BROKEN: ("pra policy check",),
    Condition.DISK_SHORT: _MACHINE,
    Condition.CLOCK_WRONG: _MACHINE,
    Condition.LOG_RESTORED: ("pra events --verify", "pra resolve {id}"),
    Condition.REPORTED: _OTHER,
    None: _OTHER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a page is made of: the incident, the services it concerns, and who reads it where."""

    lang: str
    incident: Incident
    site: Site | None
    services: tuple[Service, ...]
    zone: str
    now: datetime

    def moment(self, at: datetime) -> str:
        """Write an instant for the reader."""
        return moment(self.lang, at, self.zone)

    def span(self, span: timedelta) -> str:
        """Write a span for the reader."""
        return duration(span, day=WORDS[self.lang]["day"])


def body(state: State, facts: Facts, *, title: str, breach: str) -> str:
    """Return the text; `title` says what is broken, `breach` which promise breaks when."""
    words = WORDS[facts.lang]
    known = columns(told(state, facts, breach))
    lines = [title, "", *known]
    if facts.incident.resolved_at is None:
        lines += ["", words["do"], *(f"  {one}" for one in columns(commands(facts)))]
    else:
        lines += ["", f"pra show {facts.incident.id}"]
    return "\n".join([*lines, "", words["zone"].format(zone=facts.zone), ""])


def commands(facts: Facts) -> list[Row]:
    """Return what to do now, each with what it is for."""
    incident, words = facts.incident, WORDS[facts.lang]
    rows: list[Row] = [(f"pra show {incident.id}", words["story"])]
    if page_suspicion.is_one(facts):
        rows += page_suspicion.commands(facts)
    else:
        rows += [(command, "") for command in first_aid(facts)]
    if incident.acknowledged_at is None:
        rows.append((f"pra ack {incident.id}", words["take"]))
    return rows


def first_aid(facts: Facts) -> list[str]:
    """Return the commands that look into this condition, and that put it right."""
    incident = facts.incident
    condition, part = stem(incident.condition)
    names = {"site": incident.site, "service": incident.service, "part": part, "id": incident.id}
    lines = FIRST_AID[condition]
    repository = facts.site.repositories.get(part) if facts.site else None
    rewind = "pra repo rewind {site} --repository {part} --dry-run"
    if condition is Condition.REPOSITORY_LOST and repository is not None and is_s3(repository):
        lines = (*lines, rewind)
    if condition is Condition.REPOSITORY_DAMAGED and "pra repo rewind" in incident.remedy:
        lines = (rewind,)  # what it opens with is gone: no repair from inside
    return [line.format(**names).rstrip() for line in lines]


def told(state: State, facts: Facts, breach: str) -> list[Row]:
    """Return what is known, each with its label; `breach` says which promise breaks when."""
    words, incident = WORDS[facts.lang], facts.incident
    suspected = page_suspicion.is_one(facts)
    happened = [(words["happened"], " ".join(incident.summary.split()))]
    rows: list[Row] = page_suspicion.rows(state, facts) if suspected else [*happened]
    if incident.reported_by:
        at = facts.moment(incident.reported_at or incident.opened_at)
        rows.append((words["told"], words["by"].format(by=incident.reported_by, at=at)))
    newer = _latest(state, incident)
    if newer is not None:
        at, error = facts.moment(newer.started_at), " ".join((newer.error or "").split())
        rows.append((words["latest"], words["failed-so"].format(at=at, error=error)))
    if others := _alike(state, incident):
        rows.append((words["also"], words["others"].format(n=others)))
    remedy = newer.remedy if newer else incident.remedy
    if remedy and incident.resolved_at is None and not suspected:
        rows.append((words["remedy"], " ".join(remedy.split())))
    rows.append((words["since" if incident.resolved_at is None else "lasted"], _since(facts)))
    if breach and (incident.predicted_breach_at or incident.reported_by):
        rows.append((words["breach"], breach))
    rows += _under(words["promised"], _promised(facts))
    if not suspected:
        rows += _under(words["good"], _good(state, facts))
    if incident.acknowledged_at is not None:
        by, at = incident.acknowledged_by or "", facts.moment(incident.acknowledged_at)
        rows.append((words["acknowledged"], words["by"].format(by=by, at=at)))
    rows += [
        (
            words["note"],
            f"{words['by'].format(by=n.by, at=facts.moment(n.at))}{words['is']}{n.text}",
        )
        for n in incident.notes
    ]
    if incident.resolved_at is not None:
        at = facts.moment(incident.resolved_at)
        by = words["by"].format(by=incident.resolved_by, at=at) if incident.resolved_by else at
        said = incident.resolution
        note = said if incident.resolved_by else noted(facts.lang, said)
        rows.append((words["end"], f"{by}{words['is']}{note}" if note else by))
    return rows


def _latest(state: State, incident: Incident) -> Run | None:
    return another(incident, latest(state, incident))


def _alike(state: State, incident: Incident) -> int:
    """Count the other repositories that are away too: one incident may speak for them."""
    if stem(incident.condition)[0] is not Condition.REPOSITORY_UNREACHABLE or incident.resolved_at:
        return 0
    alike = [i for i in state.incidents.values() if i.resolved_at is None and i.id != incident.id]
    return sum(stem(i.condition)[0] is Condition.REPOSITORY_UNREACHABLE for i in alike)


def _since(facts: Facts) -> str:
    began, end = facts.incident.opened_at, facts.incident.resolved_at
    words = WORDS[facts.lang]
    span = facts.span((end or facts.now) - began)
    if end is None:
        return words["for"].format(at=facts.moment(began), span=span)
    return words["over"].format(at=facts.moment(began), end=facts.moment(end), span=span)


def _promised(facts: Facts) -> list[str]:
    return [
        WORDS[facts.lang]["promise"].format(
            who=one.name, rto=facts.span(promise.rto), rpo=facts.span(promise.rpo)
        )
        for one in facts.services[:MOST_SERVICES]
        if (promise := one.promise(scenario_of(facts, one)))
    ]


def _good(state: State, facts: Facts) -> list[str]:
    """Say what there is to recover from: the last usable point, its copies, the last proof."""
    return [
        line
        for one in facts.services[:MOST_SERVICES]
        for line in good(state, facts, one, scenario_of(facts, one))
    ]


def scenario_of(facts: Facts, service: Service) -> Scenario:
    """Return the scenario that an incident is about; a backup's promise is the server's failure."""
    condition, part = stem(facts.incident.condition)
    if part in set(Scenario):
        return Scenario(part)
    if condition is Condition.BACKUP_SUSPECTED:
        return Scenario.RANSOMWARE
    if condition in {Condition.COPY_LAGS, Condition.COPY_FAILED} and facts.site:
        rests = tightest(facts.site, service, part)
        return rests[0] if rests else Scenario.SERVER_FAILURE
    return Scenario.SERVER_FAILURE


def _under(label: str, said: list[str]) -> list[Row]:
    return [(label if n == 0 else "", text) for n, text in enumerate(said)]

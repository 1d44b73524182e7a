"""The recovery clock of a real incident: T0 to T10, each with its source. Pure.

What nobody knows is not there: no instant is guessed, and no span is zero for want of one. A
person's word about an instant goes before the log's, and the last word counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from orchestrator.core.codec import instant
from orchestrator.core.events import (
    IncidentAcknowledged,
    IncidentMarked,
    PageSent,
    RecoverFinished,
    RunKind,
    RunStarted,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from orchestrator.core.events import Recorded
    from orchestrator.core.state import Incident

NAMES = ("T0", "T1", "T2", "T3", "T4", "T5", "T5a", "T6", "T7", "T8", "T9", "T10")
DISASTER, ACCEPTED = "T0", "T9"
END = "end"  # the page that says that it is over calls nobody
INCONCLUSIVE = "inconclusive"


class Source(StrEnum):
    """How an instant is known: the log saw it happen, or a person says when it was."""

    LOG = "log"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """One instant. `by`: who says so, or did it; `said`: what is known beside the time."""

    at: datetime
    source: Source
    by: str = ""
    said: str = ""


class Split(NamedTuple):
    """A span between two instants, as it is called."""

    begin: str
    end: str
    word: str


# They follow each other without a gap, but for the page, which may come after the answer.
SPLITS = (
    Split("T0", "T1", "detection"),
    Split("T1", "T3", "response"),
    Split("T3", "T4", "decision"),
    Split("T4", "T5", "hardware and travel"),
    Split("T5", "T8", "recovery"),
    Split("T8", "T9", "acceptance"),
    Split("T9", "T10", "backlog"),
)
TOTALS = (Split("T0", "T5", "lead"), Split("T0", "T8", "time to recover"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The instants that are known, in the order of their names.

    `awaited`: the services that were recovered and that nobody has accepted, where some were.
    """

    instants: Mapping[str, Instant]
    awaited: tuple[str, ...] = ()

    def between(self, begin: str, end: str) -> timedelta | None:
        """Return a span; None where an end of it is not known, or it would run backwards."""
        first, last = self.instants.get(begin), self.instants.get(end)
        if first is None or last is None or last.at < first.at:
            return None
        return last.at - first.at

    def disorder(self) -> tuple[tuple[str, str], ...]:
        """Return the neighbours of which the later one is dated before the earlier one."""
        known = [(name, one.at) for name, one in self.instants.items() if name != "T2"]
        return tuple((a, b) for (a, first), (b, last) in pairwise(known) if last < first)

    def contradicted(self, name: str, at: datetime) -> str | None:
        """Return the instant that an instant of this name and time would come before, or after."""
        place = NAMES.index(name)
        others = {other: one for other, one in self.instants.items() if other not in {name, "T2"}}
        before = [o for o, one in others.items() if NAMES.index(o) < place and one.at > at]
        after = [o for o, one in others.items() if NAMES.index(o) > place and one.at < at]
        return before[-1] if before else after[0] if after else None


def clock(
    incident: Incident,
    events: Sequence[Recorded],
    recoveries: Iterable[Recorded] = (),
    *,
    suspected: datetime | None = None,
) -> Clock:
    """Return what is known of an incident's clock.

    `events` are the incident's own, `recoveries` the starts and ends of runs, of which those made
    for it count. `suspected`: the data time of the first suspected point, where it is about one.
    """
    found = _of_log(incident, events, suspected) | _of_runs(incident, recoveries)
    awaited: tuple[str, ...] = ()
    marks = [one.event for one in events if isinstance(one.event, IncidentMarked)]
    for mark in marks:
        if mark.instant in NAMES and mark.instant != ACCEPTED:
            found[mark.instant] = _said(mark)
    accepted = {mark.service: mark for mark in marks if mark.instant == ACCEPTED}
    if accepted:
        whole = incident.service in accepted
        done = _by_service(incident, recoveries)
        awaited = () if whole else tuple(name for name in done if name not in accepted)
        if not awaited:
            found[ACCEPTED] = _said(max(accepted.values(), key=lambda mark: mark.at))
    return Clock(instants={name: found[name] for name in NAMES if name in found}, awaited=awaited)


def answered(document: Mapping[str, Any], service: str = "") -> datetime | None:
    """Return T8 of a recovery's document: when the last of its services answered, or this one.

    None where one of them does not answer.
    """
    told = {one["id"]: one.get("instants", {}) for one in document.get("services", ())}
    mine = [told[service]] if service in told else list(told.values())
    if not mine or any("T8" not in one for one in mine):
        return None
    return max(instant(one["T8"]) for one in mine)


def begun(document: Mapping[str, Any]) -> datetime | None:
    """Return T5 of a recovery's document, which all its services share.

    One that was interrupted and went on began when it was first begun.
    """
    if document.get("began"):
        return instant(document["began"])
    told = [one.get("instants", {}).get("T5") for one in document.get("services", ())]
    ours = [instant(at) for at in (*told, None if any(told) else document.get("started_at")) if at]
    return min(ours, default=None)


def _said(mark: IncidentMarked) -> Instant:
    return Instant(at=mark.at, source=Source.PERSON, by=mark.by, said=mark.note)


def _of_log(
    incident: Incident, events: Sequence[Recorded], suspected: datetime | None
) -> dict[str, Instant]:
    """Return what the log saw of the incident: reported, paged, answered."""
    found: dict[str, Instant] = {}
    if suspected is not None:
        found[DISASTER] = Instant(
            at=suspected, source=Source.LOG, said="data time of the first suspected point"
        )
    if incident.reported_at is not None:
        by = incident.reported_by or ""
        found["T1"] = Instant(at=incident.reported_at, source=Source.PERSON, by=by, said="reported")
    else:
        found["T1"] = Instant(at=incident.opened_at, source=Source.LOG, said=incident.condition)
    for recorded in events:
        event = recorded.event
        if isinstance(event, PageSent) and event.page != END and "T2" not in found:
            said = f"accepted by {event.channel}"
            found["T2"] = Instant(at=recorded.at, source=Source.LOG, said=said)
        elif isinstance(event, IncidentAcknowledged) and "T3" not in found:
            found["T3"] = Instant(at=recorded.at, source=Source.LOG, by=event.by)
    return found


def _of_runs(incident: Incident, recoveries: Iterable[Recorded]) -> dict[str, Instant]:
    """Return what the machine's recoveries give: the first T5, and when all services answered.

    T5 is that of the first that came to its end: what failed before it was delay. While none has,
    it is that of the last attempt.
    """
    begins: dict[str, tuple[str, datetime]] = {}
    first: tuple[str, datetime] | None = None
    for recorded in recoveries:
        event = recorded.event
        if isinstance(event, RunStarted) and is_of(event, incident.id):
            begins[event.run] = (event.run, recorded.at)
        elif isinstance(event, RecoverFinished) and event.incident == incident.id:
            at = begun(event.document)
            if first is None and at is not None and event.verdict != INCONCLUSIVE:
                first = (event.run, at)
    last = first or next(reversed(begins.values()), None)
    if last is None:
        return {}
    found = {"T5": Instant(at=last[1], source=Source.LOG, said=f"run {last[0]}")}
    done = _by_service(incident, recoveries)
    for name in ("T5a", "T6", "T7", "T8"):
        ends = [one[name] for one in done.values() if name in one]
        if ends and len(ends) == len(done):
            said = "" if name != "T8" else ", ".join(done)
            found[name] = Instant(at=max(ends), source=Source.LOG, said=said)
    return found


def is_of(event: RunStarted, incident: str) -> bool:
    """Whether it is a recovery made for this incident."""
    return event.kind is RunKind.RECOVER and event.incident == incident


def _by_service(
    incident: Incident, recoveries: Iterable[Recorded]
) -> dict[str, dict[str, datetime]]:
    """Return the instants of each service's last recovery; of one service's incident, its own."""
    found: dict[str, dict[str, datetime]] = {}
    for recorded in recoveries:
        event = recorded.event
        if isinstance(event, RecoverFinished) and event.incident == incident.id:
            for one in event.document.get("services", ()):
                told = one.get("instants", {})
                found[one["id"]] = {name: instant(at) for name, at in told.items()}
    mine = found.get(incident.service)
    return found if mine is None else {incident.service: mine}

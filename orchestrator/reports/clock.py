"""An incident's recovery clock, for a person and for a program. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.core.clock import NAMES, SPLITS, TOTALS, Source
from orchestrator.core.codec import timestamp
from orchestrator.core.decide.wrong.conditions import Condition
from orchestrator.reports.page_line import clean
from orchestrator.reports.words import columns, duration, when

if TYPE_CHECKING:
    from orchestrator.core.clock import Clock, Instant
    from orchestrator.core.state import Incident

WORDS = {
    "T0": "disaster",
    "T1": "detected",
    "T2": "page sent",
    "T3": "acknowledged",
    "T4": "decision to recover",
    "T5": "recovery started",
    "T5a": "repository opened",
    "T6": "data on disk, verified",
    "T7": "services started",
    "T8": "the service answers",
    "T9": "accepted by its user",
    "T10": "backlog re-entered",
}
UNKNOWN = "not known"
# How a person says the instants that no machine sees.
SAY = {
    "T0": "pra mark {id} T0 --at TIME",
    "T3": "pra ack {id}",
    "T4": 'pra decide {id} "recover to ..."',
    "T5": "pra recover {site} --incident {id} --to DIR",
    "T9": "pra accept {id} --by NAME",
    "T10": "pra mark {id} T10",
}
# A machine's own steps are told where there was a recovery.
OF_MACHINE = frozenset({"T5a", "T6", "T7"})


def document(known: Clock) -> dict[str, Any]:
    """Return the clock as `pra show --json` gives it; what nobody knows is null."""
    return {
        "instants": {
            name: timestamp(known.instants[name].at) if name in known.instants else None
            for name in NAMES
        },
        "sources": {
            name: {"source": str(one.source), "by": one.by or None, "said": one.said or None}
            for name, one in known.instants.items()
        },
        "splits_s": {
            f"{one.begin}-{one.end}": _seconds(known, one.begin, one.end)
            for one in (*SPLITS, *TOTALS)
        },
        "awaited": list(known.awaited),
    }


def is_told(incident: Incident, known: Clock) -> bool:
    """Whether people want the clock: something happened there, not merely to our work."""
    happened = {Condition.REPORTED, Condition.BACKUP_SUSPECTED}
    later = {"T0", "T4", "T5", "T8", "T9", "T10"} & known.instants.keys()
    return incident.condition in happened or bool(incident.scenario or later)


def text(incident: Incident, known: Clock, zone: str) -> list[str]:
    """Return the instants with their sources, then the spans between them."""
    names = {"id": incident.id, "site": incident.site or "SITE"}
    rows: list[tuple[str, ...]] = []
    for name in NAMES:
        one = known.instants.get(name)
        if one is not None:
            rows.append((name, WORDS[name], when(one.at, zone), clean(_source(one))))
        elif name not in OF_MACHINE or "T5" in known.instants:
            how = SAY.get(name, "").format(**names) if incident.resolved_at is None else ""
            rows.append((name, WORDS[name], UNKNOWN, f"`{how}`" if how else ""))
    lines = [f"  {line}" for line in columns(rows)]
    if known.awaited:
        lines.append(f"  not accepted yet: {', '.join(known.awaited)}")
    lines += [
        f"  {early} is dated after {late}: one of them is wrong (`pra mark`)"
        for early, late in known.disorder()
    ]
    spans: list[tuple[str, ...]] = [
        (f"{one.begin} to {one.end}", one.word, _span(known, one.begin, one.end))
        for one in (*SPLITS, *TOTALS)
    ]
    return [*lines, "", *(f"  {line}" for line in columns(spans))]


def newly(known: Clock, name: str) -> list[str]:
    """Say the spans that an instant makes known, and what is still awaited."""
    lines = []
    for one in (*SPLITS, *TOTALS):
        span = known.between(one.begin, one.end)
        if span is not None and name in {one.begin, one.end}:
            lines.append(f"{one.word}, {one.begin} to {one.end}: {duration(span)}")
    if known.awaited:
        lines.append(f"not accepted yet: {', '.join(known.awaited)}")
    return lines


def still_open(known: Clock, incident: str) -> list[str]:
    """Say which instants of people are lacking that come after a recovery."""
    lines = []
    if "T9" not in known.instants:
        whose = f" of {', '.join(known.awaited)}" if known.awaited else ""
        said = SAY["T9"].format(id=incident)
        lines.append(f"still open: T9, {WORDS['T9']}{whose}: `{said}`")
    if "T10" not in known.instants:
        lines.append(f"still open: T10, {WORDS['T10']}: `{SAY['T10'].format(id=incident)}`")
    return lines


def _source(one: Instant) -> str:
    if one.source is Source.PERSON:
        said = f": {one.said}" if one.said else ""
        return f"says {one.by}{said}" if one.by else one.said
    return ", ".join(filter(None, (f"by {one.by}" if one.by else "", one.said))) or "on the log"


def _span(known: Clock, begin: str, end: str) -> str:
    span = known.between(begin, end)
    return UNKNOWN if span is None else duration(span)


def _seconds(known: Clock, begin: str, end: str) -> float | None:
    span = known.between(begin, end)
    return None if span is None else span.total_seconds()

"""The one answer of a drill: do we come back, when, what is lost. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.reports.phrases import SCENARIOS, Speech
from restore_drills.document import all_bytes
from restore_drills.model import Label, LeadBasis, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from restore_drills.model import Report, ServiceReport


def answer(report: Report, *, lang: str, timezone: str = "UTC", floor: float = 0.0) -> str:
    """Answer in one sentence, and say of each promise how it fares.

    `floor` is the policy's `coverage_floor`, here of the services: under it no number is told.
    """
    speech = Speech(lang, timezone)
    t0 = report.plan.t0
    when = speech["tonight"] if t0 is None else speech["then"].format(at=speech.at(t0))
    start = SCENARIOS[lang][report.plan.scenario].format(when=when)
    said = speech["and"].join(_outcome(report, speech, floor))
    return f"{start}{speech['is']}{said}.\n{_promised(report, speech)}"


def answered(s: ServiceReport) -> bool:
    """Say whether there is a time to tell: every mandatory check was green."""
    return s.rta is not None and s.label is not Label.UNPROVEN


def until_work(s: ServiceReport) -> timedelta:
    """Return what the RTO of a service that answers is compared with: the lead, where known."""
    return s.time_to_recover or s.rta or timedelta(0)


def too_late(s: ServiceReport) -> bool:
    """Say whether a service that answers does so after its RTO."""
    return until_work(s) > s.plan.rto


def too_old(s: ServiceReport) -> bool:
    """Say whether a service that answers has lost more than its RPO."""
    return s.rpa is not None and s.rpa > s.plan.rpo


def _outcome(report: Report, speech: Speech, floor: float) -> Iterator[str]:
    services = report.services
    total = len(services) + len(report.plan.declared)
    restored = [s for s in services if answered(s)]
    failing = [s.id for s in services if s.verdict is Verdict.REFUTED and not answered(s)]
    untried = [s.id for s in services if s.verdict is Verdict.INCONCLUSIVE]
    if failing:
        yield speech["no"].format(who=", ".join(failing))
    if untried:
        yield speech["unknown"].format(who=", ".join(untried))
    if not failing and not untried:
        if len(restored) < floor * total:
            yield speech["not-demonstrated"]
        else:
            yield from _numbers(report, speech)
    bytes_in_all = all_bytes(services)
    share = ""
    if bytes_in_all and not report.plan.declared:
        # Rounded down: all is only said of all.
        percent = sum(s.bytes or 0 for s in restored) * 100 // bytes_in_all
        share = speech["bytes"].format(percent=percent)
    yield share + speech["coverage"].format(proven=len(restored), total=total)


def _numbers(report: Report, speech: Speech) -> Iterator[str]:
    """Tell the times and the loss of a site whose every service answers."""
    services, place = report.services, report.plan.place
    if report.plan.elsewhere:
        place = speech["elsewhere"].format(place=place)
    proven = report.verdict is Verdict.PROVEN
    where = speech["proven" if proven else "measured"].format(place=place)
    rta = speech.span(_longest(s.rta for s in services))
    start = _no(services, speech)
    leads = [s.plan.lead for s in services]
    if None in leads:
        key = "restoration-proven" if proven else "restoration-measured"
        yield start + speech[key].format(rta=rta)
    else:
        yield f"{start}{speech['answering'].format(rta=rta)}, {where}"
        total = speech.span(_longest(map(until_work, services)))
        longest = max((s.plan.lead or timedelta() for s in services), default=timedelta())
        observed = any(
            s.plan.lead_basis is LeadBasis.OBSERVED and s.plan.lead == longest for s in services
        )
        yield speech["lead-observed" if observed else "lead"].format(
            lead=speech.span(_longest(leads)), total=total
        )
    yield speech["loss"].format(rpa=speech.span(_longest(s.rpa for s in services)))
    if None in leads:
        yield where


def _no(services: Iterable[ServiceReport], speech: Speech) -> str:
    late, old = any(map(too_late, services)), any(map(too_old, services))
    if not late and not old:
        return ""
    key = "late-and-old" if late and old else "late" if late else "old"
    return speech[key] + speech["is"]


def _promised(report: Report, speech: Speech) -> str:
    """Say each promise once: services that promise the same are told together."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for s in report.services:
        fares = speech[s.objective or "null"]
        groups.setdefault((speech.span(s.plan.rto), speech.span(s.plan.rpo), fares), []).append(
            s.id
        )
    return "\n".join(
        speech["promised"].format(
            who="" if len(groups) == 1 else f" ({', '.join(names)})",
            rto=rto,
            rpo=rpo,
            objective=objective,
        )
        for (rto, rpo, objective), names in groups.items()
    )


def _longest(values: Iterable[timedelta | None]) -> timedelta | None:
    return max((v for v in values if v is not None), default=None)

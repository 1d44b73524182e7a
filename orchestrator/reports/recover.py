"""A recovery as a technician reads it at night: what is there, from when, what to do. Pure."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.reports.kit_findings import said
from orchestrator.reports.phrases import Speech
from orchestrator.reports.recover_words import WORDS
from restore_drills.model import Severity, Status, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from orchestrator.core.recovering.left import Left
    from orchestrator.core.recovering.manual import Signed
    from restore_drills.keeping import Aim
    from restore_drills.model import Finding, Report, ServiceReport


CUT = "interrupted"  # why a service was not checked whose every byte is there


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What became of a recovery beside its report.

    `places`: by service, what lies where (`files`, `database`, `path`, `damaged`). `servers`:
    service, how to connect, how to stop. `again`: the command that goes on, where it is not over.
    `worked` is how long the runs were at work, `stood` how long it lay interrupted between them.
    """

    name: str
    target: str
    began: datetime
    runs: int
    worked: timedelta
    stood: timedelta
    places: Mapping[str, tuple[tuple[str, str], ...]]
    cut_over: tuple[str, ...]
    manual: tuple[Signed, ...] = ()
    servers: tuple[tuple[str, str, str], ...] = ()
    faults: tuple[str, ...] = ()
    again: tuple[str, ...] = ()


def text(report: Report, told: Told, *, lang: str, timezone: str, verbose: bool = False) -> str:
    """Return what is printed at the end, and stands in README.txt."""
    speech, say = Speech(lang, timezone), WORDS[lang]
    blocks = [
        "\n".join(_head(report, told, speech, say)),
        "\n".join(_services(report, told, speech, say, verbose=verbose)),
        "\n".join(findings(report.findings, lang)),
        "\n".join(_manual(told, speech, say)),
    ]
    bad = [s.id for s in report.services if "T8" not in s.offsets]
    if bad and told.places:
        blocks.append(say["failed"].format(who=", ".join(bad)))
    if told.again:
        blocks.append(f"{say['again']}\n  {shlex.join(told.again)}")
    if told.places:
        blocks.append("\n".join([say["cut-over"], "", *told.cut_over]))
        blocks.append(say["keep"])
    return "\n\n".join(block for block in blocks if block)


def ahead(
    t0: datetime, aims: tuple[Aim, ...], *, lang: str, timezone: str, began: datetime | None
) -> Iterator[str]:
    """Yield what will come back and what is lost, before a byte is fetched."""
    speech, say = Speech(lang, timezone), WORDS[lang]
    if began is not None:
        yield say["goes-on"].format(at=speech.at(began))
    for aim in aims:
        if aim.passed_over:
            since = min(point.data_time for point in aim.passed_over)
            yield say["passed"].format(
                service=aim.plan.id, count=len(aim.passed_over), at=speech.at(since)
            )
        if aim.point is None or aim.stopped is not None:
            yield say["no-aim"].format(service=aim.plan.id, why=aim.stopped or "")
            continue
        size = aim.point.bytes
        yield say["aim"].format(
            service=aim.plan.id,
            repository=aim.plan.repository,
            at=speech.at(aim.point.data_time),
            point=aim.point.run,
            size="" if size is None else f", {speech.size(size)}",
            rpa=speech.span(max(t0 - aim.point.data_time, timedelta(0))),
            t0=speech.at(t0),
        )


def left_line(left: Left, *, lang: str) -> str:
    """Say how long it still takes, and what that rests on."""
    speech, say = Speech(lang, "UTC"), WORDS[lang]
    if left.stalled:
        return say["stalled"]
    if left.seconds is None:
        return say["unknown"]
    rate = "" if left.rate is None else say["rate"].format(rate=speech.size(int(left.rate)))
    return say["left"].format(left=speech.span(timedelta(seconds=left.seconds))) + rate


def back_line(service: ServiceReport, where: str, *, lang: str) -> str:
    """Say that a service is back, or what is wrong with it."""
    say = WORDS[lang]
    what = say[_what(service)].format(why="; ".join(service.why))
    return say["back"].format(service=service.id, what=what, where=where)


def _what(service: ServiceReport) -> str:
    if "T6" not in service.offsets:
        return "is-damaged"
    if "T8" in service.offsets:
        return "is-back"
    if service.verdict is not Verdict.INCONCLUSIVE:
        return "is-back-failed"
    return "is-back-cut" if service.why == (CUT,) else "is-back-unasked"


def _head(report: Report, told: Told, speech: Speech, say: Mapping[str, str]) -> Iterator[str]:
    plan = report.plan
    is_there = bool(told.places or told.again)
    yield say["title" if is_there else "nothing"].format(name=told.name, site=plan.site)
    yield say["made"].format(
        at=speech.at(report.started_at), run=plan.run, scenario=plan.scenario, place=plan.place
    )
    if told.runs > 1:
        yield say["taken"].format(
            times=told.runs - 1,
            worked=speech.span(told.worked),
            stood=speech.span(told.stood),
        )
    ends = [s.rta for s in report.services if s.rta is not None]
    if ends and len(ends) == len(report.services):
        yield say["took"].format(span=speech.span(max(ends)))
    elif is_there and told.runs == 1:
        yield say["spent"].format(span=speech.span(told.worked))
    if is_there:
        yield told.target


def _services(
    report: Report, told: Told, speech: Speech, say: Mapping[str, str], *, verbose: bool
) -> Iterator[str]:
    for s in report.services:
        yield f"{s.id}{speech['is']}{_state(s, told, say)}"
        if s.point is not None and s.id in told.places:
            yield "  " + say["from"].format(
                at=speech.at(s.point.data_time),
                rpa=speech.span(max(report.t0 - s.point.data_time, timedelta(0))),
                t0=speech.at(report.t0),
            )
        for kind, place in told.places.get(s.id, ()):
            yield f"  {say[kind]}{speech['is']}{place}"
        for connect, stop in ((at, end) for service, at, end in told.servers if service == s.id):
            yield "  " + say["server"].format(connect=connect)
            yield "  " + say["server-stop"].format(stop=stop)
        if s.verdict is not Verdict.PROVEN and s.remedy:
            yield f"  -> {s.remedy}"
        if verbose:
            yield from (f"  {c.status:<5} {c.name}: {c.detail}" for c in s.checks)
    yield from (say["fault"].format(why=why) for why in told.faults)


def _state(s: ServiceReport, told: Told, say: Mapping[str, str]) -> str:
    why = "; ".join(_why(s))
    if s.id not in told.places:
        return say["state-missing"].format(why=why)
    if "T6" not in s.offsets:
        return say["state-damaged"].format(why=why)
    if "T8" in s.offsets:  # the promise may be missed all the same
        return "; ".join(filter(None, (say["state-proven"], why)))
    return say["state-whole"].format(why=why)


def _why(s: ServiceReport) -> Iterator[str]:
    failed = [c for c in s.checks if c.mandatory and c.status is not Status.PASS]
    yield from s.why or [f"{c.name}: {c.detail}" for c in failed]


def findings(found: Iterable[Finding], lang: str) -> Iterator[str]:
    """Yield what somebody must know now; what only makes the policy better waits for a drill."""
    speech = Speech(lang, "UTC")
    for finding in found:
        if finding.severity is Severity.INFO or finding.code in LATER:
            continue
        message, remedy = said(finding, speech.lang)
        who = f"{finding.service}{speech['is']}" if finding.service else ""
        yield f"{speech[finding.severity]}{speech['is']}{who}{message}\n  {remedy}"


LATER = frozenset({"lead-undeclared", "hardware-undeclared"})


def _manual(told: Told, speech: Speech, say: Mapping[str, str]) -> Iterator[str]:
    if told.manual:
        yield say["manual"]
    for step in told.manual:
        allow = speech.span(timedelta(seconds=step.allow_s))
        if step.by and step.seconds is not None:
            span = speech.span(timedelta(seconds=step.seconds))
            yield "  " + say["signed"].format(name=step.name, by=step.by, span=span, allow=allow)
        else:
            yield "  " + say["unsigned"].format(name=step.name, owner=step.owner, allow=allow)

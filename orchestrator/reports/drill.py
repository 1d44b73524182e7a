"""A drill's outcome as a person wants it: what was seen, the answer, what to do. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.reports.answer import answer, answered, too_late, too_old, until_work
from orchestrator.reports.kit_findings import said
from orchestrator.reports.phrases import LABELS, REMEDIES, Speech
from restore_drills.model import Status, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from restore_drills.model import Finding, Report, ServiceReport, Step

__all__ = ["answer", "step_line", "text"]


def step_line(service: str, step: Step) -> str:
    """Return the line that says that a step of a service has ended."""
    return f"  {service:<16} {step.name:<6} {step.seconds:8.1f} s"


def text(
    report: Report, *, timezone: str, lang: str, floor: float = 0.0, verbose: bool = False
) -> str:
    """Return everything that a person reads after a drill; `floor` as `answer` has it.

    `verbose` adds every check, also those that passed.
    """
    speech = Speech(lang, timezone)
    blocks = [
        _head(report, speech),
        _services(report, speech, verbose=verbose),
        _findings(report, speech),
        answer(report, lang=lang, timezone=timezone, floor=floor),
        _todo(report, speech),
    ]
    return "\n\n".join(block for block in blocks if block)


def _head(report: Report, speech: Speech) -> str:
    plan = report.plan
    return speech["head"].format(
        site=plan.site,
        at=speech.at(report.started_at),
        place=plan.place,
        run=plan.run,
    )


def _services(report: Report, speech: Speech, *, verbose: bool) -> str:
    names = max((len(s.id) for s in report.services), default=0)
    verdicts = max(len(speech[v.upper()]) for v in Verdict)
    margin = " " * (names + verdicts + 4)
    lines = []
    for s in report.services:
        verdict = speech[s.verdict.upper()]
        lines.append(f"{s.id:<{names}}  {verdict:<{verdicts}}  {_time(s, speech)}")
        lines.append(f"{margin}{_seen(s, speech)}")
        lines += [f"{margin}- {reason}" for reason in _why(s, speech)]
        if verbose:
            lines += [f"{margin}{c.status:<5} {c.name}: {c.detail}" for c in s.checks]
    return "\n".join(lines)


def _time(s: ServiceReport, speech: Speech) -> str:
    if not answered(s):
        return speech["no-time"].format(depth=s.depth)
    label = LABELS[speech.lang].get(s.label, s.label)
    return speech["after-start"].format(rta=speech.span(s.rta), label=label, depth=s.depth)


def _seen(s: ServiceReport, speech: Speech) -> str:
    if s.point is not None:
        parts = [speech["data"].format(at=speech.at(s.point.data_time))]
    else:
        parts = [speech["no-point" if s.verdict is Verdict.REFUTED else "nothing"]]
    if s.bytes is not None:
        parts.append(speech["amount"].format(files=s.files, size=speech.size(s.bytes)))
    asked = {c.name for c in s.plan.checks} | {c.name for c in s.checks}
    passed = sum(1 for c in s.checks if c.status is Status.PASS)
    parts.append(speech["checks"].format(passed=passed, total=len(asked)))
    return ", ".join(parts)


def _why(s: ServiceReport, speech: Speech) -> Iterator[str]:
    """Say why it is not a yes: a missed promise in a manager's words, the rest in the engine's."""
    if answered(s):
        if too_late(s):
            total, rto = speech.span(until_work(s)), speech.span(s.plan.rto)
            yield speech["too-late"].format(total=total, rto=rto)
        if too_old(s):
            rpa, rpo = speech.span(s.rpa), speech.span(s.plan.rpo)
            yield speech["too-old"].format(rpa=rpa, rpo=rpo)
    elif s.rta is not None and s.depth < s.plan.depth:
        yield speech["too-shallow"].format(depth=s.depth, wanted=s.plan.depth)
    else:
        yield from s.why
    for c in s.checks:
        if not c.mandatory and c.status is not Status.PASS:
            yield f"{speech['advisory']}{speech['is']}{c.name}: {c.detail}"


def _findings(report: Report, speech: Speech) -> str:
    """Tell what holds for several services once."""
    merged: dict[tuple[str, str, str], list[str]] = {}
    for finding in report.findings:
        message, remedy = _words(finding, speech)
        who = merged.setdefault((speech[finding.severity], message, remedy), [])
        who += [finding.service] if finding.service else []
    return "\n".join(
        speech["is"].join([severity, *([", ".join(who)] if who else []), message]) + f"\n  {remedy}"
        for (severity, message, remedy), who in merged.items()
    )


def _words(finding: Finding, speech: Speech) -> tuple[str, str]:
    return said(finding, speech.lang)


def _todo(report: Report, speech: Speech) -> str:
    """Return a first command or look for each service that needs one, the worst first."""
    ordered = sorted(report.services, key=lambda s: s.verdict is not Verdict.REFUTED)
    lines = [
        f"  {s.id}{speech['is']}{s.remedy or _remedy(s, report.plan.site, speech)}"
        for s in ordered
        if s.verdict is not Verdict.PROVEN
    ]
    return "\n".join([speech["todo"] + speech["is"].rstrip(), *lines]) if lines else ""


def _remedy(s: ServiceReport, site: str, speech: Speech) -> str:
    failed = [c for c in s.checks if c.mandatory and c.status is not Status.PASS]
    if s.verdict is Verdict.INCONCLUSIVE:
        key = "do-again"
    elif failed:
        key = REMEDIES[failed[0].kind]
    elif s.plan.repository is None:
        key = "do-copy"
    elif s.rta is None:
        key = "do-backup"
    elif s.depth < s.plan.depth:
        key = "do-depth"
    elif too_old(s):
        key = "do-often"
    else:
        key = "do-lead" if s.plan.lead and s.plan.lead > s.plan.rto else "do-faster"
    return speech[key].format(site=site, service=s.id)

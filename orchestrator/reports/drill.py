"""A drill's outcome as a person wants it: the table, the answer, what to do. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.reports.phrases import PHRASES, SCENARIOS
from orchestrator.reports.words import duration, size, when
from restore_drills.judge import worst_objective
from restore_drills.model import Kind, Severity, Status, Verdict

if TYPE_CHECKING:
    from datetime import timedelta

    from restore_drills.model import Finding, Report, ServiceReport, Step

REMEDIES = {
    Kind.CONTENT: "Drill an older point (--at TIME); look at the repository with `restic check`.",
    Kind.SEAL: "Trust no point of this run: somebody changed it. Drill an older one (--at TIME).",
    Kind.SQL: "Look at the live database and at what was dumped; then back up and drill again.",
    Kind.FILES: "Look whether the source's paths still hold what they should; back up again.",
    Kind.COMMAND: "Run the check's command by hand on what `--keep DIR` leaves.",
}


def step_line(service: str, step: Step) -> str:
    """Return the line that says that a step of a service has ended."""
    return f"  {service:<16} {step.name:<6} {step.seconds:8.1f} s"


def text(report: Report, *, timezone: str, lang: str) -> str:
    """Return everything that a person reads after a drill."""
    blocks = [_services(report, timezone), answer(report, lang=lang)]
    said = [f for f in report.findings if f.severity is not Severity.INFO]
    if said:
        blocks.append("\n".join(_finding(f) for f in said))
    todo = _todo(report)
    if todo:
        blocks.append(f"{PHRASES[lang]['todo']}:\n" + "\n".join(f"  {line}" for line in todo))
    return "\n\n".join(blocks)


def answer(report: Report, *, lang: str) -> str:
    """Answer the one question (do we come back, when, what is lost) in one sentence."""
    words = PHRASES[lang]
    services, place = report.services, report.plan.place
    start = f"{SCENARIOS[lang][report.plan.scenario]}: "
    if lang == "fr":
        start = start.replace(":", " :")
    rta = _longest(services, "rta")
    if report.verdict is Verdict.INCONCLUSIVE and any(s.rta is None for s in services):
        said = [words["unknown"]]
    elif rta is None:
        said = [words["no"]]
    else:
        key = "proven" if report.verdict is Verdict.PROVEN else "late"
        said = [words[key].format(rta=duration(rta), place=place)]
        leads = [s.plan.lead for s in services]
        known = [lead for lead in leads if lead is not None]
        if len(known) == len(leads):
            said.append(words["lead"].format(lead=duration(max(known))))
        else:
            said.append(words["no-lead"])
        rpa = _longest(services, "rpa")
        if rpa is not None:
            said.append(words["loss"].format(rpa=duration(rpa)))
    total = len(services) + len(report.plan.declared)
    proven = sum(1 for s in services if s.verdict is Verdict.PROVEN)
    if proven < total:
        said.append(words["coverage"].format(proven=proven, total=total))
    return f"{start}{'; '.join(said)}.\n{_promised(report, lang)}"


def _promised(report: Report, lang: str) -> str:
    """Say each promise once: services that promise the same are told together."""
    words = PHRASES[lang]
    groups: dict[tuple[str, str, str], list[str]] = {}
    for service in report.services:
        objective = worst_objective([service.objective])
        key = (
            duration(service.plan.rto),
            duration(service.plan.rpo),
            words[objective or "null"],
        )
        groups.setdefault(key, []).append(service.id)
    return "\n".join(
        words["promised"].format(
            who="" if len(groups) == 1 else f" ({', '.join(names)})",
            rto=rto,
            rpo=rpo,
            objective=objective,
        )
        for (rto, rpo, objective), names in groups.items()
    )


def _services(report: Report, timezone: str) -> str:
    rows = []
    for s in report.services:
        measured = f"{duration(s.rta)} after the start" if s.rta is not None else "no time measured"
        data = f"data of {when(s.point.data_time, timezone)}" if s.point else "no recovery point"
        passed = sum(1 for c in s.checks if c.status is Status.PASS)
        amount = f", {s.files} files, {size(s.bytes)}" if s.bytes is not None else ""
        rows.append(
            f"{s.id:<18} {s.verdict.upper():<13} {measured}, {data}{amount}, "
            f"{passed} of {len(s.checks)} checks passed, depth {s.depth}"
        )
        rows += [f"{'':<18} - {why}" for why in s.why]
        failed = [c for c in s.checks if not c.mandatory and c.status is not Status.PASS]
        rows += [f"{'':<18} - advisory: {c.name}: {c.detail}" for c in failed]
    return "\n".join(rows)


def _finding(finding: Finding) -> str:
    who = f"{finding.service}: " if finding.service else ""
    return f"{finding.severity}: {who}{finding.message}\n  {finding.remedy}"


def _todo(report: Report) -> list[str]:
    """Return the first commands or looks, without repetition, worst service first."""
    lines: list[str] = []
    for s in sorted(report.services, key=lambda s: s.verdict is not Verdict.REFUTED):
        if s.verdict is Verdict.PROVEN:
            continue
        failed = [c for c in s.checks if c.mandatory and c.status is not Status.PASS]
        if s.remedy:
            lines.append(f"{s.id}: {s.remedy}")
        elif failed:
            lines.append(f"{s.id}: {REMEDIES[failed[0].kind]}")
        elif s.point is None:
            lines.append(f"{s.id}: Back it up: `pra backup {report.plan.site} {s.id}`.")
        elif s.rpa is not None and s.rpa > s.plan.rpo:
            lines.append(f"{s.id}: Back up more often, or promise less.")
        elif s.rta is not None:
            lines.append(f"{s.id}: See above which step took long; shorten it, or promise less.")
    return lines


def _longest(services: tuple[ServiceReport, ...], name: str) -> timedelta | None:
    values: list[timedelta | None] = [getattr(s, name) for s in services]
    known = [v for v in values if v is not None]
    return max(known) if known and len(known) == len(values) else None

"""Promised against proven as a person's page: what is broken first, then what to do. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.events import RunKind
from orchestrator.core.standing import Protection
from orchestrator.reports.pausing import said
from orchestrator.reports.status_copies import kept
from orchestrator.reports.status_incident import told
from orchestrator.reports.status_remarks import nothing_left, remarks
from orchestrator.reports.words import SCENARIOS, columns, duration, when
from restore_drills.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from orchestrator.core.running import Running
    from orchestrator.core.standing import Overview, ScenarioStatus, ServiceStatus, SiteStatus

HEADER = ("service", "if ...", "promised", "proven", "how sure", "on", "drilled")
NOTHING = "-"


def text(seen: Overview, now: datetime) -> str:
    """Return the page: per site its incidents, a table, and what the table cannot prove."""
    parts = [list(_page(site, seen.period, now)) for site in seen.sites]
    machine = [line for one in seen.incidents for line in told(one, now, site=one.site)]
    watched = (
        f"A daemon watches (process {seen.daemon})."
        if seen.daemon is not None
        else "Nobody watches: start `pra daemon`."
    )
    if seen.stale:
        which = ", ".join(seen.stale)
        watched += f" It has not read the policy of {which} as it is now: `systemctl reload pra`."
    return "\n\n".join("\n".join(lines) for lines in (machine, *parts, [watched]) if lines)


def _page(site: SiteStatus, period: timedelta, now: datetime) -> Iterator[str]:
    yield f"{site.name} ({site.site}), {when(now, site.timezone)}"
    if site.paused is not None:
        yield f"  PAUSED {said(site.paused, site.timezone)}"
        yield f"    nothing starts there by itself, but relocking: `pra resume {site.site}`"
    last = {one.id: one.last_backup for one in site.services}
    for one in site.incidents:
        yield from (f"  {line}" for line in told(one, now, last.get(one.service)))
    under_way = [*site.running, *(one for service in site.services for one in service.running)]
    yield from (f"  {_running(one, now)}" for one in under_way)
    ours = [s for s in site.services if s.protection is not Protection.EXTERNAL]
    rows = [
        _row(service, one, site.timezone)
        for service in ours
        for one in service.scenarios
        if one.counts
    ]
    if rows:
        yield from (f"  {line}" for line in columns([HEADER, *rows]))
    yield from (f"  {line}" for service in ours for line in remarks(site, service, period, now))
    yield from (f"  {line}" for line in nothing_left(site))
    yield from (f"  {line}" for one in site.repositories for line in kept(site, one, now))
    for service in site.services:
        if service.protection is Protection.EXTERNAL:
            yield (
                f"  Declared, not proven: {service.name} ({service.id}): "
                f"{service.answers} answers for it."
            )
    for outside in site.outside:
        yield (
            f"  Outside, not protected: {outside.name} "
            f"(accepted by {outside.accepted_by}, {outside.on})."
        )


def _row(service: ServiceStatus, one: ScenarioStatus, zone: str) -> tuple[str, ...]:
    promised = one.promised
    return (
        service.id,
        SCENARIOS[one.scenario],
        f"back in {duration(promised.rto)}, lost {duration(promised.rpo)}" if promised else NOTHING,
        _proven(one),
        one.label.value.replace("-", " "),
        one.last.place if one.last else NOTHING,
        when(one.last.started_at, zone) if one.last else "never drilled",
    )


def _proven(one: ScenarioStatus) -> str:
    last = one.last
    if last is None:
        return NOTHING
    if last.verdict is not Verdict.PROVEN or last.rta is None:
        return "NO" if last.verdict is Verdict.REFUTED else "not known"
    back = (
        f"back in {duration(last.time_to_recover)}"
        if last.time_to_recover is not None
        else f"restored in {duration(last.rta)} (*)"
    )
    return back if last.rpa is None else f"{back}, lost {duration(last.rpa)}"


def _running(one: Running, now: datetime) -> str:
    run, moved = one.run, one.moved
    so_far = max(now - run.started_at, timedelta())
    what = [run.kind, run.service or run.scenario]
    if run.kind not in {RunKind.BACKUP, RunKind.DRILL}:
        what.append(f"to {run.repository}" if run.kind is RunKind.COPY else run.repository)
    words = [f"running now: {' '.join(filter(None, what))}"]
    if moved is not None and moved.percent is not None:
        words.append(f"{moved.percent} %")
        left = moved.seconds_left(so_far)
        if left is not None:
            words.append(f"{duration(timedelta(seconds=left))} left")
    else:
        words.append(f"for {duration(so_far)}")
    return ", ".join(words)

"""What the verbs of an incident's clock share: an instant is written down, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.errors import Misused

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.app import App
    from orchestrator.cli.common import Settings
    from orchestrator.core.state import Incident

LAST = frozenset({"T9", "T10"})  # whoever says these may think that it is over


def mark(  # noqa: PLR0913 - what an instant is
    settings: Settings,
    incident: str,
    name: str,
    *,
    at: str | None,
    by: str,
    note: str = "",
    service: str | None = None,
    anyway: bool = False,
) -> int:
    """Write down when an instant of an incident's clock was, and say what is known now.

    Raises Misused where another instant contradicts it and it is not wanted `anyway`.
    """
    from orchestrator.cli import oncall
    from orchestrator.core.events import IncidentMarked
    from orchestrator.reports import clock as report
    from orchestrator.reports.words import when

    app = oncall.opened(settings)
    one = oncall.found(app, incident)
    zone = oncall.zone_of(app)(one.site)
    moment = oncall.instant("--at", at, zone, app.clock())
    about = _service(app, one, service)
    if not anyway:
        _orderly(app, one, name, moment, zone)
    event = IncidentMarked(
        incident=one.id,
        site=one.site,
        service=about,
        instant=name,
        at=moment,
        by=by,
        note=" ".join(note.split()),
    )
    told = app.log.of_run(one.id)
    last = [
        e.event for e in told if isinstance(e.event, IncidentMarked) and e.event.instant == name
    ]
    already = bool(last) and last[-1] == event
    if not already:
        app.log.append(event)
    clock = oncall.clock_of(app, one)
    still = [*report.still_open(clock, one.id), *_others(app, one)] if name in LAST else []
    if settings.json:
        told_clock = report.document(clock)
        settings.emit(
            {"incident": one.id, "clock": told_clock, "already": already, "still_open": still}
        )
        return 0
    whose = f" of {about}" if about != one.service else ""
    said = "said already" if already else "said"
    settings.say(
        f"{one.id}: {name}, {report.WORDS[name]}{whose}: {when(moment, zone)}, {said} by {by}"
    )
    for line in report.newly(clock, name):
        settings.say(f"  {line}")
    for line in still:
        settings.say(f"  {line}")
    return 0


def _others(app: App, one: Incident) -> list[str]:
    """Say what else of the same site nobody has accepted, though it is back."""
    from orchestrator.cli import oncall

    told = []
    for other in app.known().incidents.values():
        if other.site != one.site or other.id == one.id or other.resolved_at is not None:
            continue
        known = oncall.clock_of(app, other).instants.keys()
        if "T5" in known and "T9" not in known:
            what = other.service or other.condition
            told.append(f"still open: {what}: `pra accept {other.id} --by NAME`")
    return told


def _service(app: App, one: Incident, service: str | None) -> str:
    """Return what is spoken of: the incident's own service or site, unless one is named."""
    from orchestrator.jobs.backup import chosen

    if service is None or service == one.service:
        return one.service
    if one.service:
        raise Misused(
            f"{one.id}: is about {one.service}, not about {service}",
            hint="Leave --service out.",
        )
    chosen(app.site(one.site), [service])  # refuses an unknown one
    return service


def _orderly(app: App, one: Incident, name: str, at: datetime, zone: str) -> None:
    from orchestrator.cli import oncall
    from orchestrator.reports import clock as report
    from orchestrator.reports.words import when

    known = oncall.clock_of(app, one)
    other = known.contradicted(name, at)
    if other is None:
        return
    then = known.instants[other]
    relation = "before" if at < then.at else "after"
    raise Misused(
        f"{one.id}: {name} ({report.WORDS[name]}) at {when(at, zone)} would be {relation} {other} "
        f"({report.WORDS[other]}), {when(then.at, zone)}",
        hint="Say when it was with --at; put the other one right with `pra mark`; or, if both are "
        "right all the same, add --anyway.",
    )

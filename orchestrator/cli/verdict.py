"""What a person says of suspected points when he closes their incident; `pra resolve` asks."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from orchestrator.errors import Misused

if TYPE_CHECKING:
    from orchestrator.app import App
    from orchestrator.core.events import SuspicionEnded
    from orchestrator.core.state import Incident


class Word(Enum):
    """The two answers."""

    CLEAN = "clean"
    FALSE_ALARM = "false-alarm"


def asked(incident: Incident, *, clean: bool, false_alarm: bool) -> Word | None:
    """Return the answer that closes this incident; None where it is about no suspicion.

    Raises Misused.
    """
    from orchestrator.core.decide.wrong.conditions import Condition, stem

    condition, _ = stem(incident.condition)
    if clean and false_alarm:
        raise Misused("--clean and --false-alarm: it was the one or the other")
    if condition not in {Condition.BACKUP_SUSPECTED, Condition.CHANGE_UNUSUAL}:
        if clean or false_alarm:
            raise Misused(
                f"{incident.id}: nothing is suspected in it ({incident.condition})",
                hint="Close it without --clean and --false-alarm.",
            )
        return None
    if not clean and not false_alarm and condition is Condition.BACKUP_SUSPECTED:
        raise Misused(
            f"{incident.id}: the points of {incident.service} are suspected, and closing it says"
            " whether they may be used",
            hint="Close it with --clean once the data is back (what is suspected stays"
            " so), or with --false-alarm where it was ordinary work (its points count again).",
        )
    return Word.CLEAN if clean else Word.FALSE_ALARM


def others(app: App, incident: Incident) -> list[Incident]:
    """Return the other services of its site that are suspected: they may share its verdict."""
    from orchestrator.core.decide.wrong.conditions import Condition, stem

    if stem(incident.condition)[0] is not Condition.BACKUP_SUSPECTED:
        return []
    every = (one for one in app.known().incidents.values() if one.resolved_at is None)
    alike = [
        one for one in every if (one.site, one.condition) == (incident.site, incident.condition)
    ]
    return sorted((o for o in alike if o.id != incident.id), key=lambda o: (o.opened_at, o.id))


def judged(
    app: App, incident: Incident, word: Word, *, by: str, note: str
) -> SuspicionEnded | None:
    """Write down what a person says; None where another was quicker. Raises StateUnusable."""
    from orchestrator.core.events import SuspicionEnded

    event = SuspicionEnded(
        incident=incident.id,
        site=incident.site,
        service=incident.service,
        first=incident.evidence,
        false_alarm=word is Word.FALSE_ALARM,
        by=by,
        note=note,
    )
    return event if app.log.append(event, slot=f"{incident.id} judged") else None


def told(app: App, incident: Incident, event: SuspicionEnded) -> list[str]:
    """Return what follows from it."""
    from orchestrator.cli import oncall
    from orchestrator.reports.words import when

    site, service = incident.site, incident.service
    last = app.known().service(site, service).complete
    zone = oncall.zone_of(app)(site)
    newest = "none" if last is None or last.data_time is None else when(last.data_time, zone)
    if event.false_alarm:
        return [
            f"The points of {service} count again: the newest is of {newest}.",
            "Copies and retention go on.",
        ]
    return [
        f"What is suspected of {service} stays so; its last clean point is of {newest}.",
        f"Once its data is back: `pra backup {site} {service}`. It is compared with that point:",
        "what was suspected and is still there is suspected again.",
        f"Older points are kept until a drill has proven a new one: `pra drill {site} {service}`.",
    ]

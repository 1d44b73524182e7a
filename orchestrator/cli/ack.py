"""`pra ack`: somebody has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from orchestrator.app import App
    from orchestrator.cli.common import Settings
    from orchestrator.core.events import IncidentAcknowledged
    from orchestrator.core.state import Incident


@click.command("ack", short_help="You have it: nobody further is called.")
@click.argument("incident")
@click.option("--by", metavar="NAME", help="Who has it; default who is logged in.")
@click.pass_obj
def command(settings: Settings, incident: str, by: str | None) -> int:
    """Say that you have an incident: nobody further is called, and no page is repeated.

    Of an attack, you have every service of the site that it has struck so far.

    \b
    Example:  pra ack 3fa94c
              pra ack 3fa --by "M. Durand"
    """
    from orchestrator.cli import oncall
    from orchestrator.core.events import IncidentAcknowledged
    from orchestrator.reports.words import when

    app = oncall.opened(settings)
    one = oncall.found(app, incident)
    said, also = False, list[str]()
    if one.acknowledged_at is None and one.resolved_at is None:
        event = IncidentAcknowledged(**oncall.names_of(one), by=oncall.who(by))
        said = app.log.append(event, slot=f"{one.id} acknowledged") is not None
        also = _joined(app, one, event) if said else []
        one = oncall.found(app, one.id)  # another may have been quicker
    zone = oncall.zone_of(app)(one.site)
    if settings.json:
        from orchestrator.reports.incidents import document

        settings.emit({"incident": document(one), "already": not said, "also": also})
    elif said:
        settings.say(f"{one.id}: acknowledged by {one.acknowledged_by}; nobody further is called")
        for other in also:
            settings.say(f"{other}: part of the same attack, acknowledged with it")
    elif one.acknowledged_at is not None:
        at = when(one.acknowledged_at, zone)
        settings.say(f"{one.id}: acknowledged already by {one.acknowledged_by} at {at}")
    elif one.resolved_at is not None:
        settings.say(f"{one.id}: resolved already at {when(one.resolved_at, zone)}")
    return 0


def _joined(app: App, one: Incident, event: IncidentAcknowledged) -> list[str]:
    """Acknowledge what is part of the same call; return their ids."""
    from dataclasses import replace

    from orchestrator.core.decide.pages import joined

    found = []
    for other in joined(app.known(), one):
        also = replace(event, incident=other.id, service=other.service)
        if other.acknowledged_at is None and app.log.append(also, slot=f"{other.id} acknowledged"):
            found.append(other.id)
    return found

"""`pra note`: what somebody found, or did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orchestrator.errors import Misused

if TYPE_CHECKING:
    from orchestrator.cli.common import Settings


@click.command("note", short_help="Write something down about an incident.")
@click.argument("incident")
@click.argument("text")
@click.option("--by", metavar="NAME", help="Who writes; default who is logged in.")
@click.pass_obj
def command(settings: Settings, incident: str, text: str, by: str | None) -> int:
    """Write something down about an incident; it stays with it. The same note twice is one.

    \b
    Example:  pra note 3fa94c "the router was restarted"
    """
    from orchestrator.cli import oncall
    from orchestrator.core.events import IncidentNoted

    text = " ".join(text.split())
    if not text:
        raise Misused("an empty note", hint='Write it as `pra note ID "what you found"`.')
    app = oncall.opened(settings)
    one = oncall.found(app, incident)
    author = oncall.who(by)
    event = IncidentNoted(**oncall.names_of(one), by=author, text=text)
    noted = not any((n.by, n.text) == (author, text) for n in one.notes)
    if noted:
        app.log.append(event)
    if settings.json:
        settings.emit({"incident": one.id, "by": author, "text": text, "already": not noted})
    else:
        settings.say(f"{one.id}: noted" if noted else f"{one.id}: noted already")
    return 0

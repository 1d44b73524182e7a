"""`pra show`: the whole story of an incident."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from orchestrator.app import App
    from orchestrator.cli.common import Settings
    from orchestrator.core.state import Incident
    from orchestrator.reports.story import Story


@click.command("show", short_help="The whole story of an incident, and what to do now.")
@click.argument("incident")
@click.pass_obj
def command(settings: Settings, incident: str) -> int:
    """The whole story of an incident, however old: what happened, who was called, what to do.

    Of a disaster its clock too, from the disaster (T0) until the last of the work that was lost is
    re-entered (T10): which instants are known, who says so, and the time between them.

    The beginning of its id is enough.

    \b
    Example:  pra show 3fa94c
              pra show 3fa --json
    """
    from orchestrator.cli import oncall
    from orchestrator.reports import story as report

    app = oncall.opened(settings)
    one = oncall.found(app, incident)
    story = _story(app, one)
    if settings.json:
        settings.emit(report.whole(story))
        return 0
    site, zone = oncall.site_of(app, one.site), oncall.zone_of(app)(one.site)
    settings.say(report.text(story, app.known(), site, zone, app.clock()))
    return 0


def _story(app: App, incident: Incident) -> Story:
    from orchestrator.cli import oncall
    from orchestrator.core.decide.pages import owed
    from orchestrator.core.state import State
    from orchestrator.reports.story import Story

    own = app.log.of_run(incident.id)
    ours = oncall.recoveries(app, own)
    alone = State(incidents={incident.id: incident})
    pages, next_at = owed(alone, oncall.policies_of(app), app.clock())
    if incident.resolved_at is not None and incident.id not in app.known().incidents:
        pages, next_at = [], None  # over for so long that nobody is told of its end any more
    return Story(
        incident=incident,
        events=tuple(sorted([*own, *ours], key=lambda recorded: recorded.seq)),
        clock=oncall.clock_of(app, incident),
        owed=tuple(pages),
        next_at=next_at,
    )

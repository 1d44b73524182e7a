"""`pra incidents`: what a human must deal with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orchestrator.cli import accept, ack, decide, mark, note, resolve, show
from orchestrator.cli import open as open_

if TYPE_CHECKING:
    from orchestrator.cli.common import Settings

LIST = "list"


class Incidents(click.Group):
    """A list, unless another verb is named: `pra incidents bakery` lists those of a site."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the list in front of what names no verb."""
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = [LIST, *args]
        return super().parse_args(ctx, args)


@click.group("incidents", cls=Incidents)
def command() -> None:
    """What a human must deal with: pra incidents [SITE] [--all] lists it, the gravest first.

    The verbs are there without `incidents` too: `pra ack 3fa94c`.

    \b
    Examples:  pra incidents
               pra incidents bakery --all --json
               pra incidents show 3fa94c
    """


@command.command(LIST, short_help="List the open incidents; what is done without a verb.")
@click.argument("site", required=False)
@click.option("--all", "every", is_flag=True, help="Those that are over, too, however old.")
@click.pass_obj
def list_(settings: Settings, site: str | None, *, every: bool) -> int:
    """List the open incidents, of one site or all, the gravest first.

    \b
    Examples:  pra incidents
               pra incidents bakery --all
               pra incidents --json
    """
    from orchestrator.cli import oncall
    from orchestrator.core.incidents import TYPES, incidents
    from orchestrator.reports import incidents as report

    app = oncall.opened(settings)
    known = (
        incidents(app.recorded(site, types=TYPES)).values()
        if every
        else [one for one in app.known().incidents.values() if one.resolved_at is None]
    )
    shown = report.order([one for one in known if site in {None, one.site}])
    if site and not shown and oncall.site_of(app, site) is None:
        app.site(site)  # says what is wrong with its name, or its policy
    if settings.json:
        settings.emit({"incidents": [report.document(one) for one in shown]})
    elif shown:
        settings.say(report.text(shown, oncall.zone_of(app), app.clock()))
    else:
        settings.say(f"{f'{site}: ' if site else ''}no {'incident' if every else 'open incident'}")
    return 0


for _verb in (show, ack, note, decide, accept, mark, resolve, open_):
    command.add_command(_verb.command)

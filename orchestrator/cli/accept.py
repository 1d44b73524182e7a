"""`pra accept`: the client's named user says that it works again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orchestrator.errors import Misused

if TYPE_CHECKING:
    from orchestrator.cli.common import Settings


@click.command("accept", short_help="The client's user says that the service works again.")
@click.argument("incident")
@click.option("--by", metavar="NAME", required=True, help="The client's user who accepts.")
@click.option("--service", metavar="NAME", help="Which service, where several were recovered.")
@click.option("--at", metavar="TIME", help="When he did, site time; default now.")
@click.option("--note", metavar="TEXT", default="", help="What he looked at.")
@click.option("--anyway", is_flag=True, help="Though it contradicts the order of the others.")
@click.pass_obj
def command(settings: Settings, /, incident: str, **options: str) -> int:
    """Write down that the client's named user accepts what was recovered (T9).

    Without --service all of it. Where services are accepted one by one, T9 is when the last is.

    \b
    Examples:  pra accept 3fa94c --by "Mrs Martin"
               pra accept 3fa94c --by "Mrs Martin" --service till --note "yesterday's takings"
    """
    from orchestrator.cli import marking

    by = " ".join(options["by"].split())
    if not by:
        raise Misused("--by: nobody is named", hint="Name the client's user who accepts.")
    return marking.mark(
        settings,
        incident,
        "T9",
        at=options["at"],
        by=by,
        note=options["note"],
        service=options["service"],
        anyway=bool(options["anyway"]),
    )

"""`pra decide`: it is decided to recover."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orchestrator.errors import Misused

if TYPE_CHECKING:
    from orchestrator.cli.common import Settings


@click.command("decide", short_help="It is decided to recover: what, and who says so.")
@click.argument("incident")
@click.argument("text")
@click.option("--at", metavar="TIME", help="When it was decided, site time; default now.")
@click.option("--by", metavar="NAME", help="Who decided; default who is logged in.")
@click.option("--anyway", is_flag=True, help="Though it contradicts the order of the others.")
@click.pass_obj
def command(settings: Settings, /, incident: str, text: str, **options: str) -> int:
    """Write down the decision to recover (T4): the clock shows how long it took.

    \b
    Examples:  pra decide 3fa94c "recover to provider-dc"
               pra decide 3fa94c "recover to a rented server" --by "Mrs Martin" --at "today 09:10"
    """
    from orchestrator.cli import marking, oncall

    if not text.split():
        raise Misused("an empty decision", hint='Write it as `pra decide ID "what is decided"`.')
    return marking.mark(
        settings,
        incident,
        "T4",
        at=options["at"],
        by=oncall.who(options["by"]),
        note=text,
        anyway=bool(options["anyway"]),
    )

"""`pra mark`: when something was, as a person knows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from orchestrator.cli.common import Settings

INSTANTS = ("T0", "T1", "T2", "T3", "T4", "T5", "T5a", "T6", "T7", "T8", "T9", "T10")


@click.command("mark", short_help="When something of an incident was, as a person knows it.")
@click.argument("incident")
@click.argument("instant", type=click.Choice(INSTANTS, case_sensitive=False))
@click.option("--at", metavar="TIME", help="When it was, site time; default now.")
@click.option("--by", metavar="NAME", help="Who says so; default who is logged in.")
@click.option("--note", metavar="TEXT", default="", help="How it is known.")
@click.option("--anyway", is_flag=True, help="Though it contradicts the order of the others.")
@click.pass_obj
def command(settings: Settings, /, incident: str, instant: str, **options: str) -> int:
    """Say when an instant of an incident's clock was. The last word counts.

    T0 disaster, T1 detected, T2 page sent, T3 acknowledged, T4 decision to recover, T5 recovery
    started, T5a repository opened, T6 data on disk, T7 services started, T8 the service answers,
    T9 accepted by its user, T10 the work of the gap re-entered. What the log sees needs no mark. A
    time may be said as people do, in English or French.

    \b
    Examples:  pra mark 3fa94c T0 --at "hier 22:00" --note "the alarm's own record"
               pra mark 3fa94c T10
    """
    from orchestrator.cli import marking, oncall

    names = {name.lower(): name for name in INSTANTS}
    return marking.mark(
        settings,
        incident,
        names[instant.lower()],
        at=options["at"],
        by=oncall.who(options["by"]),
        note=options["note"],
        anyway=bool(options["anyway"]),
    )

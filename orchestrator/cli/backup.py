"""`pra backup`: a recovery point of every service, now."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from orchestrator.cli.common import Settings


@click.command(name="backup")
@click.argument("site")
@click.argument("services", nargs=-1)
@click.option("--no-copy", is_flag=True, help="Leave the copies to the other repositories out.")
@click.option("--anyway", is_flag=True, help="Though the site is paused.")
@click.pass_obj
def command(
    settings: Settings, site: str, services: tuple[str, ...], *, no_copy: bool, anyway: bool
) -> int:
    """Back up SITE now, all its services or those named.

    A service is backed up whole or not at all: its recovery point counts once it is sealed. What is
    complete is then copied to the other repositories that the policy names.

    \b
    Exit code: 0 all complete, 3 some partial, suspected or not copied, 1 some without a point.
    Examples:  pra backup boulangerie
               pra backup boulangerie caisse
               pra backup boulangerie --json > backup.json
    """
    from orchestrator.app import App
    from orchestrator.cli import pause
    from orchestrator.cli.watching import Bars, Lines
    from orchestrator.jobs.backup import back_up, chosen
    from orchestrator.jobs.sweep import recover
    from orchestrator.reports.backup import document, exit_code, text

    app = App(policies_dir=settings.policies, state=settings.state)
    found = app.site(site)
    ours, elsewhere = chosen(found, services)
    if not anyway:
        pause.refuse(app, found.id)
    for line in pause.first_of_lineage(app, found.id, ours):
        settings.note(line)
    for line in [*recover(app), *elsewhere]:
        settings.note(line)
    shown = Bars() if sys.stderr.isatty() and not settings.quiet else Lines(settings.note)
    with shown as watch:
        results = back_up(app, found, ours, watch, copies=not no_copy)
    if settings.json:
        settings.emit(document(found.id, results))
    for result in results:
        settings.say(text(result, timezone=found.timezone, verbose=settings.verbose))
    return exit_code(results)

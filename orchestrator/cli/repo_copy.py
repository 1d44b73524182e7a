"""`pra repo copy`: every recovery point to the other repositories, now."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from orchestrator.cli.common import Settings


@click.command("copy")
@click.argument("site")
@click.argument("services", nargs=-1)
@click.option("--repository", help="Only to this one; default all that the policy copies to.")
@click.pass_obj
def command(
    settings: Settings, site: str, services: tuple[str, ...], repository: str | None
) -> int:
    """Copy the recovery points of SITE to its other repositories now.

    The newest point first: it is usable there before the older ones follow. What is there already
    is not copied again, so what was interrupted goes on where it was. A repository that is not
    there yet is made, in an empty place. The daemon does all this by itself after each backup.

    \b
    Exit code: 0 all copied, 1 some not, 3 a repository is damaged.
    Examples:  pra repo copy bakery
               pra repo copy bakery till --repository offsite
               pra repo copy bakery --json > copies.json
    """
    from orchestrator.app import App
    from orchestrator.cli.watching import Bars, Lines
    from orchestrator.jobs.copies import Copies, chosen
    from orchestrator.jobs.sweep import recover
    from orchestrator.reports.copies import document, exit_code, text

    app = App(policies_dir=settings.policies, state=settings.state)
    found = app.site(site)
    wanted = chosen(found, services, repository)
    for line in recover(app):
        settings.note(line)
    shown = Bars() if sys.stderr.isatty() and not settings.quiet else Lines(settings.note)
    with shown as watch:
        copies = Copies(app, found).all(wanted, watch)
    if settings.json:
        settings.emit(document(found.id, copies))
    for one in copies:
        settings.say(text(one, timezone=found.timezone))
    return exit_code(copies)

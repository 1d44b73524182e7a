"""`pra repo unlock`: the locks of the dead go, those of the living are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from orchestrator.cli.common import Settings


@click.command("unlock")
@click.argument("site")
@click.option("--repository", help="This one; else all of the site.")
@click.pass_obj
def command(settings: Settings, site: str, repository: str | None) -> int:
    """Remove the locks that dead processes left in SITE's repositories.

    A lock counts as dead when it was not renewed for 30 minutes, or when its process on this
    machine is gone. Locks of those who still work there stay, and are shown: who, where, since
    when. Locks are never removed by force: a prune beside a backup destroys data.

    \b
    Exit code: 0 no lock is in the way, 3 somebody works there, 1 it could not be done.
    Examples:  pra repo unlock bakery
               pra repo unlock bakery --repository offsite --json
    """
    from orchestrator.app import App
    from orchestrator.cli.verify import chosen
    from orchestrator.errors import Interrupted, PraError
    from orchestrator.jobs.sweep import recover
    from orchestrator.jobs.unlock import unlocked
    from orchestrator.reports.unlock import Row, document, exit_code, text

    app = App(policies_dir=settings.policies, state=settings.state)
    found = app.site(site)
    names = chosen(found, repository)
    for line in recover(app):
        settings.note(line)
    rows = []
    for name in names:
        try:
            rows.append(unlocked(app, found, name))
        except Interrupted:
            raise
        except PraError as error:
            rows.append(Row(repository=name, error=error))
    if settings.json:
        settings.emit(document(found.id, rows))
    for row in rows:
        settings.say(text(row, timezone=found.timezone, now=app.clock()))
    return exit_code(rows)

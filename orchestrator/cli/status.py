"""`pra status`: promised against proven."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from orchestrator.cli.common import Settings


@click.command("status")
@click.argument("site", required=False)
@click.pass_obj
def command(settings: Settings, site: str | None) -> int:
    """Promised against proven, per service and scenario.

    A number is shown with how sure it is: unproven where no drill of today's policy proved it
    lately. What is declared by others or outside is listed too.

    \b
    Example:  pra status
              pra status bakery --json
    """
    from orchestrator.app import App
    from orchestrator.core.state import fold
    from orchestrator.core.status import site_status
    from orchestrator.reports import status

    app = App(policies_dir=settings.policies, state=settings.state)
    sites = [app.site(site)] if site else list(app.sites.values())
    now = app.clock()
    state = fold(app.recorded(site))
    seen = [site_status(state, one, now) for one in sites]
    if settings.json:
        settings.emit(status.document(seen))
    elif seen:
        settings.say(status.text(seen, now))
    else:
        settings.say(f"{settings.policies}: no site yet. Write one with `pra init SITE`.")
    return 0

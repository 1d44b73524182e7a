"""`pra history`: what was done."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.app import App
    from orchestrator.cli.common import Settings
    from orchestrator.core.state import Run


@click.command("history")
@click.argument("site")
@click.pass_obj
def command(settings: Settings, site: str) -> int:
    """What was done at a site: every run, oldest first, and how it ended.

    \b
    Example:  pra history bakery
              pra history bakery --json
    """
    from orchestrator.app import App
    from orchestrator.core.history import TOLD, runs
    from orchestrator.reports import history

    app = App(policies_dir=settings.policies, state=settings.state)
    told = runs(app.recorded(site, TOLD))
    zone = _zone(app, site, known=bool(told))
    told = [_as_it_is(settings.state, run) for run in told]
    if settings.json:
        settings.emit(history.document(told))
    elif told:
        settings.say(history.text(told, zone))
    else:
        settings.say(f"{site}: nothing was done yet. Start with `pra backup {site}`.")
    return 0


def _zone(app: App, site: str, *, known: bool) -> str:
    """Return the site's time zone; what the log knows is told without a policy too, in UTC."""
    from orchestrator.errors import PraError

    try:
        return app.site(site).timezone
    except PraError:
        if known:
            return "UTC"
        raise


def _as_it_is(state: Path, run: Run) -> Run:
    """Say of an open run that nobody carries out any more that it was interrupted."""
    from orchestrator.log import under_way

    if run.outcome is not None or under_way(state, run.run):
        return run
    return replace(run, outcome="interrupted", error="its process is gone")

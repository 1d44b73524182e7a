"""`pra repo relock`: extend the Object Lock of what is alive, now."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from orchestrator.app import App
    from orchestrator.cli.common import Settings
    from orchestrator.core.policy.model import Site
    from orchestrator.jobs.upkeep import Watch
    from orchestrator.reports.relock import Row


@click.command("relock")
@click.argument("site")
@click.option("--repository", help="This one; else all that the policy calls immutable.")
@click.option("--dry-run", is_flag=True, help="Only count; extend nothing.")
@click.pass_obj
def command(settings: Settings, site: str, repository: str | None, *, dry_run: bool) -> int:
    """Extend the Object Lock of every live object of SITE that needs it.

    A lock counts from the day an object was written, and restic writes most objects once: without
    this, they can be deleted for good when the lock is over. The daemon does it by itself. What
    was interrupted goes on where it was. It tells what this costs in requests.

    \b
    Exit code: 0 all is locked as the policy says, 3 there are problems, 1 it could not be done.
    Examples:  pra repo relock bakery
               pra repo relock bakery --repository offsite --dry-run --json
    """
    from orchestrator.app import App
    from orchestrator.cli.watching import Bars, Lines
    from orchestrator.jobs.sweep import recover
    from orchestrator.reports.relock import document, exit_code, text

    app = App(policies_dir=settings.policies, state=settings.state)
    found = app.site(site)
    names = _chosen(found, repository)
    for line in recover(app) if not dry_run else ():
        settings.note(line)
    shown = Bars() if sys.stderr.isatty() and not settings.quiet else Lines(settings.note)
    with shown as watch:
        rows = [_row(app, found, name, watch, dry_run=dry_run) for name in names]
    if settings.json:
        settings.emit(document(found.id, rows, dry_run=dry_run))
    else:
        for row in rows:
            settings.say(text(row, timezone=found.timezone, now=app.clock()))
    return exit_code(rows)


def _chosen(site: Site, repository: str | None) -> list[str]:
    from difflib import get_close_matches

    from orchestrator.errors import Misused

    if repository is None:
        if names := [one.id for one in site.repositories.values() if one.immutable]:
            return names
        raise Misused(
            f"{site.id}: the policy calls no repository immutable",
            hint="Write `immutable: {mode: compliance, for: 30d}` in one whose bucket has"
            " Object Lock.",
        )
    if repository not in site.repositories:
        near = get_close_matches(repository, site.repositories, n=1)
        raise Misused(
            f"{site.id}: no repository named {repository}"
            + (f" (did you mean {near[0]}?)" if near else ""),
            hint=f"The policy has {', '.join(site.repositories)}.",
        )
    return [repository]


def _row(app: App, site: Site, repository: str, watch: Watch, *, dry_run: bool) -> Row:
    import os
    import time

    from orchestrator.core.events import RunKind
    from orchestrator.jobs.relock import look, promised, relock
    from orchestrator.jobs.upkeep import begin_upkeep
    from orchestrator.reports.relock import Row
    from restore_drills.process import Processes

    began = time.monotonic()
    period = promised(site, site.repositories[repository]).period
    begun = None if dry_run else begin_upkeep(app, site, RunKind.RELOCK, repository)
    ended = (
        relock(app, site, repository, begun, watch)
        if begun is not None
        else look(site, repository, Processes(f"relock-{os.getpid()}"), watch, dry_run=True)
    )
    return Row(
        run=begun.run if begun is not None else "",
        repository=repository,
        period=period,
        objects=ended.objects,
        extended=ended.extended,
        bare=ended.bare,
        least_until=ended.least_until,
        least_key=ended.least_key,
        problems=ended.problems,
        seconds=round(time.monotonic() - began, 3),
    )

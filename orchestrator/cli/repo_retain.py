"""`pra repo retain`: what the policy keeps stays, the rest goes."""

from __future__ import annotations

import difflib
import sys
from typing import TYPE_CHECKING

import click

from orchestrator.errors import Interrupted, Misused, PraError

if TYPE_CHECKING:
    from orchestrator.app import App
    from orchestrator.cli.common import Settings
    from orchestrator.core.policy.model import Site
    from orchestrator.jobs.upkeep import Watch
    from orchestrator.reports.retain import Result


@click.command("retain")
@click.argument("site")
@click.option("--repository", help="Only this one; default all that may be thinned out.")
@click.option("--dry-run", is_flag=True, help="Show what would stay, why, and what would go.")
@click.pass_obj
def command(settings: Settings, /, site: str, repository: str | None, *, dry_run: bool) -> int:
    """Remove the recovery points of SITE that its policy does not keep.

    Whole points, by their data time, in the site's time zone. Only what this log made is counted or
    removed; the newest usable point always stays. A run removes at most as many points as were
    added since the last one, plus a tenth of what is there, and at least 5. Beyond that, or where
    something is wrong (points gone, a date in the future, damage), nothing is removed: the daemon
    opens an incident, and a person who resolves it lets the next run go on.

    \b
    Exit code: 0 done, 3 held back, 1 could not.
    Examples:  pra repo retain bakery --dry-run
               pra repo retain bakery --repository offsite
    """
    from orchestrator.app import App
    from orchestrator.jobs.sweep import recover
    from orchestrator.reports import retain

    app = App(policies_dir=settings.policies, state=settings.state)
    found = app.site(site)
    names = _chosen(app, found, repository)
    if dry_run:
        results = [_planned(app, found, name) for name in names]
    else:
        for line in recover(app):
            settings.note(line)
        results = _retained(settings, app, found, names)
    if settings.json:
        settings.emit(retain.document(found.id, results))
    if not results:
        settings.say(f"{site}: nothing to thin out: no repository that may be has a point yet.")
    for result in results:
        settings.say(retain.text(result, found.timezone, verbose=settings.verbose))
    return retain.exit_code(results)


def _chosen(app: App, site: Site, repository: str | None) -> list[str]:
    if site.retention is None:
        raise Misused(
            f"{site.id}: the policy has no retention: every recovery point is kept",
            hint="Say what is kept, as `retention: {daily: 14, weekly: 8, monthly: 12}`.",
        )
    if repository is None:
        state = app.known()
        held = [r for r in site.repositories.values() if state.repository(site.id, r.id).since]
        return [r.id for r in held if not r.append_only]
    if repository not in site.repositories:
        near = difflib.get_close_matches(repository, site.repositories, n=1)
        raise Misused(
            f"{site.id}: no repository named {repository}"
            + (f" (did you mean {near[0]}?)" if near else ""),
            hint=f"It has {', '.join(site.repositories)}.",
        )
    return [repository]


def _planned(app: App, site: Site, name: str) -> Result:
    from orchestrator.jobs.retain import planned
    from orchestrator.log import new_run_id
    from orchestrator.reports.retain import Result
    from restore_drills.process import Processes

    try:
        plan = planned(app, site, name, Processes(new_run_id(app.clock())))
    except Interrupted:
        raise
    except PraError as error:
        return Result(repository=name, error=error)
    return Result(
        repository=name,
        held=plan.held,
        services=plan.services,
        contents=plan.contents,
        before=plan.before,
    )


def _retained(settings: Settings, app: App, site: Site, names: list[str]) -> list[Result]:
    from orchestrator.cli.watching import Bars, Lines

    shown = Bars() if sys.stderr.isatty() and not settings.quiet else Lines(settings.note)
    with shown as watch:
        return [_one(app, site, name, watch) for name in names]


def _one(app: App, site: Site, name: str, watch: Watch) -> Result:
    from orchestrator.core.events import RunKind
    from orchestrator.jobs.retain import retained_by
    from orchestrator.jobs.upkeep import begin_upkeep
    from orchestrator.reports.retain import Result

    begun = begin_upkeep(app, site, RunKind.RETAIN, name)
    if begun is None:
        raise Interrupted(f"{site.id}: the retention of {name} did not start")
    try:
        finished, plan = retained_by(app, site, name, begun, watch)
    except Interrupted:
        raise
    except PraError as error:
        return Result(repository=name, run=begun.run, error=error)
    return Result(
        repository=name,
        run=begun.run,
        finished=finished,
        held=plan.held,
        services=plan.services,
        contents=plan.contents,
        before=plan.before,
    )

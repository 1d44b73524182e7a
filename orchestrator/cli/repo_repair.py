"""`pra repo repair`: a damaged repository made whole from the other one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from orchestrator.errors import Misused

if TYPE_CHECKING:
    from orchestrator.cli.common import Settings


@click.command("repair")
@click.argument("site")
@click.option("--repository", required=True, help="The damaged one.")
@click.option("--from", "origin", help="Bring back from this one; else the one that shares most.")
@click.option("--dry-run", is_flag=True, help="Read, say what would be done, change nothing.")
@click.pass_obj
def command(
    settings: Settings, /, site: str, repository: str, origin: str | None, *, dry_run: bool
) -> int:
    """Repair a damaged repository of SITE.

    Damaged packs are saved, and what is good in them is kept; the index is made true; what is lost
    is copied back from another repository, hash by hash; then everything is read again. Until a
    point is whole again, nothing of it is removed. Interrupted, even killed, it can be run again.

    \b
    Exit code: 0 it is sound, 3 something is lost for good, 1 it could not be done.
    Examples:  pra repo repair bakery --repository nas --dry-run
               pra repo repair bakery --repository nas
               pra repo repair bakery --repository offsite --from nas --json
    """
    from orchestrator.app import App
    from orchestrator.cli.verify import chosen
    from orchestrator.cli.watching import Bars, Lines
    from orchestrator.core.events import RunKind
    from orchestrator.jobs.repair import plan, repair, sources
    from orchestrator.jobs.sweep import recover
    from orchestrator.jobs.upkeep import begin_upkeep
    from orchestrator.reports import repair as report

    app = App(policies_dir=settings.policies, state=settings.state)
    found = app.site(site)
    (name,) = chosen(found, repository)
    if origin is not None:
        (origin,) = chosen(found, origin)
    if origin == name:
        raise Misused(f"{found.id}/{name}: it cannot be repaired from itself", hint="Name another.")
    whence = origin if origin is not None else next(iter(sources(found, name)), "")
    for line in recover(app) if not dry_run else ():
        settings.note(line)
    shown = Bars() if sys.stderr.isatty() and not settings.quiet else Lines(settings.note)
    if dry_run:
        with shown as watch:
            planned = plan(app, found, name, whence, watch)
        if settings.json:
            settings.emit(report.plan_document(found.id, planned))
        settings.say(report.plan_text(planned, timezone=found.timezone))
        return report.DAMAGED if planned.faults else 0
    begun = begin_upkeep(app, found, RunKind.REPAIR, name, origin=whence)
    if begun is None:
        raise ValueError(name)  # only a key can be taken, and there is none
    with shown as watch:
        ended = repair(app, found, name, begun, watch)
    if settings.json:
        settings.emit(report.document(ended))
    settings.say(report.text(ended, timezone=found.timezone))
    return 0 if ended.sound else report.DAMAGED

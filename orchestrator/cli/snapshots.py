"""`pra snapshots`: the recovery points, and where they are."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import click

from orchestrator.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Collection

    from orchestrator.cli.common import Settings


@click.command("snapshots")
@click.argument("site")
@click.argument("services", nargs=-1)
@click.option("--repository", "repositories", multiple=True, help="Ask only this one; repeatable.")
@click.option("--limit", type=click.IntRange(min=1), help="So many points; people are shown 30.")
@click.pass_obj
def command(
    settings: Settings,
    /,
    site: str,
    services: tuple[str, ...],
    repositories: tuple[str, ...],
    limit: int | None,
) -> int:
    """List the recovery points of SITE, of all its services or those named, newest first.

    The repositories are asked, side by side and without a lock. What no run of this log made is
    foreign: it is counted, and shown with --verbose.

    \b
    Exit code: 0 when every repository answered, else 1.
    Examples:  pra snapshots bakery
               pra snapshots bakery till --repository offsite
               pra snapshots bakery --json > points.json
    """
    from orchestrator.app import App
    from orchestrator.jobs.snapshots import look
    from orchestrator.reports.snapshots import document, text

    app = App(policies_dir=settings.policies, state=settings.state)
    found = app.site(site)
    for kind, names, known in (
        ("service", services, found.services),
        ("repository", repositories, found.repositories),
    ):
        _known(site, kind, names, known)
    if not found.repositories:
        raise Misused(f"{site}: the policy has no repository", hint="Write one in the policy.")
    seen = look(app, found, repositories or list(found.repositories))
    points = [p for p in seen.points if not services or p.service in services]
    if settings.json:
        settings.emit(document(site, points, seen.unasked, app.clock(), limit=limit))
    zone, verbose = found.timezone, settings.verbose
    settings.say(text(site, points, seen.unasked, zone, app.clock(), limit=limit, verbose=verbose))
    # One that is unplugged until its turn comes is not expected to answer.
    return int(any(found.repositories[name].rotation is None for name in seen.unasked))


def _known(site: str, kind: str, names: Collection[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            meant = f" (did you mean {near[0]}?)" if near else ""
            raise Misused(
                f"{site}: no {kind} named {name}{meant}", hint=f"It has {', '.join(known)}."
            )

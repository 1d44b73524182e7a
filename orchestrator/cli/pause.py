"""`pra pause`: hands off a site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orchestrator.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orchestrator.app import App
    from orchestrator.cli.common import Settings
    from orchestrator.core.policy.model import Service
    from orchestrator.core.state import Pause, Run

STANDS = (
    "Nothing is backed up, copied, verified, removed or drilled there by itself. Locks are still",
    "extended, or they would run out. `pra drill` and `pra recover` work; `pra backup` asks for",
    "--anyway.",
)


@click.command("pause", short_help="Hands off a site: nothing is done there by itself.")
@click.argument("site")
@click.option("--reason", required=True, metavar="TEXT", help="Why, for whoever comes next.")
@click.option("--incident", metavar="ID", help="The incident that it is for.")
@click.option("--by", metavar="NAME", help="Who says so; default who is logged in.")
@click.pass_obj
def command(
    settings: Settings, site: str, reason: str, incident: str | None, by: str | None
) -> int:
    """Stop schedules and retention at SITE until `pra resume`: an incident is being dealt with.

    Nothing is backed up, copied, verified, removed or drilled there by itself, and nobody is called
    for what is late because of it; the locks of an immutable repository are still extended. What
    runs at this moment goes on, but a retention that frees space stops. Drills and recoveries by
    hand work. A pause of more than 24 hours is an incident (P3).

    \b
    Examples:  pra pause bakery --reason "burgled, the server is gone" --incident 3fa94c
               pra resume bakery --anew
    """
    from orchestrator.cli import oncall
    from orchestrator.core.events import SitePaused
    from orchestrator.reports import pausing

    reason = " ".join(reason.split())
    if not reason:
        raise Misused("--reason: is empty", hint="Say why: whoever comes next will ask.")
    app = oncall.opened(settings)
    found = app.site(site)
    about = oncall.found(app, incident).id if incident else ""
    author = oncall.who(by)
    before = paused(app, site)
    if before is None:
        app.log.append(SitePaused(site=site, by=author, reason=reason, incident=about))
    pause = paused(app, site)
    running = [run for run in app.known().open.values() if run.site == site]
    if settings.json:
        settings.emit(
            {
                "site": site,
                "paused": pausing.document(pause),
                "already": before is not None,
                "running": [run.run for run in running],
            }
        )
        return 0
    if before is not None:
        settings.say(f"{site}: paused already {pausing.said(before, found.timezone)}")
    else:
        settings.say(f"{site}: paused by {author}: {reason}")
    for line in STANDS:
        settings.say(f"  {line}")
    for run in running:
        settings.say(f"  Goes on until it ends: {_named(run)} (run {run.run}).")
    settings.say(f"  Let it go on with `pra resume {site}`.")
    return 0


def paused(app: App, site: str) -> Pause | None:
    """Return the pause of a site, if it is paused."""
    known = app.known().sites.get(site)
    return known.paused if known else None


def refuse(app: App, site: str) -> None:
    """Refuse a backup by hand at a paused site: what is there now may not be the client's data.

    Raises Misused.
    """
    from orchestrator.reports import pausing

    pause = paused(app, site)
    if pause is None:
        return
    raise Misused(
        f"{site}: paused {pausing.said(pause, app.site(site).timezone)}",
        hint="What is there now may not be the client's data. If it is, add --anyway; when the "
        f"incident is over, `pra resume {site}`, with --anew on a rebuilt machine.",
    )


def first_of_lineage(app: App, site: str, services: Iterable[Service]) -> list[str]:
    """Say which services have no point yet since their machine was rebuilt."""
    known = app.known().sites.get(site)
    if known is None or known.anew is None:
        return []
    names = []
    for one in services:
        newest = known.services[one.id].complete if one.id in known.services else None
        if newest is None or (newest.data_time is not None and newest.data_time < known.anew):
            names.append(one.id)
    return [f"{', '.join(names)}: the first point of a new lineage"] if names else []


def _named(run: Run) -> str:
    return " ".join(filter(None, (str(run.kind), run.service or run.repository)))

"""`pra resume`: work goes on at a site."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orchestrator.errors import Misused

if TYPE_CHECKING:
    from orchestrator.app import App
    from orchestrator.cli.common import Settings
    from orchestrator.core.state import Incident

ANEW = (
    "A new lineage begins: the next backup of each service is its first point, and what is usual",
    "there is learned anew. No point of before is removed until a drill of the service has proven",
    "a point of the new one; the last clean one of before stays after that, too.",
)


@click.command("resume", short_help="Work goes on at a paused site.")
@click.argument("site")
@click.option("--anew", is_flag=True, help="On a rebuilt machine: a new lineage of points begins.")
@click.option("--note", metavar="TEXT", default="", help="What was done.")
@click.option("--by", metavar="NAME", help="Who says so; default who is logged in.")
@click.pass_obj
def command(settings: Settings, site: str, *, anew: bool, note: str, by: str | None) -> int:
    """End a pause: what is due starts at once, and conditions are told again.

    The way back after a disaster: pause the site, recover, cut over to what was recovered, have the
    client accept it. When the rebuilt machine is where the data lives, put its paths, addresses and
    passwords into the policy, then resume --anew: a new lineage of recovery points starts in the
    same repositories, without touching the clean ones of before. Nothing of before is removed until
    a drill has proven a point of the new lineage; the last clean one of before stays even then.

    \b
    Examples:  pra resume bakery --note "false alarm"
               pra resume bakery --anew --note "new server, data of Friday 18:00"
    """
    from orchestrator.cli import oncall
    from orchestrator.cli.pause import paused
    from orchestrator.core.events import RecoverFinished, SiteResumed
    from orchestrator.log import daemon_running
    from orchestrator.reports import pausing
    from orchestrator.reports.words import duration

    app = oncall.opened(settings)
    app.site(site)
    before = paused(app, site)
    back = next(app.recorded(site, types=(RecoverFinished,)), None)
    if anew and back is None and not app.known().repositories(site):
        raise Misused(
            f"{site}: nothing was ever backed up here, so there is no lineage to begin anew",
            hint=f"Begin with `pra backup {site}`.",
        )
    does = before is not None or anew
    author = oncall.who(by)
    if does:
        said = " ".join(note.split())
        app.log.append(SiteResumed(site=site, by=author, note=said, anew=anew))
    suspected = _suspected(app, site)
    if settings.json:
        settings.emit(
            {
                "site": site,
                "resumed": does,
                "anew": anew,
                "paused_before": pausing.document(before),
                "suspected": [one.id for one in suspected],
            }
        )
        return 0
    if before is not None:
        span = duration(app.clock() - before.at)
        settings.say(f"{site}: goes on, says {author}, after a pause of {span}")
    else:
        settings.say(f"{site}: {'was not paused; ' if anew else ''}{_unpaused(anew=anew)}")
    for line in ANEW if anew else ():
        settings.say(f"  {line}")
    for one in suspected:
        settings.say(
            f"  {one.service or site} is still suspected: `pra resolve {one.id} --clean` when its "
            "machine is clean."
        )
    if does and daemon_running(settings.state) is None:
        settings.say("  No daemon runs here: nothing starts by itself before one does.")
    return 0


def _unpaused(*, anew: bool) -> str:
    return "a new lineage begins" if anew else "is not paused"


def _suspected(app: App, site: str) -> list[Incident]:
    """Return the open incidents for which new points would still be mistrusted."""
    from orchestrator.core.decide.wrong.conditions import Condition

    return [
        one
        for one in app.known().incidents.values()
        if one.site == site
        and one.condition == Condition.BACKUP_SUSPECTED
        and one.resolved_at is None
    ]

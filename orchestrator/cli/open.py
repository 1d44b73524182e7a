"""`pra open`: the client says that something is wrong."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from orchestrator.errors import Misused

if TYPE_CHECKING:
    from orchestrator.app import App
    from orchestrator.cli.common import Settings
    from orchestrator.core.events import IncidentOpened
    from orchestrator.core.policy.model import Site

LEVELS = ("P1", "P2", "P3", "P4")


@click.command("open", short_help="Open an incident that a person reported.")
@click.argument("site")
@click.argument("service", default="")
@click.option("--summary", required=True, metavar="TEXT", help="What is wrong, in one line.")
@click.option("--reported-by", required=True, metavar="NAME", help="Who says so.")
@click.option("--at", metavar="TIME", help="When he said so, site time; default now.")
@click.option("--criticality", type=click.Choice(LEVELS), help="Default the service's, or P2.")
@click.pass_obj
def command(settings: Settings, /, site: str, service: str, **options: str | None) -> int:
    """Open an incident that a person reported; the site's chain is called, as for any other.

    The time to response counts from --at.

    \b
    Example:  pra open bakery till --summary "the till shows no orders" --reported-by "Mrs Martin"
              pra open bakery --summary "no network" --reported-by Martin --at "2026-11-23 07:40"
    """
    from orchestrator.cli import oncall
    from orchestrator.core.decide.incidents import opening_key
    from orchestrator.core.incidents import incidents
    from orchestrator.log import daemon_running

    app = oncall.opened(settings)
    of = app.site(site)
    event = _event(app, of, service, options)
    state = app.known()
    key = f"{site}/{service}/{event.condition}"
    already = next(
        (i for i in state.incidents.values() if i.key == key and i.resolved_at is None), None
    )
    if already is None:
        won = app.log.append(event, slot=opening_key(state, key))
        already = None if won else next(i for i in app.known().incidents.values() if i.key == key)
    if already is not None and already.summary != event.summary:
        raise Misused(
            f"{key.removesuffix('/reported')}: already reported and open as {already.id}: "
            f"{already.summary}",
            hint=f'Add to it with `pra note {already.id} "…"`.',
        )
    name = already.id if already else event.incident
    if settings.json:
        from orchestrator.reports.incidents import document

        one = incidents(app.log.of_run(name))[name]
        settings.emit({"incident": document(one), "already": already is not None})
        return 0
    settings.say(f"{name}: {'opened already' if already else 'opened'}, {_called(event)}")
    if event.chain and daemon_running(settings.state) is None:
        settings.say("  No daemon runs here: nobody is called before one does (`pra daemon`).")
    return 0


def _event(app: App, site: Site, service: str, options: dict[str, str | None]) -> IncidentOpened:
    from orchestrator.cli import oncall
    from orchestrator.core.decide import incidents
    from orchestrator.core.decide.wrong.conditions import Condition
    from orchestrator.core.events import IncidentOpened
    from orchestrator.jobs.backup import chosen

    if service:
        chosen(site, [service])  # refuses an unknown one
    now = app.clock()
    at = _instant(options["at"], site, now)
    summary, by = (" ".join((options[name] or "").split()) for name in ("summary", "reported_by"))
    if not summary or not by:
        raise Misused("--summary and --reported-by: neither may be empty")
    level = options["criticality"] or (site.services[service].criticality if service else "P2")
    key = f"{site.id}/{service}/{Condition.REPORTED}"
    return IncidentOpened(
        incident=incidents.new_id(key, now, set(app.known().incidents)),
        site=site.id,
        service=service,
        condition=Condition.REPORTED.value,
        criticality=level,
        summary=summary,
        remedy="",
        evidence=f"reported by {by}",
        chain=incidents.chain(oncall.policies_of(app), site.id, level, None, now),
        reported_by=by,
        reported_at=at,
    )


def _called(event: IncidentOpened) -> str:
    return f"{event.criticality}, chain {event.chain}" if event.chain else "nobody is called"


def _instant(text: str | None, site: Site, now: datetime) -> datetime:
    """Read `--at`: ISO 8601, in the site's time zone unless it says otherwise."""
    from zoneinfo import ZoneInfo

    if text is None:
        return now
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Misused(
            f"--at {text!r}: not a time", hint='Write it as "2026-11-22 18:00".'
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(site.timezone))
    if moment > now:
        raise Misused(f"--at {text}: lies in the future")
    return moment

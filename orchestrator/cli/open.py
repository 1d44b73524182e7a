"""`pra open`: the client says that something is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from orchestrator.errors import Misused

if TYPE_CHECKING:
    from orchestrator.app import App
    from orchestrator.cli.common import Settings
    from orchestrator.core.events import IncidentOpened
    from orchestrator.core.policy.model import Site

LEVELS = ("P1", "P2", "P3", "P4")
SCENARIOS = ("human-error", "server-failure", "burglary", "ransomware", "bucket-wipe")


@click.command("open", short_help="Open an incident that a person reported.")
@click.argument("site")
@click.argument("service", default="")
@click.option("--summary", required=True, metavar="TEXT", help="What is wrong, in one line.")
@click.option("--reported-by", required=True, metavar="NAME", help="Who says so.")
@click.option("--at", metavar="TIME", help="When he said so, site time; default now.")
@click.option("--since", metavar="TIME", help="When it happened (T0), where anybody knows.")
@click.option("--scenario", type=click.Choice(SCENARIOS), help="What happened, if a disaster did.")
@click.option("--criticality", type=click.Choice(LEVELS), help="Default the service's, or P2.")
@click.pass_obj
def command(settings: Settings, /, site: str, service: str, **options: str | None) -> int:
    """Open an incident that a person reported; the site's chain is called, as for any other.

    The time to response counts from --at, when it was reported; --since says when it happened:
    between the two nobody knew. With a scenario and --since, the delay until a recovery starts is
    from then on the one that this site really had.

    \b
    Example:  pra open bakery till --summary "the till shows no orders" --reported-by "Mrs Martin"
              pra open bakery --summary "no network" --reported-by Martin --at "today 07:40"
              pra open bakery --summary "burgled" --reported-by Martin --scenario burglary \\
                  --since "yesterday 22:00"
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
    _began(app, of, name, options["since"], event)
    if settings.json:
        from orchestrator.reports.incidents import document

        one = incidents(app.log.of_run(name))[name]
        settings.emit({"incident": document(one), "already": already is not None})
        return 0
    settings.say(f"{name}: {'opened already' if already else 'opened'}, {_called(event)}")
    if event.scenario:
        settings.say(f'  Hands off meanwhile: `pra pause {site} --incident {name} --reason "…"`.')
        settings.say(f"  Its clock, and what to say to it: `pra show {name}`.")
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
    at = oncall.instant("--at", options["at"], site.timezone, now)
    if options["since"] and oncall.instant("--since", options["since"], site.timezone, now) > at:
        raise Misused(
            "--since: it was reported before it happened",
            hint="Say with --at when it was reported, with --since when it happened.",
        )
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
        scenario=options["scenario"] or "",
    )


def _began(app: App, site: Site, name: str, since: str | None, event: IncidentOpened) -> None:
    """Write T0 down, where it was said."""
    from orchestrator.cli import oncall
    from orchestrator.core.events import IncidentMarked

    if since is None:
        return
    at = oncall.instant("--since", since, site.timezone, app.clock())
    app.log.append(
        IncidentMarked(
            incident=name,
            site=event.site,
            service=event.service,
            instant="T0",
            at=at,
            by=event.reported_by or "",
            note="",
        ),
        slot=f"{name} T0 {at.isoformat()}",
    )


def _called(event: IncidentOpened) -> str:
    return f"{event.criticality}, chain {event.chain}" if event.chain else "nobody is called"

"""`pra status`: promised against proven."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from orchestrator.cli.common import Settings
    from orchestrator.core.running import Moved
    from orchestrator.core.state import State


@click.command("status")
@click.argument("site", required=False)
@click.option("--nagios", is_flag=True, help="One line and an exit code for a monitoring system.")
@click.option(
    "--period",
    metavar="SPAN",
    default="30d",
    show_default=True,
    help="How far back the worst loss is looked for; at most 400d.",
)
@click.pass_obj
def command(settings: Settings, site: str | None, *, nagios: bool, period: str) -> int:
    """Promised against proven, per service and scenario; what is wrong comes first.

    A number is shown with how sure it is: unproven where no drill of today's policy proved it
    lately. The worst loss is what a failure at the worst instant of the period would have cost.
    What is declared by others or outside is listed too.

    \b
    Exit code: 0, or 2 where a policy file has a fault: the other sites are told all the same.
    Exit code of --nagios: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, also where nothing can be read.
    Examples:  pra status
               pra status bakery --json --period 90d
               pra status --nagios
    """
    from dataclasses import asdict

    from orchestrator.app import App
    from orchestrator.cli.faults import asked, told
    from orchestrator.core.carried import digest
    from orchestrator.core.status import overview
    from orchestrator.errors import PolicyInvalid
    from orchestrator.log import daemon_running

    app = App(policies_dir=settings.policies, state=settings.state)
    span = _span(period)
    sites, faults = asked(app, site)
    state = app.known()
    known = {one.site for one in state.incidents.values()}
    others = known - app.checked.sites.keys() - {""}
    unread = sorted(others) if site is None else [site] if faults else []
    now = app.clock()
    living = _living(settings.state, state)
    daemon = daemon_running(settings.state)
    digests = {one.id: digest(app.written(one.id)) for one in sites}
    seen = overview(
        state,
        sites,
        now,
        period=span,
        living=living,
        daemon=daemon,
        unread=unread,
        digests=digests,
    )
    if nagios and (sites or not faults):
        from orchestrator.reports import nagios as monitor

        code, text = monitor.report(seen, now, [f"policy: {one}" for one in faults])
        click.echo(text)
        return code
    if nagios:
        raise PolicyInvalid("\n".join(map(str, faults)))
    from orchestrator.reports import status

    if settings.json:
        settings.emit({**status.document(seen, now), "errors": [asdict(one) for one in faults]})
    elif sites or seen.incidents:
        settings.say(status.text(seen, now))
    elif not faults:
        settings.say(f"{settings.policies}: no site yet. Write one with `pra init SITE`.")
    return told(faults)


def _span(text: str) -> timedelta:
    from orchestrator.core.policy.values import duration
    from orchestrator.core.rpa import LONGEST
    from orchestrator.errors import Misused

    try:
        span = duration(text)
    except ValueError as error:
        raise Misused(f"--period: {error}", hint="Write it as 30d, 12h or 2w.") from error
    if not span or span > LONGEST:
        raise Misused(f"--period: {text} is not between 1 s and 400d", hint="Write it as 30d.")
    return span


def _living(folder: Path, state: State) -> dict[str, Moved | None]:
    """Return the runs whose process lives, and how far each says it is."""
    from orchestrator.log import under_way

    return {run: _moved(folder, run) for run in state.open if under_way(folder, run)}


def _moved(folder: Path, run: str) -> Moved | None:
    from orchestrator.core.running import Moved
    from orchestrator.log import progress

    said = progress(folder, run) or {}
    done, total = said.get("done_bytes"), said.get("total_bytes")
    if not isinstance(done, int):
        return None
    return Moved(done_bytes=done, total_bytes=total if isinstance(total, int) else None)

"""`pra drill`: the proof."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.bare import begun_by, carry_out, carry_plan, is_asked, with_kit
from orchestrator.cli.folder import Folder
from orchestrator.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from orchestrator.app import App
    from orchestrator.cli.common import Settings
    from orchestrator.core.plan import Request
    from orchestrator.core.policy.model import Site
    from orchestrator.errors import PraError


@click.command(name="drill")
@click.argument("site")
@click.argument("services", nargs=-1)
@click.option("--scenario", default="server-failure", show_default=True, help="What went wrong.")
@click.option("--at", "at", metavar="TIME", help="The disaster's instant, site time; default now.")
@click.option(
    "--point",
    default="latest",
    show_default=True,
    help="latest: now; random-within-30d: any instant of so long ago, to prove old points too.",
)
@click.option("--path", default="", help="Bring back this file or folder alone.")
@click.option("--repository", help="Restore from this one.")
@click.option("--place", envvar="PRA_PLACE", help="Where this drill runs; default the host's name.")
@click.option(
    "--keep",
    type=Folder(path_type=Path, file_okay=False),
    help="Leave the restored data in this new or empty folder.",
)
@with_kit
@click.option("--dry-run", is_flag=True, help="Print the plan and its estimate; restore nothing.")
@click.pass_obj
def command(settings: Settings, /, site: str, services: tuple[str, ...], **options: object) -> int:
    """Restore SITE for real into a sealed sandbox, check it, measure it, destroy it.

    \b
    Exit code: 0 proven, 3 refuted, 4 inconclusive.
    Examples:  pra drill boulangerie
               pra drill boulangerie caisse --at "2026-11-22 18:00"
               pra drill boulangerie --scenario ransomware --point random-within-30d
               pra drill boulangerie partage --scenario human-error --path /srv/partage/devis.ods
               pra drill boulangerie --json > drill.json
               pra drill boulangerie --scenario burglary --kit boulangerie.kit
    """
    from orchestrator.app import App

    if is_asked(options):
        return _from_kit(settings, site, services, options)
    app = App(policies_dir=settings.policies, state=settings.state)
    found = app.site(site)
    request = _request(app, found, services, options)
    if options["dry_run"]:
        return _dry_run(settings, app, found, request)
    keep = options["keep"]
    return _drill(
        settings,
        app,
        found,
        request,
        keep if isinstance(keep, Path) else None,
        bare=options["bare"],
    )


def _request(
    app: App, site: Site, services: tuple[str, ...], options: Mapping[str, object]
) -> Request:
    from orchestrator.core.plan import Request
    from orchestrator.log import new_run_id
    from restore_drills.model import Scenario

    return Request(
        run=new_run_id(app.clock()),
        services=services,
        scenario=Scenario(_scenario(str(options["scenario"]))),
        place=str(options["place"] or socket.gethostname()),
        t0=instant(options["at"], site, app.clock()),
        within=_within(str(options["point"]), options["at"]),
        path=str(options["path"]),
        repository=options["repository"] if isinstance(options["repository"], str) else None,
        kit=options["bare"] is not None,
    )


def _from_kit(
    settings: Settings, site: str, services: tuple[str, ...], options: Mapping[str, object]
) -> int:
    from orchestrator.core.events import RunKind

    _within(str(options["point"]), options["at"])  # said before a passphrase is asked for
    if options["dry_run"]:
        return carry_plan(
            settings,
            RunKind.DRILL,
            site,
            services,
            options,
            lambda app, found: _request(app, found, services, options),
        )
    keep = options["keep"]
    words = [f"--keep={_free(keep.absolute())}"] if isinstance(keep, Path) else []
    given = ("at", "point", "path", "repository")
    words += [f"--{name}={options[name]}" for name in given if options[name]]
    return carry_out(settings, RunKind.DRILL, site, services, options, tuple(words))


def _drill(  # noqa: PLR0913 - what a drill is asked with
    settings: Settings,
    app: App,
    site: Site,
    request: Request,
    keep: Path | None,
    *,
    bare: object = None,
) -> int:
    from orchestrator.cli.watching import Bars, Lines
    from orchestrator.jobs.drill import drill, planned
    from orchestrator.jobs.evidence import signer
    from orchestrator.jobs.sweep import recover
    from orchestrator.reports.drill import text
    from restore_drills.model import Verdict

    keep = keep and _free(keep.absolute())
    for line in recover(app):
        settings.note(line)
    plan = begun_by(planned(app, site, request), bare)
    settings.note(f"drill of {site.name}: {request.scenario}, run {plan.run}")
    shown = Bars() if sys.stderr.isatty() and not settings.quiet else Lines(settings.note)
    unsigned: list[PraError] = []
    sign = signer(app.state, unsigned.append)
    with shown as watch:
        outcome = drill(app, site, plan, keep=keep, watch=watch, sign=sign)
    report = outcome.report
    if settings.json:
        settings.emit(outcome.document)
    settings.say(
        text(
            report,
            timezone=site.timezone,
            lang=settings.lang,
            floor=site.coverage_floor,
            verbose=settings.verbose,
        )
    )
    if report.kept:
        settings.say("\nKept, and it is the client's data: remove it when you are done.")
        for service, place in report.kept.items():
            settings.say(f"  {service}: {place}")
    if outcome.unlogged is not None:
        lost = outcome.unlogged
        click.echo(f"pra: this drill is not on the log: {lost}\n  {lost.hint}", err=True)
    for why in unsigned:
        click.echo(f"pra: this drill is not signed: {why}\n  {why.hint}", err=True)
    match report.verdict:
        case Verdict.PROVEN:
            return 0 if outcome.unlogged is None else 1
        case Verdict.REFUTED:
            return 3
        case Verdict.INCONCLUSIVE:
            return 4


def _free(keep: Path) -> Path:
    try:
        if keep.exists() and any(keep.iterdir()):
            raise Misused(f"{keep}: not empty", hint="Give --keep a new or empty folder.")
    except OSError as error:
        raise Misused(
            f"{keep}: cannot be looked into: {error.strerror}", hint="Give a folder of your own."
        ) from error
    return keep


def _dry_run(settings: Settings, app: App, site: Site, request: Request) -> int:
    from orchestrator.core.dry_run import steps
    from orchestrator.core.events import DrillFinished
    from orchestrator.jobs.drill import planned
    from orchestrator.reports.dry_run import text

    told = app.log.read(site=site.id, types=(DrillFinished,))
    events = (recorded.event for recorded in told)
    drills = [event.document for event in events if isinstance(event, DrillFinished)]
    rows = steps(planned(app, site, request), drills, site.manual)
    if settings.json:
        settings.emit({"plan": [row.document() for row in rows]})
    settings.say(text(rows))
    return 0


def _scenario(name: str) -> str:
    from restore_drills.model import Scenario

    if name in list(Scenario):
        return name
    raise Misused(f"--scenario {name}: no such scenario", hint=f"One of {', '.join(Scenario)}.")


def _within(text: str, at: object) -> timedelta | None:
    """Read `--point`."""
    from orchestrator.core.policy.values import point

    try:
        within = point(text)
    except ValueError as error:
        raise Misused(f"--point {text}: no such point", hint=f"{error}.".capitalize()) from error
    if within is not None and at is not None:
        raise Misused("--point and --at both say when it was", hint="Give one of them.")
    return within


def instant(text: object, site: Site, now: datetime) -> datetime | None:
    """Read `--at`: a date as people say them, in the site's time zone unless it says otherwise."""
    from orchestrator.core.when import Unreadable
    from orchestrator.core.when import instant as read

    if not isinstance(text, str):
        return None
    try:
        return read(text, site.timezone, now)
    except Unreadable as error:
        raise Misused(f"--at {text!r}: {error.what}", hint=error.hint) from error

"""`pra recover`: the real thing, with the drill's own plan, code and checks; and it is kept."""

from __future__ import annotations

import posixpath
import shlex
import socket
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from orchestrator.cli.bare import (
    begun_by,
    carry_out,
    carry_plan,
    expected_by,
    is_asked,
    opened_by,
    policy_of,
    with_kit,
)
from orchestrator.cli.folder import Folder
from orchestrator.errors import Interrupted, Misused, PraError, StateUnusable
from restore_drills import errors as drills

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.app import App
    from orchestrator.cli.common import Settings
    from orchestrator.core.plan import Request
    from orchestrator.core.policy.model import Site
    from orchestrator.core.recovering.journal import Asked
    from orchestrator.jobs.begun import Begun
    from orchestrator.jobs.recover_place import Place
    from restore_drills.model import Plan, Report

STOPPED = (KeyboardInterrupt, Interrupted, drills.Interrupted)


@click.command("recover", short_help="Bring a site back, for real.")
@click.argument("site")
@click.argument("services", nargs=-1)
@click.option(
    "--to",
    "target",
    required=True,
    type=Folder(path_type=Path, file_okay=False),
    help="A new or empty folder, where it is put; the same again goes on after an interruption.",
)
@click.option("--path", default="", help="This file or folder alone, beside the original.")
@click.option(
    "--scenario", help="What went wrong; by default server-failure, of a path human-error."
)
@click.option("--at", "at", metavar="TIME", help="As it was then: 2026-11-22 18:00, hier 18:00.")
@click.option("--repository", help="Restore from this one.")
@click.option("--place", envvar="PRA_PLACE", help="Where this runs; default the host's name.")
@click.option("--incident", metavar="ID", default="", help="What it is for; default the open one.")
@with_kit
@click.option("--start", is_flag=True, help="Leave the databases running, on private sockets.")
@click.option("--dry-run", is_flag=True, help="Print the plan and its estimate; restore nothing.")
@click.option("--yes", is_flag=True, help="Ask nothing; steps by hand are signed off by --by.")
@click.option("--by", metavar="NAME", help="Who does it; default who is logged in.")
@click.pass_obj
def command(settings: Settings, /, site: str, services: tuple[str, ...], **options: object) -> int:
    """Restore SITE, or some of its services, for real, into a new folder, and keep it.

    The newest point that is not suspected comes back, what others depend on first. It is verified
    to the byte and checked as in a drill; then come the commands that put it to work. Nothing that
    is alive is touched. Interrupted at any instant, the same command goes on.

    \b
    Exit code: 0 all is well, 1 the point has no such path, 3 something is not as it should be (it
    is kept, and said), 4 something could not be fetched or asked: see to it, then the same again.
    Examples:  pra recover boulangerie --to /srv/recovered
               pra recover boulangerie caisse --scenario ransomware --to /srv/recovered --start
               pra recover boulangerie partage --path /srv/partage/devis.ods --at "hier 18:00" \\
                   --to ~/devis
               pra recover boulangerie --kit boulangerie.kit --to /srv/recovered
    """
    from orchestrator.app import App
    from orchestrator.core.recovering.journal import Asked, other
    from orchestrator.jobs.recover_place import Place

    scenario = _scenario(options)
    options["scenario"] = scenario
    if is_asked(options):
        return _from_kit(settings, site, services, options)
    app = App(policies_dir=settings.policies, state=settings.state)
    found = app.site(site)
    request = _request(app, found, services, options)
    place = Place.checked(cast("Path", options["target"]), found, settings.state, settings.policies)
    asked = Asked(
        site=found.id,
        services=services,
        scenario=scenario,
        path=request.path,
        repository=request.repository,
        kit=opened_by(options["bare"]),
    )
    before = place.read()
    if before is not None and (was := other(before, asked)):
        raise Misused(
            f"{place.target}: holds an interrupted recovery {was}",
            hint="Go on with that one, or give --to another folder.",
        )
    if options["dry_run"]:
        return _dry_run(settings, app, found, request)
    return _recover(settings, app, found, request, asked, place, options)


def _recover(  # noqa: PLR0913, PLR0917 - what a recovery is asked with
    settings: Settings,
    app: App,
    site: Site,
    request: Request,
    asked: Asked,
    place: Place,
    options: Mapping[str, object],
) -> int:
    from orchestrator.cli.oncall import who
    from orchestrator.cli.recovering import Following
    from orchestrator.core.recovering.journal import words
    from orchestrator.core.recovering.manual import steps
    from orchestrator.jobs.evidence import signer
    from orchestrator.jobs.recover import incident_for, recover

    incident = incident_for(app, site, asked.scenario, str(options["incident"]))
    with place:
        app, plan = _planned(settings, app, site, request, place)
        plan = begun_by(plan, options["bare"])
        app, begun = _begun(settings, app, site, plan, incident, place)
        before = place.read()
        unsigned: list[PraError] = []
        following = Following(
            settings,
            site,
            target=str(place.target),
            manual=steps(site, plan),
            estimates=expected_by(options["bare"]) or _estimates(app, site, plan),
            began=before.began if before else None,
            yes=bool(options["yes"]),
            by=who(options["by"] if isinstance(options["by"], str) else None),
        )
        settings.note(f"recovery of {site.name}: {plan.scenario}, run {plan.run}")
        try:
            with following as watch:
                outcome = recover(
                    app,
                    site,
                    plan,
                    asked=asked,
                    place=place,
                    begun=begun,
                    watch=watch,
                    sign_off=watch.sign_off,
                    start=bool(options["start"]),
                    lang=settings.lang,
                    written=None if asked.path else policy_of(options["bare"]),
                    sign=signer(app.state, unsigned.append),
                )
        except STOPPED:
            if place.read() is not None:
                again = shlex.join(words(asked, str(place.target)))
                settings.note(f"what was fetched stays; this goes on:\n  {again}")
            raise
    _swept(settings, app)
    if settings.json:
        settings.emit(outcome.document)
    settings.say(outcome.text(settings.lang, site.timezone, verbose=settings.verbose))
    if outcome.unlogged is not None:
        lost = outcome.unlogged
        click.echo(f"pra: this recovery is not on the log: {lost}\n  {lost.hint}", err=True)
    if outcome.unwritten is not None:
        click.echo(f"pra: {outcome.unwritten}\n  {outcome.unwritten.hint}", err=True)
    for why in unsigned:
        click.echo(f"pra: this recovery is not signed: {why}\n  {why.hint}", err=True)
    is_told = outcome.unlogged is None and outcome.unwritten is None
    if asked.path and _is_nowhere(outcome.report):
        return 1
    return _code(outcome.report.verdict, is_told=is_told)


def _is_nowhere(report: Report) -> bool:
    """Whether the path that was asked for is in no point that was chosen."""
    from restore_drills.one_path import NOT_HELD

    return all(any(NOT_HELD in why for why in service.why) for service in report.services)


def _code(verdict: str, *, is_told: bool) -> int:
    from restore_drills.model import Verdict

    match Verdict(verdict):
        case Verdict.PROVEN:
            return 0 if is_told else 1
        case Verdict.REFUTED:
            return 3
        case Verdict.INCONCLUSIVE:
            return 4


def _scenario(options: Mapping[str, object]) -> str:
    from restore_drills.model import Scenario

    name = options["scenario"]
    if name is None:
        return Scenario.HUMAN_ERROR if options["path"] else Scenario.SERVER_FAILURE
    if name not in list(Scenario):
        raise Misused(f"--scenario {name}: no such scenario", hint=f"One of {', '.join(Scenario)}.")
    return str(name)


def _request(
    app: App, site: Site, services: tuple[str, ...], options: Mapping[str, object]
) -> Request:
    from orchestrator.cli.drill import instant
    from orchestrator.core.plan import Request
    from orchestrator.log import new_run_id
    from restore_drills.model import Scenario

    path = str(options["path"])
    if path and not path.startswith("/"):
        raise Misused(
            f"--path {path}: not the whole path", hint=f"See `pra find {site.id} NAME` for it."
        )
    repository = options["repository"]
    return Request(
        run=new_run_id(app.clock()),
        services=services,
        scenario=Scenario(str(options["scenario"])),
        place=str(options["place"] or socket.gethostname()),
        t0=instant(options["at"], site, app.clock()),
        repository=repository if isinstance(repository, str) else None,
        path=posixpath.normpath(path) if path else "",
        kit=options["bare"] is not None,
        whole=not path,
    )


def _from_kit(
    settings: Settings, site: str, services: tuple[str, ...], options: Mapping[str, object]
) -> int:
    from orchestrator.core.events import RunKind

    if options["dry_run"]:
        return carry_plan(
            settings,
            RunKind.RECOVER,
            site,
            services,
            options,
            lambda app, found: _request(app, found, services, options),
        )
    target = str(cast("Path", options["target"]).absolute())
    given = ("path", "at", "repository", "by")
    words = [f"--to={target}"]
    words += [f"--{name}={options[name]}" for name in given if options[name]]
    words += [f"--{name}" for name in ("start", "yes") if options[name]]
    return carry_out(
        settings,
        RunKind.RECOVER,
        site,
        services,
        options,
        tuple(words),
        target=target,
    )


def _elsewhere(settings: Settings, app: App, place: Place, error: StateUnusable) -> App:
    """Return what does without the state folder: a recovery waits for no log."""
    from orchestrator.app import App
    from orchestrator.jobs.recover_place import HIDDEN

    settings.note(f"{error}: this recovery is on no log but its own, in {place.target}")
    state = place.target / HIDDEN / "state"
    return App(policies_dir=app.policies_dir, state=state, clock=app.clock)


def _planned(
    settings: Settings, app: App, site: Site, request: Request, place: Place
) -> tuple[App, Plan]:
    from orchestrator.jobs.drill import planned
    from orchestrator.jobs.recover_standing import stand

    def asked(app: App) -> Plan:
        return planned(app, site, stand(app, site, request, settings.note))

    try:
        return app, asked(app)
    except StateUnusable as error:
        app = _elsewhere(settings, app, place, error)
        return app, asked(app)


def _begun(  # noqa: PLR0913, PLR0917 - what a run is begun with
    settings: Settings, app: App, site: Site, plan: Plan, incident: str, place: Place
) -> tuple[App, Begun]:
    from orchestrator.jobs.recover import begin_recovery

    try:
        return app, begin_recovery(app, site, plan, incident)
    except StateUnusable as error:
        app = _elsewhere(settings, app, place, error)
        return app, begin_recovery(app, site, plan, incident)


def _estimates(app: App, site: Site, plan: Plan) -> tuple[float | None, float | None]:
    """Return how long past drills say that it takes, in all and after the fetching."""
    from orchestrator.core.dry_run import steps, whole

    rows = steps(plan, _documents(app, site))
    after = [row.estimate for row in rows if row.service and row.step not in {"fetch", "none"}]
    return whole(rows), None if None in after else sum(s for s in after if s is not None)


def _documents(app: App, site: Site) -> list[Mapping[str, object]]:
    from orchestrator.core.events import DrillFinished

    told = (recorded.event for recorded in app.recorded(site.id, types=(DrillFinished,)))
    return [event.document for event in told if isinstance(event, DrillFinished)]


def _dry_run(settings: Settings, app: App, site: Site, request: Request) -> int:
    from orchestrator.core.dry_run import steps
    from orchestrator.jobs.drill import planned
    from orchestrator.jobs.recover_standing import stand
    from orchestrator.reports.dry_run import text
    from orchestrator.reports.recover import findings

    plan = planned(app, site, stand(app, site, request, settings.note))
    rows = steps(plan, _documents(app, site), site.manual)
    if settings.json:
        told = [asdict(one) for one in plan.findings]
        settings.emit({"plan": [row.document() for row in rows], "findings": told})
    lines = findings(plan.findings, settings.lang)
    settings.say("\n\n".join(filter(None, ("\n".join(lines), text(rows)))))
    return 0


def _swept(settings: Settings, app: App) -> None:
    """Clear away what dead runs left: after a recovery, which does not wait for it."""
    from orchestrator.jobs.sweep import recover

    try:
        for line in recover(app):
            settings.note(line)
    except (PraError, OSError) as error:
        settings.note(f"dead runs are not cleared away: {error}")

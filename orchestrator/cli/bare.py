"""`--kit` of a drill and of a recovery: everything from a kit alone, in an empty home."""

from __future__ import annotations

import socket
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.kit_secrets import opening
from orchestrator.cli.kit_secrets import secret as secret_of
from orchestrator.errors import Misused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from orchestrator.app import App
    from orchestrator.cli.common import Settings
    from orchestrator.core.events import RunKind
    from orchestrator.core.plan import Request
    from orchestrator.core.policy.model import Site
    from orchestrator.errors import PraError
    from orchestrator.jobs.bare import Asked
    from restore_drills.model import Plan, Scenario

FILE = click.Path(path_type=Path, dir_okay=False)
NOTHING = 4


def with_kit(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb the options of a kit, and the hidden one by which its child is called."""
    asked = click.option(
        "--kit",
        type=FILE,
        help="Use nothing of this machine but this recovery kit; asks for its passphrase.",
    )
    return asked(opening(click.option("--bare", type=FILE, hidden=True)(command)))


def is_asked(options: Mapping[str, object]) -> bool:
    """Whether a kit alone is to be used. Raises Misused for an option that needs one."""
    if options["kit"] is not None:
        return True
    for name in ("passphrase_file", "identity", "holder"):
        if options[name] is not None:
            word = name.replace("_", "-")
            raise Misused(f"--{word}: without --kit", hint="Name the kit's file with --kit FILE.")
    return False


def begun_by(plan: Plan, bare: object) -> Plan:
    """Return the plan of a child in an empty home: its run and its first steps are another's."""
    from orchestrator.jobs.bare_child import handed, steps

    if not isinstance(bare, Path):
        return plan
    told = handed(bare)
    return replace(
        plan,
        run=told.run,
        before=steps(told, time.monotonic()),
        findings=(*told.findings, *plan.findings),
    )


def opened_by(bare: object) -> tuple[str, ...]:
    """Return the words by which the kit of a child was opened: its command goes on with them."""
    from orchestrator.jobs.bare_child import handed

    return handed(bare).opening if isinstance(bare, Path) else ()


def policy_of(bare: object) -> Mapping[str, str] | None:
    """Return the files of the policy that was found with the kit of a child, as written."""
    from orchestrator.jobs.bare_child import handed

    return handed(bare).policy if isinstance(bare, Path) else None


def expected_by(bare: object) -> tuple[float, None] | None:
    """Return how long drills say that a child from a kit still takes; None: nobody knows."""
    from orchestrator.jobs.bare_child import handed

    if not isinstance(bare, Path):
        return None
    told = handed(bare)
    if told.expected_s is None:
        return None
    return max(told.began + told.expected_s - time.monotonic(), 0.0), None


def carry_out(  # noqa: PLR0913, PLR0917 - what differs between a drill and a recovery
    settings: Settings,
    kind: RunKind,
    site: str,
    services: tuple[str, ...],
    options: Mapping[str, object],
    words: tuple[str, ...],
    *,
    target: str = "",
) -> int:
    """Have it done from the kit, say what came out, and return the exit code."""
    from orchestrator.jobs.bare import carried_out
    from orchestrator.jobs.evidence import signer
    from orchestrator.reports.bare import text

    app = _ready(settings)
    words = (*services, *words, *(["--verbose"] if settings.verbose else []))
    asked = replace(
        _asked(settings, app, kind, site, services, options),
        words=(*words, f"--lang={settings.lang}"),
        target=target,
        incident=_incident(app, kind, site, options),
    )
    unsigned: list[PraError] = []
    answer = carried_out(app, asked, settings.note, signer(app.state, unsigned.append))
    if settings.json:
        settings.emit(answer.document)
    settings.say(text(answer.document, answer.text, answer.added, answer.proof, settings.lang))
    if answer.unlogged is not None:
        lost = answer.unlogged
        click.echo(f"pra: this {kind} is not on the log: {lost}\n  {lost.hint}", err=True)
    for why in unsigned:
        click.echo(f"pra: this {kind} is not signed: {why}\n  {why.hint}", err=True)
    return answer.code or (0 if answer.unlogged is None else 1)


def carry_plan(  # noqa: PLR0913, PLR0917 - what differs between a drill and a recovery
    settings: Settings,
    kind: RunKind,
    site: str,
    services: tuple[str, ...],
    options: Mapping[str, object],
    request: Callable[[App, Site], Request],
) -> int:
    """Say what would be done from the kit, and how long it takes; 4 where nothing can be."""
    from orchestrator.jobs.bare_plan import planned
    from orchestrator.reports.bare import plan_document, plan_text

    app = _ready(settings)
    asked = _asked(settings, app, kind, site, services, options)

    def wanted(found: Site) -> Request:
        return replace(request(app, found), scenario=asked.scenario, kit=True)

    plan = planned(app, asked, wanted, settings.note)
    if settings.json:
        settings.emit(plan_document(plan.rows, plan.kit.times, plan.findings))
    settings.say(plan_text(plan.rows, plan.times, plan.findings, settings.lang))
    return 0 if plan.rows else NOTHING


def _ready(settings: Settings) -> App:
    from orchestrator.app import App
    from orchestrator.jobs.sweep import recover

    app = _logging(settings, App(policies_dir=settings.policies, state=settings.state))
    for line in recover(app):
        settings.note(line)
    return app


def _asked(  # noqa: PLR0913, PLR0917 - what a person may say
    settings: Settings,
    app: App,
    kind: RunKind,
    site: str,
    services: tuple[str, ...],
    options: Mapping[str, object],
) -> Asked:
    from orchestrator.jobs.bare import Asked

    kit = options["kit"]
    if not isinstance(kit, Path):
        raise TypeError(kit)
    holder, secret = secret_of(options)
    return Asked(
        kind=kind,
        site=site,
        kit=kit,
        secret=secret,
        holder=holder,
        scenario=_scenario(str(options["scenario"])),
        place=_text(options.get("place")) or socket.gethostname(),
        words=("--path=",) if options.get("path") else (),
        began=time.monotonic(),
        at=app.clock(),
        opening=_opening(options),
        services=services,
        lang=settings.lang,
    )


def _opening(options: Mapping[str, object]) -> tuple[str, ...]:
    """Return the words that open the kit, for a command that is called from any folder."""
    found = []
    for name in ("kit", "passphrase_file", "identity", "holder"):
        value = options[name]
        if value is not None:
            said = value.absolute() if isinstance(value, Path) else value
            found.append(f"--{name.replace('_', '-')}={said}")
    return tuple(found)


def _logging(settings: Settings, app: App) -> App:
    """Return what does without the state folder, where that cannot be had: nobody waits for it."""
    from orchestrator.app import App
    from orchestrator.errors import StateUnusable

    try:
        app.log.path.exists()
    except StateUnusable as error:
        state = Path(tempfile.mkdtemp(prefix="pra-"))
        settings.note(f"{error}: the log of this run is in {state}")
        return App(policies_dir=app.policies_dir, state=state, clock=app.clock)
    return app


def _incident(app: App, kind: RunKind, site: str, options: Mapping[str, object]) -> str:
    """Return what a recovery is made for, as this machine knows it; a bare one knows of none."""
    from orchestrator.core.events import RunKind
    from orchestrator.jobs.recover import incident_for

    found = _known(app, site)
    if kind is not RunKind.RECOVER or found is None:
        return ""
    return incident_for(app, found, str(options["scenario"]), str(options.get("incident") or ""))


def _known(app: App, site: str) -> Site | None:
    from orchestrator.errors import PraError

    try:
        return app.checked.sites.get(site)
    except PraError:  # no policy at all is here: a bare machine
        return None


def _scenario(name: str) -> Scenario:
    """Return what went wrong: who needs a kit and says nothing else was burgled."""
    from click.core import ParameterSource

    from restore_drills.model import Scenario

    source = click.get_current_context().get_parameter_source("scenario")
    if source is ParameterSource.DEFAULT:
        return Scenario.BURGLARY
    try:
        return Scenario(name)
    except ValueError as error:
        can = ", ".join(Scenario)
        raise Misused(f"--scenario {name}: no such scenario", hint=f"One of {can}.") from error


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None

"""A recovery: the drill's own plan, code and checks, kept; from the policy to the log."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from orchestrator import __version__
from orchestrator.adapters.restic import STALL
from orchestrator.core.disaster import AT
from orchestrator.core.events import RecoverFinished, RunKind
from orchestrator.core.recovering import manual
from orchestrator.core.recovering.journal import earlier, other, stood, words
from orchestrator.core.recovering.order import ordered
from orchestrator.errors import Misused, PraError, StateUnusable
from orchestrator.jobs import recover_start
from orchestrator.jobs.begun import begin
from orchestrator.jobs.drill import views
from orchestrator.jobs.opening import restic_version
from orchestrator.jobs.recover_fetch import KeptRestore
from orchestrator.jobs.recover_keeper import Keep
from orchestrator.jobs.recover_outcome import attacks, cut_over, is_over, places, policy_steps
from orchestrator.jobs.recover_place import DOCUMENT, README
from orchestrator.reports.recover import Told, text
from orchestrator.reports.recover_readme import complete
from restore_drills import process
from restore_drills.document import document, stamp
from restore_drills.host import Machine
from restore_drills.run import run as run_drill

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta

    from orchestrator.app import App
    from orchestrator.core.policy.model import Site
    from orchestrator.core.recovering.journal import Asked
    from orchestrator.core.recovering.manual import Signed
    from orchestrator.jobs.begun import Begun
    from orchestrator.jobs.recover_keeper import Onlooker
    from orchestrator.jobs.recover_place import Place
    from restore_drills.model import Plan, Report
    from restore_drills.process import Processes

GRAVE = ("P1", "P2")  # an incident of less is no reason for a recovery


class Patient(Machine):
    """The machine of a recovery: its clock stands still while a person makes up his mind."""

    def __init__(self, keep: Keep, *, processes: Processes, now: Callable[[], datetime]) -> None:
        super().__init__(root=keep.place.root, processes=processes, now=now, lasting=True)
        self._keep = keep

    def monotonic(self) -> float:
        """Return the monotonic clock without the time of waiting."""
        return super().monotonic() - self._keep.waited


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What came out. Not `over`: the same command goes on."""

    report: Report
    document: dict[str, Any]
    told: Told
    over: bool
    unlogged: PraError | None = None
    unwritten: PraError | None = None  # what could not be told in the folder itself

    def text(self, lang: str, timezone: str, *, verbose: bool = False) -> str:
        """Return what a person reads of it."""
        return text(self.report, self.told, lang=lang, timezone=timezone, verbose=verbose)


def incident_for(app: App, site: Site, scenario: str, named: str) -> str:
    """Return the id of the open incident that a recovery is made for; empty: none is open.

    The beginning of its id names one. Raises Misused where that is not one open at this site.
    """
    try:
        known = app.known().incidents
    except StateUnusable:
        return ""
    here = [i for i in known.values() if i.site == site.id and i.resolved_at is None]
    if named:
        meant = sorted(i.id for i in here if i.id.startswith(named.lower()))
        if len(meant) == 1:
            return meant[0]
        if named.lower() in meant:
            return named.lower()
        raise Misused(
            f"--incident {named}: {f'{len(meant)} open incidents' if meant else 'no open incident'}"
            f" of {site.id} {'begin' if meant else 'begins'} so",
            hint=f"See `pra incidents {site.id}`.",
        )
    grave = [i for i in here if i.criticality in GRAVE or i.scenario == scenario]
    grave.sort(key=lambda i: (i.scenario != scenario, i.criticality, i.opened_at))
    return grave[0].id if grave else ""


def begin_recovery(app: App, site: Site, plan: Plan, incident: str) -> Begun:
    """Begin the run of a recovery. Raises StateUnusable where the log cannot take it.

    Raises Misused for one path of several services: in one folder one would replace the other.
    """
    holding = [service.id for service in plan.services if service.path]
    if len(holding) > 1:
        raise Misused(
            f"{site.id}: {plan.services[0].path} is saved by {' and '.join(holding)}",
            hint=f"Name the one: `pra recover {site.id} {holding[0]} --path ...`.",
        )
    begun = begin(
        app.log,
        app.state,
        run=plan.run,
        kind=RunKind.RECOVER,
        site=site.id,
        service="",
        repository=" ".join(site.repositories),
        scenario=plan.scenario,
        incident=incident,
    )
    if begun is None:
        raise ValueError(plan.run)  # a run without a key is always begun
    return begun


def recover(  # noqa: PLR0913 - what a caller may choose
    app: App,
    site: Site,
    plan: Plan,
    *,
    asked: Asked,
    place: Place,
    begun: Begun,
    watch: Onlooker,
    sign_off: Callable[[tuple[Signed, ...]], tuple[Signed, ...]] = lambda steps: steps,
    start: bool = False,
    lang: str = "en",
    patience: timedelta = STALL,
    written: Mapping[str, str] | None = None,
    sign: Callable[[dict[str, Any]], dict[str, Any]] = lambda document: document,
) -> Recovered:
    """Carry out a recovery into `place`, which is held; its outcome is on the log, last.

    `sign_off` has the policy's steps by hand signed off, after all else. `written` is the policy
    that was found with a kit, by file name; it is kept beside the data. Raises PraError,
    Interrupted, Misused: what was fetched stays, and the same again goes on.
    """
    with begun:
        keep = Keep(place, asked, plan=plan, now=app.clock(), watch=watch, lang=lang)
        keep.interrupted = lambda: begun.processes.cancelled is not None
        plan = _resumed(plan, site, keep, place)
        with keep.at_work():
            report = _run(app, site, plan, keep=keep, begun=begun, patience=patience)
        servers, faults = recover_start.start(report if start else None, place, begun.processes)
        over, steps = is_over(report), manual.steps(site, plan)
        is_bare = place.is_bare()
        told = Told(
            name=site.name,
            target=str(place.target),
            began=keep.journal.began,
            runs=len(keep.journal.runs),
            worked=keep.worked(app.clock()),
            stood=stood(keep.journal),
            places=places(report, place),
            cut_over=cut_over(
                site,
                report,
                place,
                lang,
                servers,
                attacks=attacks(app, site),
                policy=policy_steps(written, site, place, lang) if written else (),
            ),
            manual=sign_off(steps) if over and steps else steps,
            servers=tuple((one.service, one.connect, one.stop) for one in servers),
            faults=tuple(faults),
            again=() if over or is_bare else words(keep.journal.asked, str(place.target)),
        )
        more = {
            "incident": begun.started.incident or None,
            "over": over,
            "servers": [one.document() for one in servers],
        }
        signed = sign(_document(report, told, more))
        unwritten = None
        if is_bare:  # the folder is as it was: whoever asks otherwise next finds it free
            place.is_given_up = True
        else:
            said = text(report, told, lang=lang, timezone=site.timezone)
            unwritten = _written(place, keep, signed, said, over=over)
            if written and unwritten is None:
                unwritten = _kept(place, site, written)
        unlogged = _logged(begun, signed, place, report)
    return Recovered(
        report=report,
        document=signed,
        told=told,
        over=over,
        unlogged=unlogged,
        unwritten=unwritten,
    )


def _written(
    place: Place, keep: Keep, signed: dict[str, Any], said: str, *, over: bool
) -> PraError | None:
    """Leave beside the data what is there; a full disk is no reason to say nothing of it."""
    try:
        place.put(DOCUMENT, json.dumps(signed, ensure_ascii=False, indent=1))
        place.put(README, complete(said))
        if over:
            place.clear()
        keep.end(over=over)
    except PraError as error:
        return error
    return None


def _kept(place: Place, site: Site, written: Mapping[str, str]) -> PraError | None:
    try:
        place.put_policy(site, written)
    except PraError as error:
        return error
    return None


def _resumed(plan: Plan, site: Site, keep: Keep, place: Place) -> Plan:
    """Return the plan in the order of work; of a recovery that goes on, with what it began with.

    What an earlier run left alive is ended first: two restics in one folder would be one too many.
    """
    plan = ordered(replace(plan, space=None), site)
    before = keep.before
    if before is None:
        return plan
    if was := other(before, keep.journal.asked):
        raise Misused(
            f"another recovery was begun there meanwhile, of {was}",
            hint="Give --to another folder.",
        )
    for run in before.runs:
        process.sweep(run)
    for service in plan.services:
        place.withdraw(service)
    # The clock of the first run goes on: whoever counts the last run alone flatters.
    return replace(
        plan,
        t0=before.t0,
        point=before.point,
        exploratory=plan.exploratory or before.point == AT,
        before=(*earlier(keep.journal), *plan.before),
    )


def _run(  # noqa: PLR0913 - as the engine
    app: App, site: Site, plan: Plan, *, keep: Keep, begun: Begun, patience: timedelta
) -> Report:
    machine = Patient(keep, processes=begun.processes, now=app.clock)
    rewound, undone = views(plan, app.clock())
    with KeptRestore(
        app.state,
        site,
        begun.processes,
        patience,
        keep.watch.moved,
        rewound=rewound,
        undone=undone,
        now=app.clock(),
    ) as restore:
        restore.pin(plan, keep.pinned)
        return run_drill(
            plan,
            restore,
            machine,
            tools={**_restic(begun.processes), "pra": __version__},
            tell=keep.watch.stepped,
            keeper=keep,
        )


def _restic(processes: Processes) -> dict[str, str]:
    """Return restic's version; where there is none to use, opening a repository says why."""
    try:
        return {"restic": restic_version(processes)}
    except PraError:
        return {}


def _document(report: Report, told: Told, more: dict[str, Any]) -> dict[str, Any]:
    return {
        **manual.signed_off(document(report), told.manual),
        "target": told.target,
        "cut_over": list(told.cut_over),
        "began": stamp(told.began),
        "runs": told.runs,
        "worked_s": round(told.worked.total_seconds(), 3),
        "interrupted_s": round(told.stood.total_seconds(), 3),
        **more,
    }


def _logged(
    begun: Begun, signed: dict[str, Any], place: Place, report: Report
) -> StateUnusable | None:
    """Write the outcome on the log; the data is there whether that can be or not."""
    try:
        begun.end(
            RecoverFinished(
                run=begun.run,
                site=report.plan.site,
                verdict=report.verdict,
                target=str(place.target),
                incident=begun.started.incident,
                document=signed,
            )
        )
    except StateUnusable as error:
        return error
    return None

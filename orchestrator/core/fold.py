"""The state of all sites: a fold of the log. Nothing here is kept that the log does not say."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from datetime import UTC
from sys import intern
from typing import TYPE_CHECKING, assert_never

from orchestrator.core import drilled, fold_clock, fold_incidents, fold_recovery, fold_upkeep
from orchestrator.core.events import (
    BackupFinished,
    CopyFinished,
    DaemonStarted,
    DaemonStopped,
    DrillFinished,
    EvidenceImported,
    IncidentMarked,
    LogRestored,
    Observed,
    Outcome,
    PoliciesRead,
    RecoverFinished,
    RelockFinished,
    RepairFinished,
    RetainFinished,
    RewindFinished,
    RunFailed,
    RunInterrupted,
    RunKind,
    RunStarted,
    SuspicionEnded,
    VerifyFinished,
)
from orchestrator.core.fold_recovery import Told
from orchestrator.core.history import DAMAGED, HELD, LOST, WEAK, begun, over
from orchestrator.core.state import (
    CopyState,
    Observation,
    Proofs,
    RepositoryState,
    Series,
    ServiceState,
    SiteState,
    State,
)
from restore_drills.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from typing import Any

    from orchestrator.core.drilled import Drilled
    from orchestrator.core.events import Recorded
    from orchestrator.core.history import End
    from orchestrator.core.state import Run

KEPT_SECONDS = 5
KEPT_DAYS = 400
# Outcomes of work that was done to its end, whatever it found.
GOOD = {
    str(Outcome.COMPLETE),
    str(Outcome.SUSPECTED),
    str(Verdict.PROVEN),
    str(Verdict.REFUTED),
    DAMAGED,
    HELD,
    LOST,
    WEAK,
}
OF_REPOSITORY = {RunKind.COPY, RunKind.VERIFY, RunKind.RELOCK, RunKind.RETAIN}
CLOCK_WRONG = "clock-wrong"
LOOK = "Compare the log with what the repositories hold, and close the incident."


def fold(records: Iterable[Recorded], start: State | None = None) -> State:
    """Return the state after these events, which follow those of `start`; `start` is kept.

    Raises StateUnusable for the document of a drill that cannot be read.
    """
    state = State() if start is None else copied(start)
    for recorded in records:
        apply(state, recorded)
    return state


def apply(state: State, recorded: Recorded) -> None:  # noqa: C901, PLR0912, PLR0915 - a table
    """Take the next event in. Raises StateUnusable as `fold` does."""
    event, at = recorded.event, recorded.at
    match event:
        case RunStarted():
            run = begun(event, recorded)
            state.open[run.run] = run
            _series(state, run).last = run
            fold_clock.started(state, event, at)
        case BackupFinished():
            _end(state, event, at, ())
            fold_recovery.backed_up(_service(state, event.site, event.service), event, at)
            if event.outcome is Outcome.COMPLETE:
                _complete(_service(state, event.site, event.service), event, at)
                fold_upkeep.held(_repository(state, event.site, event.repository), at)
        case CopyFinished():
            _end(state, event, at, ())
            copy_state = _copy(_service(state, event.site, event.service), event.repository)
            fold_upkeep.copied(copy_state, event)
            fold_upkeep.held(_repository(state, event.site, event.repository), at)
        case (
            VerifyFinished()
            | RelockFinished()
            | RetainFinished()
            | RepairFinished()
            | RewindFinished()
        ):
            known = state.open.get(event.run)
            _end(state, event, at, ())
            fold_upkeep.apply(_repository(state, event.site, event.repository), event, known, at)
        case DrillFinished():
            said = drilled.read(event.document)
            _end(state, event, at, said)
            _prove(state, event.site, event.document, said)
        case EvidenceImported():
            state.keys[event.place] = event.key
            said = drilled.read(event.document)
            _prove(state, event.site, event.document, said, imported=True)
        case RecoverFinished():
            _end(state, event, at, drilled.read(event.document))
            fold_clock.recovered(state, event)
        case RunFailed() | RunInterrupted():
            _end(state, event, at, ())
        case Observed():
            _observe(state, event, recorded)
        case LogRestored():
            _restored(state, event, recorded)
        case PoliciesRead():
            state.policies = event.digests
        case DaemonStarted() | DaemonStopped():
            pass
        case _ if isinstance(event, Told):
            fold_recovery.apply(_site(state, event.site), event, recorded)
            if isinstance(event, SuspicionEnded):
                fold_incidents.apply(state, event, at)
        case IncidentMarked():
            fold_incidents.apply(state, event, at)
            fold_clock.marked(state, event)
        case _:
            fold_incidents.apply(state, event, at)
    fold_incidents.forget(state, at)
    state.seq, state.hash, state.at = recorded.seq, recorded.hash, at


def copied(state: State) -> State:
    """Return the state again, so that applying to one leaves the other alone."""
    other = copy(state)
    for name in ("open", "observed", "incidents", "last_incident", "closed", "keys"):
        setattr(other, name, dict(getattr(state, name)))
    other.sites = {
        name: SiteState(
            services={one: _copied(service) for one, service in site.services.items()},
            drills={one: copy(series) for one, series in site.drills.items()},
            repositories={
                one: replace(
                    known,
                    series={kind: copy(series) for kind, series in known.series.items()},
                    read=dict(known.read),
                    damages=dict(known.damages),
                )
                for one, known in site.repositories.items()
            },
            repairs=copy(site.repairs),
            recoveries=copy(site.recoveries),
            leads=dict(site.leads),
            delays=dict(site.delays),
            kit=site.kit,
            paused=site.paused,
            resumed=site.resumed,
            anew=site.anew,
            expected=site.expected,
        )
        for name, site in state.sites.items()
    }
    return other


def _copied(service: ServiceState) -> ServiceState:
    return ServiceState(
        backups=copy(service.backups),
        complete=service.complete,
        seconds=service.seconds,
        gaps=dict(service.gaps),
        since=service.since,
        suspected=service.suspected,
        suspicions=service.suspicions,
        unusual=service.unusual,
        before_unusual=service.before_unusual,
        decoys=service.decoys,
        proofs={scenario: copy(proofs) for scenario, proofs in service.proofs.items()},
        copies={
            one: replace(known, copies=copy(known.copies), gaps=dict(known.gaps))
            for one, known in service.copies.items()
        },
    )


def _site(state: State, site: str) -> SiteState:
    found = state.sites.get(site)
    if found is None:
        found = state.sites[site] = SiteState()
    return found


def _service(state: State, site: str, service: str) -> ServiceState:
    services = _site(state, site).services
    found = services.get(service)
    if found is None:
        found = services[service] = ServiceState()
    return found


def _repository(state: State, site: str, repository: str) -> RepositoryState:
    found = _site(state, site).repositories.setdefault(repository, RepositoryState())
    found.seq = state.seq + 1  # of the event that is being taken in
    return found


def _copy(service: ServiceState, repository: str) -> CopyState:
    return service.copies.setdefault(repository, CopyState())


def _series(state: State, run: Run) -> Series:  # noqa: PLR0911 - a table
    if run.kind in OF_REPOSITORY and not run.repository:
        return Series()  # never seen starting: nobody knows of what it was the end
    match run.kind:
        case RunKind.BACKUP:
            return _service(state, run.site, run.service).backups
        case RunKind.COPY:
            return _copy(_service(state, run.site, run.service), run.repository).copies
        case RunKind.VERIFY | RunKind.RELOCK | RunKind.RETAIN:
            series = _repository(state, run.site, run.repository).series
            return series.setdefault(str(run.kind), Series())
        case RunKind.REPAIR | RunKind.REWIND:
            return _site(state, run.site).repairs
        case RunKind.RECOVER:
            return _site(state, run.site).recoveries
        case RunKind.DRILL:
            return _site(state, run.site).drills.setdefault(run.drill, Series())
        case _:
            assert_never(run.kind)


def _end(state: State, event: End, at: datetime, said: tuple[Drilled, ...]) -> None:
    known = state.open.pop(event.run, None)
    run = over(known, event, at, said)
    series = _series(state, run)
    last, answered = series.last, series.answered
    if known is None and any(one and one.run == run.run for one in (last, answered)):
        return  # the first end counts: this one speaks of a run already over
    if known is None or (last and last.run == run.run):
        series.last = run
    if run.outcome == Outcome.INTERRUPTED:
        series.interruptions += 1
    else:
        series.answered, series.interruptions = run, 0
        series.failures = 0 if run.outcome in GOOD else series.failures + 1


def _complete(service: ServiceState, event: BackupFinished, at: datetime) -> None:
    before = service.complete
    if before and before.run == event.run:
        return
    usable_at = event.usable_at or at
    service.since = service.since or usable_at
    if before and before.data_time:
        day = intern(usable_at.astimezone(UTC).date().isoformat())  # one for all services
        gap = max(0.0, (usable_at - before.data_time).total_seconds())
        service.gaps[day] = max(gap, service.gaps.get(day, 0.0))
        if len(service.gaps) > KEPT_DAYS:
            del service.gaps[min(service.gaps)]
    service.complete = event
    service.seconds = (*service.seconds, event.seconds)[-KEPT_SECONDS:]


def _prove(
    state: State,
    site: str,
    document: Mapping[str, Any],
    said: tuple[Drilled, ...],
    *,
    imported: bool = False,
) -> None:
    # With an instant or a repository of somebody's choice it does not say what tonight gives.
    for one in () if document.get("exploratory") else said:
        proofs = _service(state, site, one.service).proofs.setdefault(str(one.scenario), Proofs())
        slots = ["drilled"]
        if one.verdict is not Verdict.INCONCLUSIVE:
            slots.append("answered")
        if one.verdict is Verdict.PROVEN:
            slots.append("proven")
        for slot in slots:
            held: Drilled | None = getattr(proofs, slot)
            # What comes from elsewhere may come late: it takes no newer drill's place.
            if not (imported and held and held.started_at > one.started_at):
                setattr(proofs, slot, one)


def _observe(state: State, event: Observed, recorded: Recorded) -> None:
    key = f"{event.site}/{event.condition}"
    if event.condition == CLOCK_WRONG:
        state.clock_doubted_at = recorded.at
    if not event.present:
        state.observed.pop(key, None)
        return
    before = state.observed.get(key)
    # One that goes on keeps the event that began it: the evidence of its incident.
    state.observed[key] = Observation(
        event=before.event if before else recorded.id,
        site=event.site,
        condition=event.condition,
        since=before.since if before else recorded.at,
        detail=event.detail,
        remedy=event.remedy,
    )


def _restored(state: State, event: LogRestored, recorded: Recorded) -> None:
    """Keep that it happened until a person has taken note of it."""
    state.observed[f"{event.site}/{fold_incidents.LOG_RESTORED}"] = Observation(
        event=recorded.id,
        site=event.site,
        condition=fold_incidents.LOG_RESTORED,
        since=recorded.at,
        detail=f"{event.damage}: what came after event {event.last_seq} may be lost; "
        f"the damaged log is kept as {event.kept_as}",
        remedy=LOOK,
    )

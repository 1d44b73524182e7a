"""The state of all sites: a fold of the log. Nothing here is kept that the log does not say."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, assert_never

from orchestrator.core import drilled
from orchestrator.core.events import (
    BackupFinished,
    DrillFinished,
    Outcome,
    RunFailed,
    RunInterrupted,
    RunKind,
    RunStarted,
)
from restore_drills.model import Scenario, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orchestrator.core.drilled import Drilled
    from orchestrator.core.events import Recorded


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run as the log tells it; `outcome` is None while it is open.

    The outcome is a backup's, or a drill's verdict. `service` is empty for a drill, whose
    `services` are known when it ends. `cause` is the id of the event that asked for it.
    """

    run: str
    kind: RunKind
    site: str
    service: str
    started_at: datetime
    finished_at: datetime | None = None
    outcome: str | None = None
    cause: str | None = None
    error: str | None = None
    services: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class State:
    """What the events up to `seq` add up to; `runs` in the order of their start."""

    seq: int = 0
    runs: dict[str, Run] = field(default_factory=dict)
    _complete: dict[tuple[str, str], BackupFinished] = field(default_factory=dict)
    _pinned: dict[str, tuple[str, str, str]] = field(default_factory=dict)
    _drilled: dict[tuple[str, str, Scenario], Drilled] = field(default_factory=dict)
    _answered: dict[tuple[str, str, Scenario], Drilled] = field(default_factory=dict)
    _proven: dict[tuple[str, str, Scenario], Drilled] = field(default_factory=dict)

    def history(self, site: str) -> list[Run]:
        """Return the runs of a site, oldest first."""
        return [run for run in self.runs.values() if run.site == site]

    def last_run(self, site: str, service: str, kind: RunKind) -> Run | None:
        """Return the run of this kind that started last."""
        mine = (r for r in reversed(self.runs.values()) if (r.site, r.kind) == (site, kind))
        return next((r for r in mine if r.service == service), None)

    def last_complete(self, site: str, service: str) -> BackupFinished | None:
        """Return the last backup that gave a usable recovery point."""
        return self._complete.get((site, service))

    def pinned(self, site: str, service: str) -> dict[str, str]:
        """Return the tree ids that our backups saw, by snapshot id."""
        return {
            snapshot: tree
            for snapshot, (of_site, of_service, tree) in self._pinned.items()
            if (of_site, of_service) == (site, service)
        }

    def last_drilled(self, site: str, service: str, scenario: Scenario) -> Drilled | None:
        """Return what the last drill said, whatever it said."""
        return self._drilled.get((site, service, scenario))

    def last_answered(self, site: str, service: str, scenario: Scenario) -> Drilled | None:
        """Return what the last drill said that was not inconclusive: that one proves nothing."""
        return self._answered.get((site, service, scenario))

    def last_proven(self, site: str, service: str, scenario: Scenario) -> Drilled | None:
        """Return what the last drill said that proved the service."""
        return self._proven.get((site, service, scenario))

    def last_values(self, site: str, service: str, scenario: Scenario) -> dict[str, float]:
        """Return the numbers that the checks of the last proof saw, by check name."""
        proof = self.last_proven(site, service, scenario)
        return dict(proof.values) if proof else {}

    def apply(self, recorded: Recorded) -> None:
        """Take in the next event."""
        event, at = recorded.event, recorded.at
        self.seq = recorded.seq
        match event:
            case RunStarted():
                self.runs[event.run] = Run(
                    run=event.run,
                    kind=event.kind,
                    site=event.site,
                    service=event.service,
                    started_at=at,
                    cause=recorded.cause,
                )
            case BackupFinished():
                began = at - timedelta(seconds=event.seconds)
                self._end(_of(event, RunKind.BACKUP, began), at, event.outcome, event.error)
                if event.outcome is Outcome.COMPLETE:
                    self._complete[event.site, event.service] = event
                for snapshot in event.snapshots:
                    self._pinned[snapshot.id] = (event.site, event.service, snapshot.tree)
            case DrillFinished():
                self._drill(event, at)
            case RunFailed():
                self._end(_of(event, event.kind, at), at, Outcome.FAILED, event.error)
            case RunInterrupted():
                self._end(_of(event, event.kind, at), at, Outcome.INTERRUPTED, event.note)
            case _:
                assert_never(event)

    def _drill(self, event: DrillFinished, at: datetime) -> None:
        said = drilled.read(event.document)
        began = min((one.started_at for one in said), default=at)
        self._end(_of(event, RunKind.DRILL, began), at, event.verdict, None)
        services = tuple(one.service for one in said)
        self.runs[event.run] = replace(self.runs[event.run], services=services)
        # With an instant or a repository of somebody's choice it does not say what tonight gives.
        for one in () if event.document.get("exploratory") else said:
            key = (event.site, one.service, one.scenario)
            self._drilled[key] = one
            if one.verdict is not Verdict.INCONCLUSIVE:
                self._answered[key] = one
            if one.verdict is Verdict.PROVEN:
                self._proven[key] = one

    def _end(self, unseen: Run, at: datetime, outcome: str, error: str | None) -> None:
        # A run that the log never saw start (its events came from elsewhere) is told all the same.
        run = self.runs.setdefault(unseen.run, unseen)
        if run.outcome is None:  # the first end counts: a later one speaks of a run already over
            self.runs[run.run] = replace(
                run, finished_at=at, outcome=str(outcome), error=error or None
            )


def fold(records: Iterable[Recorded], start: State | None = None) -> State:
    """Return the state after these events, which follow those of `start`; `start` is kept."""
    state = State() if start is None else _copy(start)
    for recorded in records:
        state.apply(recorded)
    return state


def _copy(state: State) -> State:
    return State(
        seq=state.seq,
        runs=dict(state.runs),
        _complete=dict(state._complete),  # noqa: SLF001 - the same class
        _pinned=dict(state._pinned),  # noqa: SLF001 - the same class
        _drilled=dict(state._drilled),  # noqa: SLF001 - the same class
        _answered=dict(state._answered),  # noqa: SLF001 - the same class
        _proven=dict(state._proven),  # noqa: SLF001 - the same class
    )


def _of(
    event: BackupFinished | DrillFinished | RunFailed | RunInterrupted,
    kind: RunKind,
    began: datetime,
) -> Run:
    service = "" if isinstance(event, DrillFinished) else event.service
    return Run(run=event.run, kind=kind, site=event.site, service=service, started_at=began)

"""The runs as the log tells them, from their start to their end: what `pra history` shows.

As long as the log is: the bounded state keeps only the last ones (`core/fold.py`).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, assert_never

from orchestrator.core import drilled
from orchestrator.core.events import (
    BackupFinished,
    CopyFinished,
    DrillFinished,
    EvidenceImported,
    Outcome,
    RecoverFinished,
    RelockFinished,
    RepairFinished,
    RetainFinished,
    RewindFinished,
    RunFailed,
    RunInterrupted,
    RunKind,
    RunStarted,
    VerifyFinished,
)
from orchestrator.core.state import Run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from orchestrator.core.drilled import Drilled
    from orchestrator.core.events import Recorded

Upkeep = (
    CopyFinished
    | VerifyFinished
    | RelockFinished
    | RetainFinished
    | RepairFinished
    | RewindFinished
)
End = BackupFinished | DrillFinished | RecoverFinished | RunFailed | RunInterrupted | Upkeep
KINDS: dict[type[Upkeep], RunKind] = {
    CopyFinished: RunKind.COPY,
    VerifyFinished: RunKind.VERIFY,
    RelockFinished: RunKind.RELOCK,
    RetainFinished: RunKind.RETAIN,
    RepairFinished: RunKind.REPAIR,
    RewindFinished: RunKind.REWIND,
}
DAMAGED, WEAK, HELD, LOST = "damaged", "weak", "held", "lost"

# What `runs` reads: other events may stay in the log.
TOLD = (
    RunStarted,
    BackupFinished,
    DrillFinished,
    RecoverFinished,
    EvidenceImported,
    RunFailed,
    RunInterrupted,
    *KINDS,
)


def runs(records: Iterable[Recorded]) -> list[Run]:
    """Return every run in the order of its start. Raises StateUnusable for a broken document."""
    found: dict[str, Run] = {}
    for recorded in records:
        event = recorded.event
        if isinstance(event, RunStarted):
            found[event.run] = begun(event, recorded)
        elif isinstance(event, End):
            said = (
                drilled.read(event.document)
                if isinstance(event, DrillFinished | RecoverFinished)
                else ()
            )
            known = found.get(event.run)
            if known is None or known.outcome is None:  # the first end counts
                found[event.run] = over(known, event, recorded.at, said)
        elif isinstance(event, EvidenceImported):
            found[event.run] = _imported(event, recorded)
    return list(found.values())


def begun(event: RunStarted, recorded: Recorded) -> Run:
    """Return the run that starts."""
    return Run(
        run=event.run,
        kind=event.kind,
        site=event.site,
        service=event.service,
        started_at=recorded.at,
        repository=event.repository,
        origin=event.origin,
        slot=event.slot,
        drill=event.drill,
        scenario=event.scenario,
        cause=recorded.cause,
    )


def over(known: Run | None, event: End, at: datetime, said: tuple[Drilled, ...] = ()) -> Run:
    """Return the run as its end at `at` leaves it; `said` is what the document of a drill says.

    A run that the log never saw start (its events came from elsewhere) is told all the same.
    """
    run = known or _unseen(event, at, said)
    match event:
        case BackupFinished():
            return replace(
                run, finished_at=at, outcome=str(event.outcome), error=event.error or None
            )
        case DrillFinished() | RecoverFinished():
            services = tuple(one.service for one in said)
            return replace(run, finished_at=at, outcome=event.verdict, services=services)
        case RunFailed():
            return replace(
                run,
                finished_at=at,
                outcome=str(Outcome.FAILED),
                code=event.code,
                error=event.error or None,
                remedy=event.remedy,
                retryable=event.retryable,
            )
        case RunInterrupted():
            return replace(
                run, finished_at=at, outcome=str(Outcome.INTERRUPTED), error=event.note or None
            )
        case _:
            outcome, why = upkept(event)
            return replace(run, finished_at=at, outcome=outcome, error=why or None)


def upkept(event: Upkeep) -> tuple[str, str]:
    """Return the outcome of an upkeep, and why it is not complete.

    damaged: a verification found damage; weak: a lock is less than promised; held: a retention
    removed nothing; lost: a repair or a rewind could not bring all back.
    """
    match event:
        case CopyFinished():
            return str(Outcome.COMPLETE), ""
        case VerifyFinished():
            fault = event.damage[0].fault if event.damage else "the repository is damaged"
            return (str(Outcome.COMPLETE), "") if event.sound else (DAMAGED, fault)
        case RelockFinished():
            return (WEAK, event.problems[0]) if event.problems else (str(Outcome.COMPLETE), "")
        case RetainFinished():
            return (HELD, event.held) if event.held else (str(Outcome.COMPLETE), "")
        case RepairFinished():
            why = _many(len(event.lost), "point is", "points are")
            return _healed(why and f"{why} not whole again", sound=event.sound)
        case RewindFinished():
            why = "" if event.sound else _many(event.lost, "object has", "objects have")
            return _healed(why and f"{why} no good version left", sound=event.sound)
        case _:
            assert_never(event)


def _healed(why: str, *, sound: bool) -> tuple[str, str]:
    if sound and not why:
        return str(Outcome.COMPLETE), ""
    return LOST, why or "the repository is still damaged"


def _many(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}" if count else ""


def _unseen(event: End, at: datetime, said: tuple[Drilled, ...]) -> Run:
    match event:
        case BackupFinished():
            kind, service, began = RunKind.BACKUP, event.service, at - timedelta(0, event.seconds)
        case DrillFinished():
            kind, service = RunKind.DRILL, ""
            began = min((one.started_at for one in said), default=at)
        case RecoverFinished():
            kind, service = RunKind.RECOVER, ""
            began = min((one.started_at for one in said), default=at)
        case RunFailed() | RunInterrupted():
            kind, service, began = event.kind, event.service, at
        case _:
            kind, service = KINDS[type(event)], getattr(event, "service", "")
            began = at - timedelta(0, event.seconds)
    return Run(
        run=event.run,
        kind=kind,
        site=event.site,
        service=service,
        started_at=began,
        repository=getattr(event, "repository", ""),
        origin=getattr(event, "origin", ""),
    )


def _imported(event: EvidenceImported, recorded: Recorded) -> Run:
    """Return a drill made elsewhere; it was over when it was let in."""
    said = drilled.read(event.document)
    return Run(
        run=event.run,
        kind=RunKind.DRILL,
        site=event.site,
        service="",
        started_at=min((one.started_at for one in said), default=recorded.at),
        scenario=str(said[0].scenario) if said else "",
        finished_at=recorded.at,
        outcome=event.verdict,
        cause=recorded.cause,
        services=tuple(one.service for one in said),
    )

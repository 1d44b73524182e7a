"""A run from its intent to its end: a lock, `RunStarted`, and one event that ends it, whatever.

The one that begins it may hand it to another thread, which carries it out (`with begun:`).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from orchestrator.core.events import RunFailed, RunInterrupted, RunStarted
from orchestrator.errors import Interrupted, PraError, StateUnusable
from orchestrator.log import RunLock, boot_id
from restore_drills import errors as drills
from restore_drills.process import Processes

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

    from orchestrator.core.events import Event, RunKind
    from orchestrator.log import Log

STOPPED = "stopped by hand"
INTERRUPTIONS = (KeyboardInterrupt, Interrupted, drills.Interrupted)
ROOM_EVERY_S = 5.0
OURS = "Its story is in the log of the process, `journalctl -u pra`: please report it."


class Begun:
    """A run that has begun: its lock is held and its start is on the log.

    Leaving the `with` block without `end` writes what the exception says: interrupted or failed.
    `is_patient` lets the outcome wait for room on the disk; hours of work are not lost to it.
    """

    def __init__(self, log: Log, lock: RunLock, started: RunStarted, cause: str) -> None:
        self.lock = lock
        self.started = started
        self.run = started.run
        self.processes = Processes(started.run)
        self._log = log
        self._cause = cause
        self._ended = False
        self.is_patient = False

    def stop(self, why: str = STOPPED) -> None:
        """Have all processes of the run end; whoever carries it out then sees Interrupted."""
        self.processes.cancel(why)

    def end(self, event: Event) -> None:
        """Write the outcome, which is the last thing that a run does. Raises StateUnusable."""
        while not self._ended:
            try:
                self._log.append(event, cause=self._cause)
            except StateUnusable as error:
                if not (self.is_patient and error.retryable) or self._is_stopped(ROOM_EVERY_S):
                    raise
            else:
                self._ended = True

    def fail(self, error: PraError) -> None:
        """Write that the run ended without a result. Raises StateUnusable."""
        started = self.started
        self.end(
            RunFailed(
                run=started.run,
                kind=started.kind,
                site=started.site,
                service=started.service,
                error=str(error),
                remedy=error.hint,
                retryable=error.retryable,
                code=error.code,
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if not self._ended and isinstance(error, INTERRUPTIONS):
                self._interrupted()
            elif not self._ended and isinstance(error, Exception):
                self.fail(_said(error))
        finally:
            self.lock.release()

    def _is_stopped(self, after_s: float) -> bool:
        """Wait so long, or until somebody stops the run; tell whether somebody did."""
        until = time.monotonic() + after_s
        while self.processes.cancelled is None and time.monotonic() < until:
            time.sleep(0.1)
        return self.processes.cancelled is not None

    def _interrupted(self) -> None:
        started = self.started
        self.end(
            RunInterrupted(
                run=started.run,
                kind=started.kind,
                site=started.site,
                service=started.service,
                swept=0,
                note=self.processes.cancelled or STOPPED,
            )
        )


def _said(error: Exception) -> PraError:
    """Say whatever ended a run in our words: an open run would keep its service from the next."""
    if isinstance(error, PraError):
        return error
    if isinstance(error, drills.DrillError):
        return PraError(str(error), hint=error.hint)
    # Not its text: nobody knows what a stranger's error quotes.
    what = error.strerror if isinstance(error, OSError) and error.strerror else ""
    words = ": ".join(filter(None, (type(error).__name__, what)))
    return PraError(f"a fault of pra itself or of this machine: {words}", hint=OURS, retryable=True)


def begin(  # noqa: PLR0913 - what a run is begun with
    log: Log,
    state: Path,
    *,
    run: str,
    kind: RunKind,
    site: str,
    service: str,
    repository: str,
    slot: datetime | None = None,
    drill: str = "",
    scenario: str = "",
    origin: str = "",
    incident: str = "",
    key: str | None = None,
) -> Begun | None:
    """Take the run's lock and write `RunStarted`; None when `key` was taken before.

    Raises StateUnusable.
    """
    lock = RunLock(state, run)
    lock.__enter__()
    started = RunStarted(
        run=run,
        kind=kind,
        site=site,
        service=service,
        repository=repository,
        boot_id=boot_id(),
        slot=slot,
        drill=drill,
        scenario=scenario,
        origin=origin,
        incident=incident,
    )
    try:
        recorded = log.append(started) if key is None else log.append(started, slot=key)
    except BaseException:
        lock.release()
        raise
    if recorded is None:
        lock.release()
        return None
    return Begun(log, lock, started, recorded.id)

"""What wakes the loop: the alarm clock, the log (ours and other processes'), a signal, a tick."""

from __future__ import annotations

import queue
import threading
import time
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Self

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler

from orchestrator.errors import StateUnusable

if TYPE_CHECKING:
    from datetime import datetime
    from types import TracebackType

    from orchestrator.log import Log

LISTEN = timedelta(seconds=0.5)
JOB = "alarm"


class Alarm:
    """One event that anything may set. APScheduler is the alarm clock, and nothing more.

    It keeps one job in memory, which only wakes the loop: what is due is asked of the log.
    """

    def __init__(self, log: Log) -> None:
        # Its `put` may be called by a signal handler, whatever this thread is in the middle of.
        self._rings: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._set_for: datetime | None = None
        self._closed = False
        self._log = log
        self._clock = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(1)},
            # A late alarm rings all the same, once, and the next one while the last still rings.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 9},
            timezone=UTC,
            daemon=True,
        )
        self._listener = threading.Thread(target=self._listen, name="log-listener", daemon=True)

    def ring(self) -> None:
        """Wake the loop now."""
        self._rings.put(None)

    def set(self, at: datetime | None) -> None:
        """Ring at this instant, instead of any that was set before."""
        if at == self._set_for and self._clock.get_job(JOB):
            return
        self._set_for = at
        if at is not None:
            self._clock.add_job(self.ring, "date", run_date=at, id=JOB, replace_existing=True)
        else:
            self._clock.remove_all_jobs()  # of one that rings by now it would say that it is gone

    def wait(self, tick: timedelta) -> None:
        """Wait until something rings, at most a tick of the monotonic clock.

        A wall clock that is put back silences the alarm clock, never the tick.
        """
        try:
            self._rings.get(timeout=tick.total_seconds())
            while True:  # one turn answers all that rang
                self._rings.get_nowait()
        except queue.Empty:
            return

    def _listen(self) -> None:
        while not self._closed:
            try:
                if self._log.wait(LISTEN) and not self._closed:
                    self.ring()
            except StateUnusable:  # the loop meets it too, and says so; the tick goes on
                time.sleep(1)

    def __enter__(self) -> Self:
        self._clock.start()
        self._listener.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closed = True
        # It would stumble over its own end if it rang now: let it finish, and ring no more.
        self._clock.pause()
        self._clock.remove_all_jobs()
        self._clock.shutdown(wait=False)
        self._listener.join(timeout=2)

"""The threads in which the daemon has things done, by name: nothing runs twice at once."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from orchestrator.errors import PraError
from restore_drills.errors import DrillError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from structlog.typing import FilteringBoundLogger

    from orchestrator.jobs.begun import Begun

STOPPED = "the daemon was stopped"
LIMITS = "Look at the machine's memory, and at the limits of the service (`TasksMax=`)."


class Lanes:
    """Threads under way; `done` is called by each that ends well.

    The loop alone calls its methods.
    """

    def __init__(self, done: Callable[[], None], log: FilteringBoundLogger) -> None:
        self._done = done
        self._log = log
        self._threads: dict[str, threading.Thread] = {}
        self._begun: dict[str, Begun] = {}

    def under_way(self, prefix: str = "") -> int:
        """Return how many are at work whose names begin so."""
        self._threads = {n: t for n, t in self._threads.items() if t.is_alive()}
        self._begun = {n: b for n, b in self._begun.items() if n in self._threads}
        return sum(name.startswith(prefix) for name in self._threads)

    def is_busy(self, name: str) -> bool:
        """Tell whether this one is at work."""
        thread = self._threads.get(name)
        return thread is not None and thread.is_alive()

    def start(self, name: str, work: Callable[[], object], begun: Begun | None = None) -> None:
        """Have it done in a thread that lives as long as its children must."""
        thread = threading.Thread(target=self._carry_out, args=(name, work), name=name)
        thread.daemon = begun is None  # nobody waits for a page or a look at the network
        try:
            thread.start()
        except RuntimeError:  # the machine gives us no thread: the run must not stay open for it
            self._log.exception("no thread to be had", work=name)
            if begun is not None:
                with begun:
                    begun.fail(PraError("no thread to be had", hint=LIMITS, retryable=True))
            return
        self._threads[name] = thread
        if begun is not None:
            self._begun[name] = begun

    def drain(
        self, patience: timedelta, beat: Callable[[], None], hurried: Callable[[], bool]
    ) -> int:
        """Wait for the runs; after `patience`, or when `hurried`, have them end.

        Return how many were cut short.
        """
        until = time.monotonic() + patience.total_seconds()
        cut: set[str] = set()
        while self._begun and self.under_way() and self._begun:
            beat()
            if hurried() or time.monotonic() > until:
                for name, begun in self._begun.items():
                    cut.add(name)
                    begun.stop(STOPPED)
            for name in list(self._begun):
                self._threads[name].join(timeout=0.2)
        return len(cut)

    def _carry_out(self, name: str, work: Callable[[], object]) -> None:
        try:
            work()
        except (PraError, DrillError) as error:
            # A run has said so on the event log already.
            self._log.warning("ended early", work=name, error=str(error), hint=error.hint)
        except Exception:  # noqa: BLE001 - whatever it is, it is said, and the rest goes on
            self._log.exception("a fault of pra itself", work=name)
        else:
            # What failed is tried again with the next tick: a bell would make us run in circles.
            self._done()

"""A door to S3 at which, once, whoever knocks in the middle of a run is killed (-9)."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
import time
from typing import TYPE_CHECKING

from orchestrator.core.events import RunStarted
from restore_drills.process import of_run

if TYPE_CHECKING:
    from orchestrator.core.events import RunKind
    from tests.besieged import Besieged

PAUSE_S = 0.5


class Felling:
    """The lie of a `Liar`: the first request of a kind of run that matches kills its pra.

    `whole`: its restic and the child of its bucket are killed as well, and leave what they hold.
    """

    def __init__(self, kind: RunKind, match: str, *, whole: bool) -> None:
        self.site: Besieged | None = None
        self.victim: int | None = None  # the process that carries the run out
        self.killed: str | None = None  # the run
        self._kind = kind
        self._match = re.compile(match)
        self._whole = whole
        self._lock = threading.Lock()

    def __call__(self, method: str, path: str, source: str) -> int | None:
        """Let it pass, but for the one."""
        del source
        with self._lock:
            if self.killed is None and self.victim and self._match.search(f"{method} {path}"):
                self._fell()
        return None

    def _fell(self) -> None:
        assert self.site is not None
        assert self.victim is not None
        last = [run.run for run in self.site.events(RunStarted) if run.kind is self._kind]
        if not last or not (children := of_run(last[-1])):
            return
        self.killed = last[-1]
        for pid in [*(children if self._whole else []), self.victim]:
            with contextlib.suppress(ProcessLookupError):  # it ended by itself meanwhile
                os.kill(pid, signal.SIGKILL)
        time.sleep(PAUSE_S)  # who is left waits for this answer

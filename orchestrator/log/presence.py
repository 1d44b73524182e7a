"""Whether a daemon watches over a state folder: it holds `<state>/daemon.lock` and touches it.

The file holds the daemon's pid as text; its time is the daemon's last sign of life.
"""

from __future__ import annotations

import fcntl
import os
import time
from typing import TYPE_CHECKING, Self

from orchestrator.errors import StateUnusable
from orchestrator.log.faults import said_of

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

NAME = "daemon.lock"
TAKE_WITHIN_S = 1.0  # whoever only asks holds it for an instant


class DaemonLock:
    """One daemon per state folder: a context manager that raises StateUnusable for a second."""

    def __init__(self, state: Path) -> None:
        self.path = state / NAME
        self._descriptor: int | None = None

    def beat(self) -> None:
        """Give a sign of life. Raises StateUnusable: a disk that failed is read-only by now."""
        if self._descriptor is not None:
            with said_of(self.path):
                os.utime(self._descriptor)

    def __enter__(self) -> Self:
        with said_of(self.path):
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if not _taken(descriptor):
                other = os.read(descriptor, 32).decode(errors="replace").strip()
                os.close(descriptor)
                raise StateUnusable(
                    f"{self.path.parent}: another daemon watches over it (process {other or '?'})",
                    hint="One is enough. To have another site watched, put its policy file into the"
                    " same folder and reload.",
                )
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)  # and with it the lock; the file stays, so nobody races
            self._descriptor = None


def _taken(descriptor: int) -> bool:
    until = time.monotonic() + TAKE_WITHIN_S
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        else:
            return True


def daemon_running(state: Path) -> int | None:
    """Return the pid of the daemon that watches over the state folder; None without one."""
    path = state / NAME
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        text = os.read(descriptor, 32).strip()
        return int(text) if text.isdigit() else None
    finally:
        os.close(descriptor)
    return None


def silent_for(state: Path) -> float | None:
    """Return the seconds since the daemon's last sign of life; None where there never was one."""
    try:
        return max(time.time() - (state / NAME).stat().st_mtime, 0.0)
    except OSError:
        return None

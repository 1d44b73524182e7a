"""Who is alive: a run holds a file lock, and an open run whose lock can be taken is dead.

The lock is `<state>/runs/<run>.lock`, held by `flock`: the kernel lets go of it when the process
ends, however it ends. Take it before `RunStarted` is appended, release it after the event that
ends the run. The file holds how far the run is.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import threading
import time
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from orchestrator.core.events import (
    BackupFinished,
    DrillFinished,
    RecoverFinished,
    RunFailed,
    RunInterrupted,
    RunStarted,
)
from orchestrator.errors import StateUnusable
from orchestrator.log.faults import said_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime
    from types import TracebackType

    from orchestrator.log.sqlite import Log

# A judge holds a lock for an instant only; a run that starts then tries again.
TAKE_WITHIN_S = 2.0
PROGRESS_BYTES = 4_000
ENDS = BackupFinished | DrillFinished | RecoverFinished | RunFailed | RunInterrupted


def new_run_id(at: datetime) -> str:
    """Return a run's id, which sorts by its start: `20261123T110253Z-<6 hex>`."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def boot_id() -> str:
    """Return the kernel's id of this boot of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


class RunLock:
    """The lock of one run, as a context manager; it may be released by another thread."""

    def __init__(self, state: Path, run: str) -> None:
        self.path = state / "runs" / f"{run}.lock"
        self._descriptor: int | None = None
        self._guard = threading.Lock()

    def take(self) -> bool:
        """Take the lock unless another holds it; true when it is ours. Raises StateUnusable."""
        if self._descriptor is not None:
            return True
        with said_of(self.path):
            self.path.parent.mkdir(mode=0o700, exist_ok=True)
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return False
        if not self._is_the_file(descriptor):  # its owner released it while we opened it
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def tell(self, progress: Mapping[str, object]) -> None:
        """Say how far the run is, for `progress` to read; nothing where it cannot be written.

        `progress` is a small JSON object: beyond 4,000 bytes it is not told. It is written in
        place, since the file is the lock.
        """
        line = json.dumps(progress, ensure_ascii=False).encode() + b"\n"
        with self._guard:  # a descriptor that another thread closes may be another file's at once
            if self._descriptor is None or len(line) > PROGRESS_BYTES:
                return
            with contextlib.suppress(OSError):  # a full disk stops the run elsewhere, and says so
                os.pwrite(self._descriptor, line, 0)
                os.ftruncate(self._descriptor, len(line))

    def release(self) -> None:
        """Let go, and leave no file behind."""
        with self._guard:
            if self._descriptor is not None:
                with contextlib.suppress(OSError):  # a disk that is read-only by now
                    self.path.unlink()  # first: who opens it now finds another file
                os.close(self._descriptor)
                self._descriptor = None

    def _is_the_file(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self.path.stat())
        except FileNotFoundError:
            return False

    def __enter__(self) -> Self:
        until = time.monotonic() + TAKE_WITHIN_S
        while not self.take():
            if time.monotonic() > until:
                raise StateUnusable(
                    f"{self.path}: another process holds the lock of this run",
                    hint="Wait until it has ended.",
                )
            time.sleep(0.01)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dead:
    """A run that started, did not end, and lives no more; its lock is ours: release it."""

    started: RunStarted
    id: str  # of the event: the cause of what is said next of the run
    lock: RunLock


def dead(state: Path, log: Log, runs: Iterable[str]) -> list[Dead]:
    """Return which of these open runs are dead, each with its lock held against other sweepers.

    `runs` is what a state of the log calls open. Release every lock (`with found.lock:`) after
    `RunInterrupted` is appended. Lock files that no open run owns are removed. Raises
    StateUnusable.
    """
    candidates = {run: RunLock(state, run) for run in runs}
    found = []
    # A lock that outlives a fault would make its run one that lives, as long as this process does.
    with contextlib.ExitStack() as held:
        for lock in candidates.values():
            held.callback(lock.release)
        for run, lock in candidates.items():
            # Asked when it is ours: it may have ended, and let go, after the state was read.
            told = log.of_run(run) if lock.take() else []
            begun = next((r for r in told if isinstance(r.event, RunStarted)), None)
            if begun is None or any(isinstance(r.event, ENDS) for r in told):
                lock.release()
            elif isinstance(begun.event, RunStarted):
                found.append(Dead(started=begun.event, id=begun.id, lock=lock))
        ours = {one.started.run for one in found}
        for path in sorted((state / "runs").glob("*.lock")):
            orphan = RunLock(state, path.stem)
            if path.stem not in ours and orphan.take():
                orphan.release()
        held.pop_all()
    return found


def progress(state: Path, run: str) -> dict[str, Any] | None:
    """Return how far a run said it is; None before it said so, and while it is being said."""
    try:
        with (state / "runs" / f"{run}.lock").open("rb") as file:
            line, end, _ = file.read(PROGRESS_BYTES).partition(b"\n")
        told = json.loads(line) if end else None
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def under_way(state: Path, run: str) -> bool:
    """Tell whether somebody holds the lock of a run."""
    path = state / "runs" / f"{run}.lock"
    with said_of(path):
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
    return False

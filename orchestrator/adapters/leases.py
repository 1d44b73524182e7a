"""The lease of a repository among the `pra` processes of one state directory.

Backups and reads share it; what must be alone takes it exclusively. It is a kernel lock, so a
killed holder leaves none behind.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.errors import RepositoryLocked, StateUnusable

if TYPE_CHECKING:
    from collections.abc import Iterator

WAIT = timedelta(minutes=5)
ASK_EVERY_S = 0.1


@contextlib.contextmanager
def lease(
    state: Path, repository_url: str, *, exclusive: bool, wait: timedelta = WAIT
) -> Iterator[None]:
    """Hold the repository, shared or alone; wait at most `wait`, then RepositoryLocked.

    Raises StateUnusable when the state directory cannot hold the lease.
    """
    # The address may carry a user's name and password: the file is named by its hash.
    name = hashlib.sha256(repository_url.rstrip("/").encode()).hexdigest()[:32]
    path = state / "leases" / f"{name}.lock"
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateUnusable(
            f"{path}: the repository's lease cannot be opened: {error.strerror}",
            hint="Check who owns the state directory and that its disk is not full.",
        ) from error
    try:
        _take(handle, exclusive=exclusive, wait=wait)
        yield
    finally:
        os.close(handle)  # and with it the lock


def _take(handle: int, *, exclusive: bool, wait: timedelta) -> None:
    how = fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH
    until = time.monotonic() + wait.total_seconds()
    while True:
        try:
            fcntl.flock(handle, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                raise RepositoryLocked(
                    f"the repository is held by {_holders(handle)} of this state directory,"
                    f" still after {wait.total_seconds():.0f} s",
                    hint="Wait until that run has ended, then try again.",
                    retryable=True,
                ) from None
            time.sleep(ASK_EVERY_S)
        else:
            return


def _holders(handle: int) -> str:
    """Name the processes that hold the lock, as far as the kernel tells us."""
    inode = os.fstat(handle).st_ino
    pids = set()
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/locks").read_text().splitlines():
            words = line.split()
            # `1: FLOCK ADVISORY WRITE 4711 fe:00:1234 0 EOF`; a waiter has `->` as second word
            if words[1] == "FLOCK" and int(words[5].rpartition(":")[2]) == inode:
                pids.add(int(words[4]))
    return f"process {', '.join(map(str, sorted(pids)))}" if pids else "another process"

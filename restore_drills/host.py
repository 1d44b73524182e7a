"""What a drill needs of the outside: two small doors, and the real machine behind one."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from restore_drills.sandbox import Limits, Sandbox
from restore_drills.sandbox.watchdog import usage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from restore_drills.model import ServicePlan, Snapshot, Suspect
    from restore_drills.process import Processes

MIB = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What one restore wrote; `verified`: every byte was read back and hashed."""

    bytes: int
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What a repository looked like through the versions of its objects, and how they are locked.

    `as_of` is the instant that they show, `objects` how many there are, `lost` how many more have
    no good version left, `taken` how many were deleted or overwritten after it. Of the `read` ones
    (None: nobody knows) the keys in use can delete `bare` for good today, and `liftable` with one
    right more. `least_until`: when the first lock is over.
    """

    as_of: datetime
    objects: int
    lost: int
    taken: int
    read: int | None
    bare: int
    liftable: int
    least_until: datetime | None


class Restore(Protocol):
    """Reads repositories. Implementations raise only errors of this package."""

    def open(self, repository: str) -> tuple[Snapshot, ...]:
        """Open a repository and list its snapshots. Raises Unreachable."""
        ...

    def fetch(self, repository: str, snapshot: Snapshot, into: Path, *, path: str = "") -> Fetched:
        """Restore a snapshot into a directory and verify it; of a `path` that alone.

        Raises Damaged or CannotRun.
        """
        ...

    def pick(self, repository: str, snapshot: Snapshot, seed: str) -> str:
        """Return one regular file of a snapshot, the same for the same seed; empty: it has none.

        Raises Damaged or CannotRun.
        """
        ...

    def mistrusted(self, repository: str, service: ServicePlan) -> tuple[Suspect, ...]:
        """Return which points of the service the listing's own figures make suspicious.

        Whoever takes the marks off the points does not take these away.
        """
        ...

    def read(self, repository: str, snapshot: Snapshot, path: str) -> bytes:
        """Return one small file of a snapshot. Raises Damaged or CannotRun."""
        ...

    def seal_key(self, repository: str) -> bytes:
        """Return the key of the seals in a repository."""
        ...

    def shown(self, repository: str) -> Shown | None:
        """Return what a rewound repository was read through; it is not read any more after that.

        None for one that was never opened, or that is read as it is.
        """
        ...


class Host(Protocol):
    """The machine on which the drill runs."""

    processes: Processes

    def now(self) -> datetime:
        """Return the wall clock, aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds on a clock that never steps."""
        ...

    def free_bytes(self) -> int:
        """Return what may be written where drills are restored."""
        ...

    def sandbox(self, run: str, *, disk_bytes: int, required: bool) -> Sandbox:
        """Make the drill's sandbox. Raises NoSandbox."""
        ...


class Machine:
    """The machine we run on; `root` is the folder under which drills are restored.

    `lasting`: what is restored there is a recovery's, which stays and goes on where it was cut
    short.
    """

    def __init__(
        self,
        *,
        root: Path,
        processes: Processes,
        now: Callable[[], datetime] | None = None,
        lasting: bool = False,
    ) -> None:
        self.processes = processes
        self._root = root
        self._lasting = lasting
        self._now = now or (lambda: datetime.now(UTC))

    def now(self) -> datetime:
        """Return the wall clock."""
        return self._now()

    def monotonic(self) -> float:
        """Return the monotonic clock."""
        return time.monotonic()

    def free_bytes(self) -> int:
        """Return the free bytes of the file system that holds the drills."""
        place = self._root
        while not place.exists():
            place = place.parent
        facts = os.statvfs(place)
        # What a recovery has restored already takes no more room when it goes on.
        there = usage(self._root)[0] if self._lasting and place == self._root else 0
        return facts.f_bavail * facts.f_frsize + there

    def sandbox(self, run: str, *, disk_bytes: int, required: bool) -> Sandbox:
        """Make a sandbox that may use half the memory, and at least 512 MiB."""
        pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        return Sandbox.create(
            root=self._root,
            run=run,
            limits=Limits(memory_bytes=max(pages // 2, 512 * MIB), pids=512, disk_bytes=disk_bytes),
            processes=self.processes,
            required=required,
            lasting=self._lasting,
        )

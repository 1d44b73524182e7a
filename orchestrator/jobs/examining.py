"""Reads a part of a repository until it is sure: what is damaged was seen damaged twice."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from orchestrator.adapters.restic.checking import Checked, Fault, check
from orchestrator.adapters.restic.living import living
from orchestrator.adapters.restic.needing import Needed, needed, readable
from orchestrator.errors import (
    RepositoryAbsent,
    RepositoryDamaged,
    RepositoryLocked,
    RepositoryRefused,
    ResticFailed,
)
from orchestrator.jobs.opening import drill_cache
from orchestrator.jobs.weighing import hidden, weighed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestrator.adapters.restic import Restic
    from orchestrator.adapters.s3.sizes import Sizes
    from restore_drills.model import Snapshot
    from restore_drills.process import Processes

NOTHING = Needed(by=())
LISTED_WITHIN = timedelta(minutes=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What two readings agree on. `listed` is None where not even the snapshots can be listed.

    `readings` is how often the part was read: each costs its bytes.
    """

    faults: tuple[Fault, ...] = ()
    needed: Needed = NOTHING
    listed: tuple[Snapshot, ...] | None = ()
    sizes: Sizes | None = None
    readings: int = 1

    @property
    def read_bytes(self) -> int | None:
        """What the reading took from the repository's packs."""
        return None if self.sizes is None else self.sizes.bytes * self.readings


@dataclass(frozen=True, slots=True, kw_only=True)
class Examiner:
    """Examines one repository, for one run; `held`: the log knows that points were there."""

    restic: Restic
    processes: Processes
    state: Path
    held: bool
    said: Callable[[str], None]

    def structure(self) -> Examined:
        """Look once, and read no pack of files: for who holds the repository alone.

        Raises as `examine`.
        """
        cold = drill_cache(self.state, self.processes.run_id)
        try:
            found, _ = self._opened(1, 1, cold, read_data=False)
            if found.sound:
                return Examined()
            needs, listed = self._needs(found.faults, cold)
            return Examined(faults=found.faults, needed=needs, listed=listed)
        finally:
            shutil.rmtree(cold, ignore_errors=True)

    def examine(self, part: int, parts: int) -> Examined:
        """Read a part; what is damaged is read again, from nothing.

        Raises RepositoryLocked and ResticFailed, retryable, where somebody else's work stands in
        the way of an answer, and the other errors of a repository that cannot be read.
        """
        # Where a killed run leaves it, the next sweep finds it.
        cold = drill_cache(self.state, self.processes.run_id)
        try:
            first, size = self._opened(part, parts, cold / "1")
            if first.sound:
                return Examined(sizes=size)
            self.said("damage: reading again, to be sure")
            indexes = self._indexes()
            second, size = self._opened(part, parts, cold / "2")
            faults = self._confirmed(first, second)
            if not faults:
                self.said("the second reading found nothing: a false alarm of the first")
                return Examined(sizes=size, readings=2)
            self._undisturbed(indexes)
            self._listing_is_true(faults)
            needs, listed = self._needs(faults, cold / "2")
            return Examined(faults=faults, needed=needs, listed=listed, sizes=size, readings=2)
        finally:
            shutil.rmtree(cold, ignore_errors=True)

    def _opened(
        self, part: int, parts: int, cache: Path, *, read_data: bool = True
    ) -> tuple[Checked, Sizes | None]:
        """Read; a repository that held points and cannot be opened any more is damaged."""
        spec = self.restic.call.repository
        size = weighed(spec, self.processes, part, parts)
        try:
            return check(self.restic, part, parts, cache=cache, read_data=read_data), size
        except RepositoryAbsent:
            words = "the config is gone" if size and size.any else "nothing is there any more"
            # An empty folder may be a disk that is not mounted; a bucket that answers is there.
            if not self.held or size is None or size.config or not (size.any or spec.s3):
                raise
            return Checked(faults=(Fault(kind="config", id="", words=words, missing=True),)), size
        except RepositoryRefused:
            if not self.held or size is None or size.keys:
                raise
            words = "no key is there any more: no password opens it"
            return Checked(faults=(Fault(kind="key", id="", words=words, missing=True),)), size

    def _confirmed(self, first: Checked, second: Checked) -> tuple[Fault, ...]:
        names = {fault.name for fault in first.faults}
        both = tuple(fault for fault in second.faults if fault.name in names)
        if second.faults and not both:
            raise ResticFailed(
                f"{self.restic.call.repository.id}: two readings named different damage:"
                f" {first.faults[0].words}; {second.faults[0].words}",
                hint="Look at the disk, the memory and the line of this machine, then try again.",
                retryable=True,
            )
        return both

    def _indexes(self) -> frozenset[str]:
        """Return the names of the index files; none where they cannot be listed."""
        try:
            argv = ["list", "index", "--no-lock"]
            said = self.restic.call(argv, timeout=LISTED_WITHIN, lines=False, keep=64 << 20)
        except (RepositoryAbsent, RepositoryRefused, RepositoryDamaged, ResticFailed):
            return frozenset()
        return frozenset(said.ended.stdout.decode("ascii", errors="replace").split())

    def _undisturbed(self, before: frozenset[str]) -> None:
        """Raise where somebody else may be rewriting what was read: a prune, a repair."""
        name = self.restic.call.repository.id
        try:
            locks = living(self.restic.locks(), datetime.now(UTC))
        except (RepositoryAbsent, RepositoryRefused, RepositoryDamaged, ResticFailed):
            return  # it does not open: nobody works in it
        for lock in locks:
            if lock.exclusive:
                raise RepositoryLocked(
                    f"{name}: the reading is inconclusive: {lock.user}@{lock.host} (pid {lock.pid})"
                    f" works exclusively in it since {lock.time:%Y-%m-%d %H:%M} UTC",
                    hint="Wait for its end, then verify again.",
                    retryable=True,
                )
        if before - self._indexes():
            raise ResticFailed(
                f"{name}: the reading is inconclusive: its index was rewritten meanwhile",
                hint="Somebody pruned or repaired it with another restic: verify again.",
                retryable=True,
            )

    def _listing_is_true(self, faults: tuple[Fault, ...]) -> None:
        """Raise where packs are there that the storage does not list."""
        missing = [fault.id for fault in faults if fault.kind == "data" and fault.missing]
        if not missing:
            return
        there = hidden(self.restic.call.repository, self.processes, missing)
        if there:
            raise ResticFailed(
                f"{self.restic.call.repository.id}: the storage does not list {len(there)} of its"
                f" objects, and yet has them: {min(there)[:16]}",
                hint="Its listing lies: tell the provider, and trust no listing of it meanwhile.",
                retryable=True,
            )

    def _needs(
        self, faults: tuple[Fault, ...], cache: Path
    ) -> tuple[Needed, tuple[Snapshot, ...] | None]:
        if any(fault.kind in {"key", "config"} for fault in faults):
            return Needed(by=(None,) * len(faults)), None
        return needed(self.restic, faults, cache=cache), readable(self.restic)

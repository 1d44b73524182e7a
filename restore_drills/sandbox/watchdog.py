"""Watches what the rooms of a sandbox take, and ends the room that takes most when it is too much.

Disk is always watched: no kernel limit holds the sum of a folder. Memory and processes are
watched where no control group and no resource limit hold them.
"""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import stat
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from restore_drills.sandbox import census
from restore_drills.sandbox.limits import MIB, Limits, words

if TYPE_CHECKING:
    from pathlib import Path

    from restore_drills.process import Child

EVERY_S = 0.25
EVERY_MEMORY_S = 0.1  # a program fills about 2 GiB in a second
WALK_SHARE = 10  # at most a tenth of a core goes into counting a large folder
FLOOR = 512 * MIB
FLOOR_SHARE = 50  # and never more than a fiftieth of the file system
NEARLY = 0.98
CROWDED = 0.9
_BLOCK = 512
_VANISHED = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}
_OPEN_DIR = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(slots=True, eq=False)
class Watched:
    """One room under watch: its live commands, what it takes, and why it was ended, if it was."""

    work: Path
    device: int  # of the file system that holds `work`
    kills: int = 0  # what the control group had counted when the room was made
    refused: int = 0
    live: set[Child] = field(default_factory=set)
    processes: set[int] = field(default_factory=set)
    threads: int = 0
    disk: int = 0
    breach: str | None = None
    crowded: bool = False  # it was close to the limit on processes


class Watchdog:
    """One thread; `memory` and `pids`: whether those are its business."""

    def __init__(self, limits: Limits, workspace: Path, *, memory: bool, pids: bool) -> None:
        self._limits = limits
        self._workspace = workspace
        self._memory = memory
        self._pids = pids
        self._rooms: list[Watched] = []
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def watch(self, room: Watched) -> None:
        """Take a room under watch; the first one starts the thread."""
        with self._lock:
            self._rooms = [*self._rooms, room]
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="sandbox", daemon=True)
                self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def look(self, *, disk: bool = True) -> None:
        """Measure once, and end the room that takes most of what is exceeded."""
        among = census.living()
        with self._lock:
            rooms = self._rooms
            for room in rooms:
                # The number of a child that was waited for may be another's by now.
                room.live -= {child for child in tuple(room.live) if child.poll()}
                roots = {child.pid for child in room.live}
                room.processes = census.descendants(roots, among)
                room.threads = sum(among[pid].threads for pid in room.processes)
            self._look_at_pids(rooms)
            if self._memory:
                resident = sum(among[pid].resident for room in rooms for pid in room.processes)
                self._look_at_memory(rooms, resident)
            if disk:
                self._look_at_disk(rooms)

    def _loop(self) -> None:
        disk_at = 0.0
        while not self._over.wait(EVERY_MEMORY_S if self._memory else EVERY_S):
            began = time.monotonic()
            disk = began >= disk_at
            self.look(disk=disk)
            if disk:
                ended = time.monotonic()
                disk_at = ended + max(EVERY_S, WALK_SHARE * (ended - began)) - EVERY_MEMORY_S

    def _look_at_pids(self, rooms: list[Watched]) -> None:
        limit = self._limits.pids
        total = sum(room.threads for room in rooms)
        for room in rooms:
            # Forks that fail leave no trace but this one.
            room.crowded = room.crowded or (total >= CROWDED * limit and room.threads > limit // 2)
        if self._pids and total > limit:
            _end(max(rooms, key=lambda room: room.threads), f"more than {limit} processes")

    def _look_at_memory(self, rooms: list[Watched], resident: int) -> None:
        limit = self._limits.memory_bytes
        nameless = {id(r): census.nameless(r.processes, r.device)[1] for r in rooms}
        if resident + sum(nameless.values()) <= limit:  # it counts what is shared many times
            return
        taken = {id(r): census.proportional(r.processes) + nameless[id(r)] for r in rooms}
        if sum(taken.values()) > limit:
            _end(max(rooms, key=lambda room: taken[id(room)]), f"more memory than {words(limit)}")

    def _look_at_disk(self, rooms: list[Watched]) -> None:
        for room in rooms:
            room.disk, hidden = usage(room.work)
            room.disk += census.nameless(room.processes, room.device)[0]
            if hidden:
                _end(room, f"it hides what it writes, in {hidden}")
        largest = max(rooms, key=lambda room: room.disk)
        limit = self._limits.disk_bytes
        if sum(room.disk for room in rooms) >= NEARLY * limit:
            _end(largest, f"more disk than {words(limit)}")
        with contextlib.suppress(FileNotFoundError):
            facts = os.statvfs(self._workspace)
            left = facts.f_bavail * facts.f_frsize
            floor = min(FLOOR, facts.f_blocks * facts.f_frsize // FLOOR_SHARE)
            if left < floor and largest.disk > MIB:
                _end(largest, f"only {words(left)} left on the file system of {self._workspace}")


def usage(top: Path) -> tuple[int, str]:
    """Bytes that a folder takes on disk, and a folder in it that cannot be looked into, or "".

    An empty file counts a block: a file system can run out of files, too.
    """
    total, hidden = 0, ""
    ahead = [str(top)]
    seen: set[int] = set()
    while ahead:
        path = ahead.pop()
        try:
            folder = os.open(path, _OPEN_DIR)
        except OSError as error:  # no rights for its owner, or a path that is too long
            hidden = hidden if error.errno in _VANISHED else path[:100]
            continue
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    try:
                        facts = entry.stat(follow_symlinks=False)
                    except FileNotFoundError:
                        continue
                    if stat.S_ISDIR(facts.st_mode):
                        ahead.append(f"{path}/{entry.name}")
                    elif facts.st_nlink > 1:
                        if facts.st_ino in seen:
                            continue
                        seen.add(facts.st_ino)
                    total += max(facts.st_blocks, 1) * _BLOCK
        except OSError as error:
            hidden = hidden if error.errno in _VANISHED else path[:100]
        finally:
            os.close(folder)
    return total, hidden


def _end(room: Watched, why: str) -> None:
    room.breach = room.breach or f"the sandbox stopped it: {why}"
    for child in tuple(room.live):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)

"""Control groups for a sandbox: version 2 where it is delegated to us, else version 1, else none.

The new group lies below (version 2: or beside) our own, so that what limits us limits it too.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restore_drills.sandbox.limits import Limits

PREFIX = "pra-"
GONE_S = 5.0
_V2, _V1 = "cgroup2", "cgroup1"
_LIMIT = {
    (_V2, "memory"): "memory.max",
    (_V1, "memory"): "memory.limit_in_bytes",
    (_V2, "pids"): "pids.max",
    (_V1, "pids"): "pids.max",
}
_NO_SWAP = {_V2: ("memory.swap.max", "0"), _V1: ("memory.memsw.limit_in_bytes", None)}
_KILLS = {_V2: "memory.events", _V1: "memory.oom_control"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cgroups:
    """The groups of one sandbox: controller (memory, pids) to version and directory."""

    held: dict[str, tuple[str, Path]]

    @property
    def folders(self) -> tuple[Path, ...]:
        """Their directories, each once."""
        return tuple(dict.fromkeys(folder for _, folder in self.held.values()))

    @property
    def doors(self) -> tuple[str, ...]:
        """The files into which a process writes its pid to enter."""
        return tuple(str(folder / "cgroup.procs") for folder in self.folders)

    def version(self, controller: str) -> str | None:
        """Return cgroup2 or cgroup1; None when this controller could not be had."""
        held = self.held.get(controller)
        return held[0] if held else None

    def memory_kills(self) -> int:
        """How many processes the kernel has killed in it for want of memory."""
        return self._counter("memory", "oom_kill", _KILLS)

    def refused_forks(self) -> int:
        """How many times a process was refused for being one too many."""
        return self._counter("pids", "max", {_V2: "pids.events", _V1: "pids.events"})

    def _counter(self, controller: str, key: str, files: dict[str, str]) -> int:
        if controller not in self.held:
            return 0
        version, folder = self.held[controller]
        with contextlib.suppress(OSError):
            for line in (folder / files[version]).read_text().splitlines():
                if line.split()[:1] == [key]:
                    return int(line.split()[1])
        return 0


def make(run: str, limits: Limits, mounts: str, own: str) -> Cgroups:
    """Make the groups that can be made; `mounts`, `own`: text of /proc/self/{mountinfo,cgroup}."""
    held: dict[str, tuple[str, Path]] = {}
    name = PREFIX + re.sub(r"[^\w.-]", "_", run)
    for controller, amount in (("memory", limits.memory_bytes), ("pids", limits.pids)):
        for version, parent in _parents(controller, mounts, own):
            folder = parent / name
            if _try(version, controller, folder, amount):
                held[controller] = (version, folder)
                break
    return Cgroups(held=held)


def remove(folder: Path) -> bool:
    """Remove a group whose processes are ending; true when it is gone."""
    if not folder.name.startswith(PREFIX):
        return False
    until = time.monotonic() + GONE_S
    while folder.exists() and time.monotonic() < until:
        try:
            folder.rmdir()
        except OSError:  # its last process is not reaped yet
            time.sleep(0.02)
    return not folder.exists()


def members(folder: Path) -> set[int]:
    """Pids in a group; empty when it is gone."""
    with contextlib.suppress(OSError):
        return {int(line) for line in (folder / "cgroup.procs").read_text().split()}
    return set()


def _try(version: str, controller: str, folder: Path, amount: int) -> bool:
    made = False
    try:
        if version == _V2:
            _enable(folder.parent, controller)
        if not folder.exists():
            folder.mkdir()
            made = True
        _write(folder / _LIMIT[version, controller], str(amount))
    except OSError:
        if made:
            remove(folder)
        return False
    if controller == "memory":
        file, value = _NO_SWAP[version]
        with contextlib.suppress(OSError):  # absent where the kernel does not account for swap
            _write(folder / file, value or str(amount))
    return True


def _write(file: Path, text: str) -> None:
    # Without O_CREAT: a controller that is not there must not become a plain file.
    descriptor = os.open(file, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def _enable(parent: Path, controller: str) -> None:
    if controller not in (parent / "cgroup.subtree_control").read_text().split():
        _write(parent / "cgroup.subtree_control", f"+{controller}")


def _parents(controller: str, mounts: str, own: str) -> list[tuple[str, Path]]:
    """Where a group could be made, best first."""
    v2: list[tuple[str, Path]] = []
    v1: list[tuple[str, Path]] = []
    for line in mounts.splitlines():
        left, _, right = line.partition(" - ")
        root, point = left.split()[3:5]
        kind, _, options = right.split()[:3]
        if kind == _V2 and (folder := _own(own, "", root, point)) is not None:
            # A group with processes cannot have limited children: then its neighbour.
            v2 += [(_V2, folder)] + ([(_V2, folder.parent)] if folder != Path(point) else [])
        elif kind == "cgroup" and controller in options.split(","):
            folder = _own(own, controller, root, point)
            v1 += [(_V1, folder)] if folder is not None else []
    return v2 + v1


def _own(own: str, controller: str, root: str, point: str) -> Path | None:
    """Directory of our own group in the hierarchy mounted at `point`."""
    for line in own.splitlines():
        _, controllers, path = line.split(":", 2)
        if controller in controllers.split(","):
            inside = Path(path)
            below = inside.relative_to(root) if inside.is_relative_to(root) else Path()
            return Path(point) / below
    return None

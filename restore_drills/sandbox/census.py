"""Which processes there are, from /proc, and which of them belong to a sandbox."""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

PROC = Path("/proc")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_BLOCK = 512  # the unit of st_blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One living process; `resident` in bytes, memory that it shares included."""

    pid: int
    parent: int
    threads: int
    resident: int


def living() -> dict[int, Process]:
    """Return all processes that have not ended, by pid."""
    found = {}
    for pid in _pids():
        with contextlib.suppress(OSError):
            # The name in brackets may itself hold brackets and blanks.
            fields = (PROC / str(pid) / "stat").read_bytes().rpartition(b")")[2].split()
            if fields[0] not in (b"Z", b"X"):
                found[pid] = Process(
                    pid=pid,
                    parent=int(fields[1]),
                    threads=int(fields[17]),
                    resident=int(fields[21]) * _PAGE,
                )
    return found


def descendants(roots: Collection[int], among: dict[int, Process]) -> set[int]:
    """Return `roots` and all below them: nothing leaves a pid namespace, orphans stay below."""
    children: dict[int, list[int]] = {}
    for process in among.values():
        children.setdefault(process.parent, []).append(process.pid)
    found: set[int] = set()
    ahead = [pid for pid in roots if pid in among]
    while ahead:
        pid = ahead.pop()
        if pid not in found:
            found.add(pid)
            ahead.extend(children.get(pid, ()))
    return found


def of_sandbox(run: str, uid: int | None, workspace: Path) -> set[int]:
    """Return who carries the run's mark, its dedicated uid, or stands inside its workspace.

    This process and those above it are never among them.
    """
    among = living()
    spared = _ancestors(os.getpid(), among)
    mark = f"PRA_RUN={run}".encode()
    mounted = f"/{workspace.parent.name}/{workspace.name}/".encode()
    return {
        pid
        for pid in among.keys() - spared
        if mark in _read(pid, "environ").split(b"\0")
        or (uid is not None and uid in _uids(pid))
        or mounted in _read(pid, "mountinfo")
        or any(_inside(pid, link, workspace) for link in ("cwd", "root"))
    }


def of_uid(uid: int) -> set[int]:
    """Return the living processes of a uid."""
    return {pid for pid in living() if uid in _uids(pid)}


def proportional(pids: Collection[int]) -> int:
    """Memory of these processes in bytes, each shared page counted once over its sharers."""
    total = 0
    for pid in pids:
        for line in _read(pid, "smaps_rollup").splitlines():
            if line.startswith(b"Pss:"):
                total += int(line.split()[1]) * 1024
    return total


def nameless(pids: Collection[int], device: int) -> tuple[int, int]:
    """Bytes in open files without a name: (on the file system `device`, in memory)."""
    disk: dict[tuple[int, int], int] = {}
    memory: dict[tuple[int, int], int] = {}
    for pid in pids:
        with contextlib.suppress(OSError), os.scandir(PROC / str(pid) / "fd") as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    facts = entry.stat()
                    if not stat.S_ISREG(facts.st_mode) or facts.st_nlink:
                        continue
                    into = disk if facts.st_dev == device else memory
                    into[facts.st_dev, facts.st_ino] = facts.st_blocks * _BLOCK
    return sum(disk.values()), sum(memory.values())


def _pids() -> Iterator[int]:
    return (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())


def _ancestors(pid: int, among: dict[int, Process]) -> set[int]:
    found = {pid}
    while (process := among.get(pid)) is not None and process.parent not in found:
        pid = process.parent
        found.add(pid)
    return found


def _read(pid: int, name: str) -> bytes:
    try:
        return (PROC / str(pid) / name).read_bytes()
    except OSError:  # ended meanwhile, or not ours to look at
        return b""


def _uids(pid: int) -> set[int]:
    for line in _read(pid, "status").splitlines():
        if line.startswith(b"Uid:"):
            return {int(word) for word in line.split()[1:]}
    return set()


def _inside(pid: int, link: str, workspace: Path) -> bool:
    try:
        return (PROC / str(pid) / link).readlink().is_relative_to(workspace)
    except OSError:
        return False

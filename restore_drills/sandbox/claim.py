"""The lock of a living sandbox, and the note of what is to be cleared away when it is dead."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

SUFFIX = ".lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a sandbox holds outside its workspace."""

    uid: int | None = None
    cgroups: tuple[Path, ...] = ()


class Claim:
    """Held for the sandbox's life; the kernel drops it with our process, the file stays."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self._path = path
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, root: Path, run: str) -> Self | None:
        """Take the claim on `root`/`run`; None while a living sandbox holds it."""
        path = root / f"{run}{SUFFIX}"
        while True:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                return None
            # Between open and lock the last holder may have removed the file: then it is no lock.
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_ino == os.fstat(descriptor).st_ino:
                    return cls(path, descriptor)
            os.close(descriptor)

    def write(self, note: Note) -> None:
        """Keep a note for whoever sweeps after us."""
        text = json.dumps({"uid": note.uid, "cgroups": [str(path) for path in note.cgroups]})
        self._path.write_text(text)  # the same file: the lock stays

    def read(self) -> Note:
        """Return the note; an empty one where the writer died before it, or while at it."""
        try:
            found = json.loads(self._path.read_text())
            return Note(uid=found["uid"], cgroups=tuple(Path(path) for path in found["cgroups"]))
        except (ValueError, KeyError, TypeError, OSError):
            return Note()

    def release(self, *, settled: bool) -> None:
        """Give it up; `settled`: nothing is left to sweep, so the file goes too."""
        if self._descriptor is None:
            return
        if settled:
            self._path.unlink(missing_ok=True)
        os.close(self._descriptor)
        self._descriptor = None


def runs(root: Path) -> list[str]:
    """Run ids that have or had a sandbox under `root` and were not seen destroyed."""
    with contextlib.suppress(FileNotFoundError):
        return sorted(path.name.removesuffix(SUFFIX) for path in root.glob(f"*{SUFFIX}"))
    return []

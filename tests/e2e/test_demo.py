from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.demo import scratch
from restore_drills.process import Processes, of_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from restore_drills.process import Child, Ended

PRA = Path(sys.executable).with_name("pra")
RUN = "the-demo-s-test"
WITHIN = timedelta(seconds=110)
# Where a demonstration's programs might leave something.
PLACES = ("/tmp", "/var/tmp", "/run/pra", "/dev/shm", "/var/lib/pra", str(Path.home() / ".cache"))
OF_OTHERS = re.compile(r"pytest|bash|pra-scratch-|^tmp|seaweedfs")


@pytest.fixture
def room() -> Iterator[Path]:
    """A folder that PostgreSQL's user may pass through."""
    folder = Path(tempfile.mkdtemp(prefix="demo-", dir="/var/tmp"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


class Stranger:
    """Somebody who runs the demonstration, in a temporary folder of his own."""

    def __init__(self, room: Path, restic: Path) -> None:
        self._env = {
            "PATH": f"{restic.parent}:{PRA.parent}:{os.environ['PATH']}",
            "HOME": str(room / "home"),
            "TMPDIR": str(room),
        }
        self._room = room
        self._processes = Processes(RUN)
        self.said = b""

    def start(self, *argv: str) -> Child:
        self.said = b""
        return self._processes.start(
            argv, env=self._env, cwd=self._room, on_stdout=self._hear, on_stderr=self._hear
        )

    def run(self, *argv: str) -> Ended:
        return self._processes.run(argv, env=self._env, cwd=self._room, timeout=WITHIN, keep=1 << 20)

    def until(self, words: str, child: Child) -> None:
        assert eventually(lambda: words.encode() in self.said or child.poll()), self.said
        assert words.encode() in self.said, self.said

    def left(self) -> list[str]:
        """Processes and files of the demonstration that are still there."""
        processes = [str(pid) for pid in of_run(RUN)]
        return processes + [str(path) for path in self._room.iterdir() if path.name != "home"]

    def _hear(self, line: bytes) -> None:
        self.said += line + b"\n"


@pytest.fixture
def stranger(room: Path, restic_018: Path) -> Stranger:
    return Stranger(room, restic_018)

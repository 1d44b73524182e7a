"""The kinds of caller for which a sandbox is made, and a way to be each of them."""

from __future__ import annotations

import json
import os
import sys
import time
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from restore_drills.process import Child, Processes

if TYPE_CHECKING:
    from collections.abc import Sequence

MIB = 1 << 20
ORDINARY = 53001  # an ordinary user without account
PYTHON = "/usr/bin/python3"  # what commands inside and an ordinary user can run
HERE = Path(__file__).resolve().parent
# Fails as a machine does that refuses user namespaces.
_NO_USERNS = """#!/bin/sh
for word; do
  [ "$word" != --unshare-user ] || { echo "bwrap: no user namespaces here" >&2; exit 1; }
done
exec /usr/bin/bwrap "$@"
"""


def kinds() -> list[str]:
    """Return the callers that this machine lets us be."""
    return ["root", "root-without-userns", "user"] if os.geteuid() == 0 else ["user"]


@dataclass
class Caller:
    """One kind of caller; `public` is a folder that every uid may enter, for code and places."""

    kind: str
    public: Path
    processes: Processes = field(default_factory=lambda: Processes(f"test-{uuid.uuid4().hex}"))
    path: str = "/usr/bin:/bin:/usr/sbin:/sbin"
    run: str = field(default_factory=lambda: f"run-{uuid.uuid4().hex[:12]}")

    def __post_init__(self) -> None:
        self.root = self.public / self.kind / uuid.uuid4().hex[:8] / "drills"
        self.root.parent.mkdir(parents=True)
        if self.steps_down:
            os.chown(self.root.parent, ORDINARY, ORDINARY)
        if self.kind == "root-without-userns":
            tools = self.root.parent / "tools"
            tools.mkdir()
            (tools / "bwrap").write_text(_NO_USERNS)
            (tools / "bwrap").chmod(0o755)
            self.path = f"{tools}:{self.path}"

    @property
    def steps_down(self) -> bool:
        """Whether the caller is an ordinary user and we are not."""
        return self.kind == "user" and os.geteuid() == 0

    @property
    def mechanism(self) -> str:
        """What the sandbox of this caller must be."""
        return "bwrap-setuid" if self.kind == "root-without-userns" else "bwrap-userns"

    def without_bwrap(self) -> None:
        """Take bubblewrap off the caller's PATH."""
        self.path = str(self.root.parent)

    def ask(
        self,
        commands: Sequence[Any] = (),
        limits: dict[str, int] | None = None,
        **request: object,
    ) -> dict[str, Any]:
        """Make a sandbox, run the commands (argv or asked in full), destroy it; what happened."""
        with self.start(commands, limits, **request) as child:
            ended = child.finish(timedelta(seconds=110))
        assert 0 == ended.code, ended.stderr
        answer: dict[str, Any] = json.loads(ended.stdout)
        return answer

    def start(
        self,
        commands: Sequence[Any] = (),
        limits: dict[str, int] | None = None,
        **request: object,
    ) -> Child:
        """Start the same; the child ends when the `with` block is left."""
        asked = [c if isinstance(c, dict) else {"argv": c} for c in commands]
        usual = {"memory_bytes": 256 * MIB, "pids": 60, "disk_bytes": 64 * MIB}
        document = {
            "root": str(self.root),
            "run": self.run,
            "limits": usual | (limits or {}),
            "required": True,
            "commands": asked,
        }
        ids = [f"--reuid={ORDINARY}", f"--regid={ORDINARY}", "--clear-groups"]
        down = ["/usr/bin/setpriv", *ids, "--"] if self.steps_down else []
        python = PYTHON if self.steps_down else sys.executable
        return self.processes.start(
            [*down, python, "-B", str(self.public / "code" / "sandbox_drive.py")],
            env={
                "PATH": self.path,
                "PYTHONPATH": str(self.public / "code"),
                "HOUSE_SECRET": "hunter2",
                "TZ": "Europe/Paris",
            },
            stdin=json.dumps(document | request).encode(),
            keep=4 * MIB,
        )

    def alive(self) -> set[int]:
        """Pids that carry the mark of this caller's drill."""
        mark = f"PRA_RUN={self.run}".encode()
        found = set()
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    marked = mark in (entry / "environ").read_bytes().split(b"\0")
                except OSError:
                    continue
                found |= {int(entry.name)} if marked else set()
        return found

    def gone_within(self, seconds: float) -> bool:
        """Whether all processes of the drill end in time."""
        until = time.monotonic() + seconds
        while self.alive() and time.monotonic() < until:
            time.sleep(0.05)
        return not self.alive()

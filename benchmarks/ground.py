"""What both sides of a comparison stand on: data, repositories, and restic counted."""

from __future__ import annotations

import os
import random
import shutil
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MB = 1_000_000
LIMIT = timedelta(minutes=30)
PRA = Path(sys.executable).parent / "pra"
RUNNER = Processes("the-benchmark")
SYSTEM = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
WORDS = b"pain baguette croissant brioche farine levain commande client facture livraison ".split()
POLICY = """\
site: bench
name: Bench
timezone: UTC
lead: {server-failure: {detect: 10m, decide: 30m}}
repositories:
  far: {url: "%(repository)s", password: {file: %(password)s}, location: offsite%(s3)s}
services:
  data:
    source: %(source)s
    objectives: {rto: 4h, rpo: 4h}
    checks: %(checks)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """One run: wall seconds, and how many restic processes it started."""

    seconds: float
    restics: int


class Ground:
    """A scratch folder with a restic on its PATH that counts its calls."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.password = home / "password"
        self.password.write_text("bench\n")
        self.password.chmod(0o600)
        self._calls = home / "calls"
        real = shutil.which("restic")
        if real is None:
            raise SystemExit("restic: not found: run `make setup`")
        shim = home / "bin" / "restic"
        shim.parent.mkdir()
        shim.write_text(f'#!/bin/sh\necho "$1" >>{self._calls}\nexec {real} "$@"\n')
        shim.chmod(0o755)

    def timed(self, *commands: Sequence[str], env: Mapping[str, str] | None = None) -> Timed:
        """Run commands one after the other; one that fails ends the benchmark."""
        self._calls.write_text("")
        began = time.monotonic()
        for argv in commands:
            self.run(argv, env=env)
        seconds = time.monotonic() - began
        # `restic version` derives no key and opens nothing: it is not what is counted.
        calls = [c for c in self._calls.read_text().split() if c != "version"]
        return Timed(seconds=seconds, restics=len(calls))

    def run(self, argv: Sequence[str], *, env: Mapping[str, str] | None = None) -> str:
        """Run one command and return what it printed."""
        given = {
            "PATH": f"{self.home / 'bin'}:{SYSTEM}",
            "HOME": str(self.home),
            "LANG": "C.UTF-8",
            "RESTIC_PASSWORD_FILE": str(self.password),
            **(env or {}),
        }
        ended = RUNNER.run([str(a) for a in argv], env=given, timeout=LIMIT, cwd=self.home)
        if ended.code != 0:
            raise SystemExit(f"{' '.join(argv)}: exit {ended.code}: {ended.stderr[-2000:]}")
        return ended.stdout.decode()

    def fresh(self, name: str) -> Path:
        """Return a folder that is new and empty, whatever was there before."""
        folder = self.home / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    def repository(self, name: str) -> Path:
        """Return a new repository."""
        folder = self.fresh(name)
        self.run(["restic", "init", "--repo", str(folder), "--cache-dir", str(self.home / "c")])
        return folder

    def policy(
        self, name: str, *, repository: Path | str, source: str, checks: str, s3: str = ""
    ) -> dict[str, str]:
        """Write a policy with a new state; returns the environment in which pra uses them."""
        folder = self.fresh(name)
        (folder / "bench.yaml").write_text(
            POLICY
            % {
                "repository": repository,
                "password": self.password,
                "source": source,
                "checks": checks,
                "s3": s3,
            }
        )
        return {"PRA_POLICIES": str(folder), "PRA_STATE": str(self.fresh(f"{name}-state"))}


def make_files(root: Path, *, count: int, size: int) -> Path:
    """Write `count` files of about `size` bytes in all, half text, half incompressible."""
    dice = random.Random(2026)  # noqa: S311 - data, not secrets
    each = size // count
    for number in range(count):
        path = root / f"{number % 97:02d}" / f"file-{number}"
        path.parent.mkdir(exist_ok=True)
        length = max(int(each * dice.uniform(0.2, 1.8)), 1)
        if number % 2:
            path.write_bytes(os.urandom(length))
        else:
            text = b" ".join(dice.choices(WORDS, k=256))
            path.write_bytes((text * (length // len(text) + 1))[:length])
    return root

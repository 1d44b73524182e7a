"""`pra policy` and `pra init` as a person or a program runs them."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from restore_drills.process import Processes

ROOT = Path(__file__).parents[2]
FAULTY = """\
site: acme
timezone: Europe/Paris
repositories:
  far: {url: /mnt/far, password: hunter2, location: offsite}
services:
  files:
    source: {files: {paths: [/srv]}}
    objectives: {rto: 2 hour, rpo: 1h}
    chekcs: []
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    code: int | None
    out: str
    err: str


def pra(*words: str | Path) -> Answer:
    ended = Processes().run(
        [sys.executable, "-c", "from orchestrator.cli import main; main()", *map(str, words)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"},
        timeout=timedelta(seconds=60),
    )
    return Answer(code=ended.code, out=ended.stdout.decode(), err=ended.stderr.decode())

"""The log under a killed writer, a full disk and a folder that may not be written."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path

from orchestrator.log import Log
from restore_drills.process import Ended, Processes
from tests.records import NOW, started

ROOT = Path(__file__).parents[2]
ENV = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
ROUNDS = 5
NOBODY = 65534

APPEND = """
import sys
from pathlib import Path
from orchestrator.log import Log
from tests.records import NOW, started
log = Log.open(Path(sys.argv[1]), clock=lambda: NOW)
for number in range(int(sys.argv[3])):
    done = log.append(started(f"{sys.argv[2]}-{number}"))
    print(done.seq, done.hash, flush=True)
"""

FAIL = """
import sys
from pathlib import Path
from orchestrator.errors import StateUnusable
from orchestrator.log import Log
from tests.records import NOW, drilled
try:
    log = Log.open(Path(sys.argv[1]), clock=lambda: NOW)
    for number in range(10000):
        log.append(drilled("r", why=["x" * 4000]))
except StateUnusable as error:
    print(error, error.hint, error.retryable, sep="|")
    print(log.verify(), log.count() > 0) if sys.argv[2:] else None
"""


def python(script: str, *arguments: str, before: tuple[str, ...] = ()) -> Ended:
    argv = [*before, sys.executable, "-c", script, *arguments]
    return Processes("test").run(argv, env=ENV, timeout=timedelta(seconds=30))


def test_kill_9_loses_no_acknowledged_event(tmp_path: Path) -> None:
    state = tmp_path / "state"
    acknowledged: list[bytes] = []
    chance = random.Random()  # noqa: S311 - instants to kill at, no secret

    for number in range(ROUNDS):
        before = len(acknowledged)
        with Processes("test").start(
            [sys.executable, "-c", APPEND, str(state), f"r{number}", "1000000"],
            env=ENV,
            on_stdout=acknowledged.append,
            stop_signal=signal.SIGKILL,
        ) as child:
            until = time.monotonic() + 20
            while len(acknowledged) == before and time.monotonic() < until:
                time.sleep(0.01)
            time.sleep(chance.uniform(0.0, 0.3))
            child.stop("enough")
            child.ended()  # its pipe is read to the end

    log = Log.open(state, clock=lambda: NOW)
    kept = {(one.seq, one.hash) for one in log.read()}
    told = {(int(seq), digest.decode()) for seq, digest in map(bytes.split, acknowledged)}
    assert len(told) >= ROUNDS
    assert set() == told - kept
    assert log.verify() is None
    log.close()


def test_two_processes_append_to_one_chain(tmp_path: Path) -> None:
    state = tmp_path / "state"
    first = Log.open(state, clock=lambda: NOW)

    with Processes("test").start(
        [sys.executable, "-c", APPEND, str(state), "other", "200"], env=ENV
    ) as child:
        while not child.poll():
            first.wait(timedelta(0))
            first.append(started("first"))

    assert first.count() > 200
    assert first.verify() is None
    first.close()


def test_a_full_disk_is_said_and_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    sealed = ("bwrap", "--bind", "/", "/", "--dev", "/dev", "--size", "2000000")

    ended = python(FAIL, f"{tmp_path}/state", "look", before=(*sealed, "--tmpfs", str(tmp_path)))

    said, kept = ended.stdout.decode().splitlines()
    message, hint, retryable = said.split("|")
    assert message == f"{tmp_path}/state/log.sqlite: the log cannot be written: the disk is full"
    assert hint == f"Free some space on the file system of {tmp_path}/state."
    assert retryable == "True"
    assert "None True" == kept


def test_a_read_only_file_system_is_said(tmp_path: Path) -> None:
    state = tmp_path / "state"
    Log.open(state, clock=lambda: NOW).close()

    ended = python(FAIL, str(state), before=("bwrap", "--ro-bind", "/", "/", "--dev", "/dev"))

    message, hint, _ = ended.stdout.decode().split("|")
    assert f"{state}/log.sqlite: the log cannot be used: " in message
    assert "--state or PRA_STATE" in hint


def test_a_folder_of_somebody_else_is_said(tmp_path: Path) -> None:
    state = tmp_path / "state"
    Log.open(state, clock=lambda: NOW).close()
    state.chmod(0o000)
    # Root may do anything: the test asks as nobody.
    other = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")

    ended = python(FAIL, str(state), before=other if os.geteuid() == 0 else ())

    state.chmod(0o700)
    message, hint, _ = ended.stdout.decode().split("|")
    assert message.endswith("the state folder cannot be used: permission denied")
    assert "--state or PRA_STATE" in hint

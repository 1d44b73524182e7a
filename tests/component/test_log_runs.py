from __future__ import annotations

import os
import signal
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.fold import fold
from orchestrator.errors import StateUnusable
from orchestrator.log import Log, RunLock, boot_id, dead, new_run_id, progress, under_way
from restore_drills.process import Processes
from tests.records import NOW, backed_up, interrupted, started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.log.runs import Dead

ROOT = Path(__file__).parents[2]
ENV = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}

HOLD = """
import sys, time
from pathlib import Path
from orchestrator.log import Log, RunLock
from tests.records import NOW, started
state = Path(sys.argv[1])
log = Log.open(state, clock=lambda: NOW)
with RunLock(state, "r1"):
    log.append(started("r1"))
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def log(state: Path) -> Iterator[Log]:
    log = Log.open(state, clock=lambda: NOW)
    yield log
    log.close()


def swept(state: Path, log: Log) -> list[Dead]:
    return dead(state, log, fold(log.read()).open)


def locks(state: Path) -> list[str]:
    return sorted(path.name for path in (state / "runs").iterdir())


def test_run_ids_sort_by_their_start_and_differ() -> None:
    first, second = new_run_id(NOW), new_run_id(NOW)

    assert first.startswith("20261123T110253Z-")
    assert first != second
    assert max(first, second) < new_run_id(NOW + timedelta(seconds=1))
    assert 36 == len(boot_id())


def test_a_living_run_is_not_dead(state: Path, log: Log) -> None:
    with RunLock(state, "r1"):
        log.append(started("r1"))

        assert [] == swept(state, log)
        assert under_way(state, "r1")


def test_an_open_run_whose_lock_nobody_holds_is_dead_until_it_is_swept(
    state: Path, log: Log
) -> None:
    begun = log.append(started("r1"))

    (found,) = swept(state, log)
    assert ("r1", begun.id) == (found.started.run, found.id)
    assert [] == swept(state, log)  # its lock is held: two do not sweep at once
    with found.lock:
        log.append(interrupted("r1"), cause=found.id)

    assert [] == swept(state, log)
    assert [] == locks(state)


def test_a_run_that_ended_is_not_dead(state: Path, log: Log) -> None:
    with RunLock(state, "r1"):
        log.append(started("r1"))
        log.append(backed_up("r1"))

    assert [] == swept(state, log)
    assert not under_way(state, "r1")
    assert [] == locks(state)


def test_the_lock_of_a_killed_process_can_be_taken(state: Path, log: Log) -> None:
    lines: list[bytes] = []
    with Processes("test").start(
        [sys.executable, "-c", HOLD, str(state)],
        env=ENV,
        on_stdout=lines.append,
        stop_signal=signal.SIGKILL,
    ) as child:
        until = time.monotonic() + 20
        while not lines and time.monotonic() < until:
            time.sleep(0.01)
        assert under_way(state, "r1")
        assert [] == swept(state, log)

        child.stop("killed")

    assert ["r1.lock"] == locks(state)
    assert not under_way(state, "r1")
    (found,) = swept(state, log)
    found.lock.release()


def test_a_lock_file_without_an_open_run_is_removed(state: Path, log: Log) -> None:
    (state / "runs").mkdir()
    (state / "runs" / "forgotten.lock").touch()

    assert [] == swept(state, log)

    assert [] == locks(state)


def test_a_lock_is_held_across_threads_and_by_one_only(state: Path, log: Log) -> None:
    del log
    with RunLock(state, "r1") as held:
        taken: list[bool] = []
        thread = threading.Thread(target=lambda: taken.append(RunLock(state, "r1").take()))
        thread.start()
        thread.join()

        assert [False] == taken
        with (
            pytest.raises(StateUnusable, match="another process holds the lock"),
            RunLock(state, "r1"),
        ):
            pass

        assert held.take()  # ours already


def test_releasing_twice_is_releasing_once(state: Path, log: Log) -> None:
    del log
    lock = RunLock(state, "r1")
    assert lock.take()

    lock.release()
    lock.release()

    assert RunLock(state, "r1").take()


def test_a_run_that_ended_after_the_state_was_read_is_not_dead(state: Path, log: Log) -> None:
    log.append(started("r1"))
    before = fold(log.read()).open
    log.append(backed_up("r1"))

    assert [] == dead(state, log, before)
    assert [] == locks(state)


def test_a_run_says_how_far_it_is_and_anybody_may_ask(state: Path, log: Log) -> None:
    del log
    assert progress(state, "r1") is None
    with RunLock(state, "r1") as lock:
        assert progress(state, "r1") is None  # nothing was said yet

        lock.tell({"done_bytes": 123456789, "total_bytes": None})
        lock.tell({"done_bytes": 5})

        assert {"done_bytes": 5} == progress(state, "r1")
        assert under_way(state, "r1")
    assert progress(state, "r1") is None
    lock.tell({"done_bytes": 6})
    assert [] == locks(state)


def test_a_torn_progress_is_none_and_one_that_is_too_long_is_not_told(
    state: Path, log: Log
) -> None:
    del log
    with RunLock(state, "r1") as lock:
        lock.tell({"done_bytes": 5})
        lock.tell({"said": "x" * 5_000})
        assert {"done_bytes": 5} == progress(state, "r1")

        for torn in (b'{"done_by', b'{"done_bytes": 5}', b'{"done\n', b"5\n", b"\xff\n"):
            lock.path.write_bytes(torn)
            assert progress(state, "r1") is None

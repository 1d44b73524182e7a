"""A run of the daemon always ends on the log, whatever ends it, and none is held for dead work."""

from __future__ import annotations

import contextlib
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.events import Observed, RunFailed, RunInterrupted, RunKind
from orchestrator.daemon.lanes import Lanes
from orchestrator.daemon.logs import logger
from orchestrator.errors import Interrupted, PraError, StateUnusable
from orchestrator.jobs.begun import Begun, begin
from orchestrator.log import Log, under_way
from restore_drills.errors import Damaged

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN = "20261123T110253Z-aaaaaa"
ENDLESS = timedelta(minutes=5)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    opened = Log.open(tmp_path / "state", clock=now)
    yield opened
    opened.close()


def begun_in(log: Log) -> Begun:
    begun = begin(
        log,
        log.path.parent,
        run=RUN,
        kind=RunKind.BACKUP,
        site="acme",
        service="partage",
        repository="far",
    )
    assert begun is not None
    return begun


def ends(log: Log) -> list[RunFailed]:
    return [r.event for r in log.read() if isinstance(r.event, RunFailed)]


def test_a_fault_that_is_not_ours_ends_the_run_and_none_of_its_words_are_kept(log: Log) -> None:
    with pytest.raises(KeyError), begun_in(log):
        raise KeyError("hunter2")

    (failed,) = ends(log)
    assert "KeyError" in failed.error
    assert failed.retryable
    assert "hunter2" not in failed.error + failed.remedy
    assert not under_way(log.path.parent, RUN)


def test_an_error_of_the_drill_ends_the_run_in_its_own_words(log: Log) -> None:
    with pytest.raises(Damaged), begun_in(log):
        raise Damaged("a pack is damaged", hint="Repair it.")

    (failed,) = ends(log)
    assert ("a pack is damaged", "Repair it.") == (failed.error, failed.remedy)


def fill(ballast: Path) -> None:
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1 << 12))


def test_an_outcome_waits_for_room_on_the_disk_and_is_not_lost(small_disk: str) -> None:
    ballast = Path(small_disk) / "ballast"
    log = Log.open(Path(small_disk) / "state", clock=now)
    begun = begun_in(log)
    begun.is_patient = True
    fill(ballast)
    long = "x" * 200_000  # more than is free in the pages of the log
    with pytest.raises(StateUnusable):
        log.append(Observed(site="", condition="c", present=True, detail=long, remedy=""))
    work = threading.Thread(target=begun.fail, args=(PraError(long),))
    work.start()
    time.sleep(0.5)
    held = under_way(log.path.parent, RUN), ends(log)
    ballast.unlink()
    work.join(20)
    said = [one.error for one in ends(log)]
    log.close()

    assert (True, []) == held
    assert [long] == said


def test_an_outcome_waits_no_longer_than_the_daemon_lives(small_disk: str) -> None:
    log = Log.open(Path(small_disk) / "state", clock=now)
    begun = begun_in(log)
    begun.is_patient = True
    fill(Path(small_disk) / "ballast")
    threading.Timer(0.3, begun.stop, ["the daemon was stopped"]).start()
    began = time.monotonic()
    with pytest.raises(StateUnusable):
        begun.fail(PraError("x" * 200_000))
    log.close()

    assert time.monotonic() - began < 20  # without a word it tries for ever


def test_a_run_lets_go_of_its_lock_even_where_its_file_cannot_be_removed(log: Log) -> None:
    begun = begun_in(log)
    path = begun.lock.path
    other = path.rename(path.with_name("moved.lock"))
    path.mkdir()  # unlink fails, as on a disk that is read-only by now

    begun.lock.release()

    assert not under_way(log.path.parent, other.stem)


class Bell:
    def __init__(self) -> None:
        self.rung = 0

    def __call__(self) -> None:
        self.rung += 1


def finished(lanes: Lanes) -> None:
    until = time.monotonic() + 10
    while lanes.under_way() and time.monotonic() < until:
        time.sleep(0.01)


def test_work_that_fails_does_not_wake_the_loop_to_fail_again() -> None:
    bell = Bell()
    lanes = Lanes(bell, logger(human=False))

    def refused() -> None:
        raise StateUnusable("the disk is full", hint="Free some space.", retryable=True)

    def faulty() -> None:
        raise KeyError("a fault")

    lanes.start("page/1", refused)
    lanes.start("page/2", faulty)
    finished(lanes)
    assert 0 == bell.rung

    lanes.start("page/3", lambda: None)
    finished(lanes)
    assert 1 == bell.rung


def test_a_machine_that_gives_no_thread_leaves_no_run_open(log: Log) -> None:
    begun = begun_in(log)
    lanes = Lanes(Bell(), logger(human=False))
    usual = threading.stack_size(1 << 46)  # no machine has that
    try:
        lanes.start("backup/1", lambda: None, begun)
    finally:
        threading.stack_size(usual)

    assert [True] == [one.retryable for one in ends(log)]
    assert not under_way(log.path.parent, RUN)
    assert 0 == lanes.under_way()


def test_who_asks_twice_that_it_stops_does_not_wait_for_what_runs(log: Log) -> None:
    begun = begun_in(log)
    lanes = Lanes(Bell(), logger(human=False))

    def work() -> None:
        with begun:
            while begun.processes.cancelled is None:
                time.sleep(0.01)
            raise Interrupted("stopped")

    lanes.start("backup/1", work, begun)

    assert 1 == lanes.drain(ENDLESS, lambda: None, lambda: True)
    (end,) = [r.event for r in log.read() if isinstance(r.event, RunInterrupted)]
    assert "the daemon was stopped" == end.note

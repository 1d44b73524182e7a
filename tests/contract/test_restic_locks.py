"""Interrupted and killed backups, and the locks that they leave or do not."""

from __future__ import annotations

import os
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import (
    Interrupted,
    RepositoryLocked,
)
from restore_drills.process import Processes
from tests.repositories import PASSWORD, TAGS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.repositories import Scene


def restic_by_hand(here: Scene, binary: Path, *argv: str) -> tuple[str, ...]:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(here.folder),
        "RESTIC_PASSWORD": PASSWORD,
        "RESTIC_REPOSITORY": here.repository.url,
    }
    ended = Processes("by-hand").run([str(binary), *argv], env=env, timeout=timedelta(seconds=30))
    return (str(ended.code), ended.stdout.decode())


def test_an_interrupted_backup_leaves_no_lock(empty: Scene) -> None:
    started = threading.Event()

    def cancel() -> None:
        started.wait(20)
        empty.processes.cancel("somebody pressed Ctrl-C")

    threading.Thread(target=cancel, daemon=True).start()

    def endless(writer: int) -> None:
        for _ in range(10_000):
            os.write(writer, os.urandom(1 << 16))
            if empty.locks():
                started.set()
            time.sleep(0.005)

    with pytest.raises(Interrupted, match="somebody pressed Ctrl-C"):
        empty.restic.backup_stdin(endless, filename="dump", host="bakery", tags=TAGS)

    assert started.is_set()
    assert [] == empty.locks()
    assert [] == list((empty.place / "snapshots").iterdir())


def test_nothing_is_started_after_a_cancellation(here: Scene) -> None:
    here.processes.cancel("somebody pressed Ctrl-C")

    with pytest.raises(Interrupted, match=r"nas: .*somebody pressed Ctrl-C"):
        here.restic.snapshots()


def kill_a_backup(here: Scene, binary: Path) -> None:
    """Leave a lock behind, as a power cut does."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(here.folder),
        "RESTIC_PASSWORD": PASSWORD,
        "RESTIC_REPOSITORY": here.repository.url,
    }
    reader, writer = os.pipe()
    argv = [str(binary), "backup", "--stdin"]
    with Processes("killed").start(argv, env=env, stdin=reader) as child:
        os.close(reader)
        until = time.monotonic() + 20
        while not here.locks() and time.monotonic() < until:
            time.sleep(0.02)
        os.kill(child.pid, 9)
        assert child.poll(10)
    os.close(writer)


def test_a_stale_lock_is_removed_by_unlock_alone(empty: Scene, binary: Path) -> None:
    kill_a_backup(empty, binary)
    (lock,) = empty.restic.locks()
    assert (socket.gethostname(), False) == (lock.host, lock.exclusive)
    assert timedelta(minutes=1) > datetime.now(UTC) - lock.time

    assert "11" == restic_by_hand(empty, binary, "check")[0]
    empty.restic.unlock()

    assert ([], ()) == (empty.locks(), empty.restic.locks())
    assert "0" == restic_by_hand(empty, binary, "check")[0]


@pytest.mark.usefixtures("snapshot")
def test_a_repository_in_exclusive_use_is_locked_to_a_backup_and_open_to_reads(
    here: Scene, binary: Path, tmp_path: Path
) -> None:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "RESTIC_PASSWORD": PASSWORD,
        "RESTIC_REPOSITORY": here.repository.url,
    }
    # It reads 900 kB slowly: stopped in the middle, it holds its lock for as long as we want.
    argv = [str(binary), "check", "--read-data", "--limit-download=20"]
    with Processes("checks").start(argv, env=env) as child:
        until = time.monotonic() + 20
        while not here.locks() and time.monotonic() < until:
            time.sleep(0.005)
        os.kill(child.pid, 19)
        try:
            with pytest.raises(RepositoryLocked, match="nas: another restic") as raised:
                here.restic.backup([str(here.source)], host="bakery", tags=TAGS)
            assert 1 == len(here.restic.snapshots())
            assert [True] == [lock.exclusive for lock in here.restic.locks()]
        finally:
            os.kill(child.pid, 18)
    assert raised.value.retryable

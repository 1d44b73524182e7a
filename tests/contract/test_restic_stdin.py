"""A dump on its way into a repository: only one that ended well becomes a snapshot."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import RepositoryAbsent, SourceFailed
from restore_drills.process import Processes
from tests.repositories import TAGS

if TYPE_CHECKING:
    from pathlib import Path

    from tests.repositories import Scene


def snapshots(empty: Scene) -> list[Path]:
    return list((empty.place / "snapshots").iterdir())


def test_what_a_child_writes_becomes_one_file(empty: Scene) -> None:
    def produce(writer: int) -> None:
        argv = ["seq", "100000"]
        env = {"PATH": os.environ["PATH"]}
        ended = Processes("seq").run(argv, env=env, timeout=timedelta(seconds=20), stdout=writer)
        assert 0 == ended.code

    made = empty.restic.backup_stdin(produce, filename="till.dump", host="bakery", tags=TAGS)

    assert made.complete
    assert 588_895 == made.total_bytes
    content = empty.restic.dump(made.snapshot, "/till.dump")
    assert b"1\n2\n3\n" == content[:6]
    assert b"99999\n100000\n" == content[-13:]


@pytest.mark.parametrize("written", [b"", b"a line\n", bytes(3 << 20)])
def test_a_source_that_fails_leaves_no_snapshot_and_no_lock(empty: Scene, written: bytes) -> None:
    def produce(writer: int) -> None:
        left = memoryview(written)
        while left:
            left = left[os.write(writer, left) :]
        time.sleep(1.2)  # restic has read all of it and waits for more
        raise SourceFailed("till: pg_dump ended with code 1")

    began = time.monotonic()
    with pytest.raises(SourceFailed, match="pg_dump ended with code 1"):
        empty.restic.backup_stdin(produce, filename="till.dump", host="bakery", tags=TAGS)

    assert time.monotonic() - began < 45  # without our zeros it is 92 s
    assert [] == snapshots(empty)
    assert [] == empty.locks()


def test_a_source_that_writes_nothing_has_failed_and_leaves_no_snapshot(empty: Scene) -> None:
    with pytest.raises(SourceFailed, match=r"till\.dump: the source wrote nothing"):
        empty.restic.backup_stdin(lambda _: None, filename="till.dump", host="bakery", tags=TAGS)

    assert [] == snapshots(empty)


def test_when_restic_fails_the_writer_is_freed_and_its_error_is_told(here: Scene) -> None:
    freed = []

    def produce(writer: int) -> None:
        try:
            while True:
                os.write(writer, bytes(1 << 16))
        except BrokenPipeError:
            freed.append(True)
            raise

    with pytest.raises(RepositoryAbsent, match="nas: there is no restic repository"):
        here.restic.backup_stdin(produce, filename="till.dump", host="bakery", tags=TAGS)

    assert [True] == freed


def test_a_user_s_interrupt_in_the_source_stays_one(empty: Scene) -> None:
    def produce(writer: int) -> None:
        os.write(writer, b"a line\n")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        empty.restic.backup_stdin(produce, filename="till.dump", host="bakery", tags=TAGS)

    assert [] == snapshots(empty)

"""The files of a snapshot and what changed between two, in both versions of restic."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.adapters.restic.listing import changed, entries
from orchestrator.errors import RepositoryDamaged, ResticFailed

if TYPE_CHECKING:
    from orchestrator.core.finding.values import Entry
    from tests.repositories import Scene

THEN = datetime(2026, 11, 22, 18, 0, 0, 250_000, tzinfo=UTC)
MICROSECONDS = int((THEN - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))


def test_every_file_is_handed_over_with_its_size_and_time(here: Scene, empty: Scene) -> None:
    tree = here.folder / "tree"
    (tree / "été" / "x").mkdir(parents=True)
    (tree / "été" / "a.txt").write_bytes(b"12345")
    (tree / "été" / "x" / "b").write_bytes(b"1")
    (tree / "link").symlink_to("été/a.txt")
    os.utime(tree / "été" / "a.txt", (THEN.timestamp(), THEN.timestamp()))
    os.utime(tree / "link", (0, 0), follow_symlinks=False)
    snapshot = empty.restic.backup([str(tree)], host="bakery", tags=()).snapshot
    found: list[Entry] = []
    right_there: list[Entry] = []

    entries(here.restic, snapshot, found.extend)
    entries(here.restic, snapshot, right_there.extend, [f"{tree}/été", f"{tree}/gone"])

    assert {("été", "a.txt", 5), ("été/x", "b", 1), ("", "link", 0)} == {
        (one.folder.removeprefix(str(tree)).strip("/"), one.name, one.size) for one in found
    }
    assert {"a.txt": MICROSECONDS, "link": 0} == {
        one.name: one.mtime for one in found if one.name != "b"
    }
    assert ["a.txt"] == [one.name for one in right_there]


def test_every_path_that_is_other_is_handed_over(here: Scene, empty: Scene) -> None:
    tree = here.folder / "tree"
    (tree / "d").mkdir(parents=True)
    for name in ("same", "touched", "other", "d/gone"):
        (tree / name).write_text(name)
    before = empty.restic.backup([str(tree)], host="bakery", tags=()).snapshot
    os.utime(tree / "touched", (1, 1))
    (tree / "other").write_text("something else")
    (tree / "d" / "gone").unlink()
    (tree / "d").rmdir()
    (tree / "new").mkdir()
    (tree / "new" / "file").touch()
    after = empty.restic.backup([str(tree)], host="bakery", tags=()).snapshot
    found: list[str] = []

    changed(here.restic, before, after, found.extend)

    assert {f"{tree}/{name}" for name in ("touched", "other", "d/gone", "new/file")} == set(found)


def test_who_cannot_take_what_is_handed_over_ends_the_listing(here: Scene, snapshot: str) -> None:
    def refuse(batch: list[Entry]) -> None:
        raise LookupError(f"{len(batch)} files are too many")

    with pytest.raises(LookupError, match="files are too many"):
        entries(here.restic, snapshot, refuse)


def test_a_snapshot_that_is_not_there_is_no_empty_listing(here: Scene, snapshot: str) -> None:
    assert snapshot
    with pytest.raises((ResticFailed, RepositoryDamaged)):
        entries(here.restic, "0" * 64, _nothing)


def _nothing(batch: list[Entry]) -> None:
    assert [] == batch

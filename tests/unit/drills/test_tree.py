from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from restore_drills.checks.tree import EPOCH, FIRST, LAST, Tree, answer, survey
from restore_drills.errors import CannotRun
from restore_drills.model import FilesCheck
from tests.builders import DATA_TIME

if TYPE_CHECKING:
    from pathlib import Path


def tree(files: int = 10, size: int = 1000, minutes_old: float | None = 60) -> Tree:
    newest = None if minutes_old is None else DATA_TIME - timedelta(minutes=minutes_old)
    return Tree(files=files, bytes=size, newest=newest)


def written(path: Path, content: bytes = b"12345", changed: int = 1_700_000_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (changed, changed))
    return path


def test_regular_files_below_all_folders_are_counted_with_their_bytes(tmp_path: Path) -> None:
    written(tmp_path / "a/b/c", b"123", 1_700_000_500)
    written(tmp_path / "a/d", b"45", 1_700_000_000)
    written(tmp_path / "other/e", b"", 1_600_000_000)

    found = survey(tmp_path / "a", tmp_path / "other")

    newest = datetime.fromtimestamp(1_700_000_500, UTC)
    assert Tree(files=3, bytes=5, newest=newest) == found


def test_no_link_is_followed_and_what_is_no_file_is_not_counted(tmp_path: Path) -> None:
    written(tmp_path / "outside/secret", b"123456789")
    room = tmp_path / "room"
    room.mkdir()
    (room / "folder").symlink_to(tmp_path / "outside")
    (room / "file").symlink_to(tmp_path / "outside/secret")
    (room / "circle").symlink_to(room)
    os.mkfifo(room / "pipe")

    assert Tree(files=0, bytes=0, newest=None) == survey(room)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (-86_400, datetime(1969, 12, 31, tzinfo=UTC)),
        (4_294_967_296, datetime(2106, 2, 7, 6, 28, 16, tzinfo=UTC)),
    ],
)
def test_strange_dates_of_a_clients_files_are_read(
    tmp_path: Path, changed: int, told: datetime
) -> None:
    written(tmp_path / "strange", changed=changed)

    assert told == survey(tmp_path).newest


def test_dates_that_no_calendar_has_are_held_at_its_ends() -> None:
    assert (1, 9999) == ((EPOCH + FIRST).year, (EPOCH + LAST).year)


def test_a_tree_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match=r"cannot be counted: .*/gone: No such file"):
        survey(tmp_path / "gone")


@pytest.mark.parametrize(
    ("check", "passes", "words"),
    [
        (FilesCheck(name="x", at_least=10), True, "10 files, at least 10"),
        (FilesCheck(name="x", at_least=11), False, "10 files, at least 11"),
        (FilesCheck(name="x", at_least_bytes=1000), True, "1000 bytes, at least 1000"),
        (FilesCheck(name="x", at_least_bytes=1001), False, "1000 bytes, at least 1001"),
        (
            FilesCheck(name="x", newest_within=timedelta(hours=1)),
            True,
            "newest file 1 h before the backup, at most 1 h",
        ),
        (
            FilesCheck(name="x", newest_within=timedelta(minutes=59)),
            False,
            "newest file 1 h before the backup, at most 59 min",
        ),
        (
            FilesCheck(name="x", at_least=11, newest_within=timedelta(hours=2)),
            False,
            "10 files, at least 11; newest file 1 h before the backup, at most 2 h",
        ),
        (FilesCheck(name="x"), True, "10 files"),
    ],
)
def test_files_are_enough_large_enough_and_new_enough(
    *,
    check: FilesCheck,
    passes: bool,
    words: str,
) -> None:
    assert (passes, words) == answer(check, tree(), DATA_TIME)


def test_a_file_written_while_the_backup_ran_is_new() -> None:
    check = FilesCheck(name="x", newest_within=timedelta(hours=1))

    assert (True, "newest file 5 min after the backup began") == answer(
        check, tree(minutes_old=-5), DATA_TIME
    )


def test_an_empty_tree_is_neither_new_nor_enough() -> None:
    empty = tree(files=0, size=0, minutes_old=None)
    check = FilesCheck(name="x", newest_within=timedelta(hours=1))

    assert (False, "no file, so none is new") == answer(check, empty, DATA_TIME)
    assert (False, "0 files") == answer(FilesCheck(name="x"), empty, DATA_TIME)

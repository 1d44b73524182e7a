"""What lies in a restored tree, by metadata alone; no link is followed."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from restore_drills.errors import CannotRun
from restore_drills.spans import duration

if TYPE_CHECKING:
    from pathlib import Path

    from restore_drills.model import FilesCheck

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# File systems know more years than `datetime` does.
FIRST = datetime.min.replace(tzinfo=UTC) - EPOCH
LAST = datetime.max.replace(tzinfo=UTC) - EPOCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Regular files, their bytes, the newest modification."""

    files: int
    bytes: int
    newest: datetime | None


def survey(*roots: Path) -> Tree:
    """Count the regular files below some folders. Raises CannotRun where one cannot be read."""
    files = size = 0
    newest: timedelta | None = None
    stack = [os.fspath(root) for root in roots]
    try:
        while stack:
            with os.scandir(stack.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        stack.append(entry.path)
                        continue
                    facts = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(facts.st_mode):
                        files += 1
                        size += facts.st_size
                        changed = _since_epoch(facts.st_mtime_ns)
                        newest = changed if newest is None else max(newest, changed)
    except OSError as error:
        raise CannotRun(
            f"the restored files cannot be counted: {error.filename}: {error.strerror}",
            hint="Drill as root where the client's files are closed to others.",
        ) from error
    return Tree(files=files, bytes=size, newest=None if newest is None else EPOCH + newest)


def _since_epoch(nanoseconds: int) -> timedelta:
    tick = timedelta(microseconds=1)
    return min(max(nanoseconds // 1000, FIRST // tick), LAST // tick) * tick


def answer(check: FilesCheck, tree: Tree, data_time: datetime) -> tuple[bool, str]:
    """Judge a `files` check; returns whether it passes, and the figures."""
    answers = []
    if check.at_least is not None:
        answers.append(
            (tree.files >= check.at_least, f"{tree.files} files, at least {check.at_least}")
        )
    if check.at_least_bytes is not None:
        words = f"{tree.bytes} bytes, at least {check.at_least_bytes}"
        answers.append((tree.bytes >= check.at_least_bytes, words))
    if check.newest_within is not None:
        answers.append(_newest(tree.newest, data_time, check.newest_within))
    if not answers:  # nothing is demanded of them: they must be there
        return tree.files > 0, f"{tree.files} files"
    return all(ok for ok, _ in answers), "; ".join(words for _, words in answers)


def _newest(newest: datetime | None, data_time: datetime, within: timedelta) -> tuple[bool, str]:
    if newest is None:
        return False, "no file, so none is new"
    age = data_time - newest
    if age <= timedelta(0):  # written while the backup ran, or by a clock that is ahead
        return True, f"newest file {duration(-age)} after the backup began"
    words = f"newest file {duration(age)} before the backup, at most {duration(within)}"
    return age <= within, words

"""Marked temporary folders: gone with their owner, or at the next start if he was killed.

A mark is a locked file in the folder. The kernel drops the lock when the owner dies, so a folder
whose lock can be taken is a dead one. Its name is the run id of the processes that work for it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.errors import DemoFailed
from restore_drills import process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PREFIX = "pra-scratch-"
MARK = ".mark"
# Some servers put files where no option moves them: their paths, one a line, stand here.
ELSEWHERE = "elsewhere"
# A socket's path may have 107 bytes, the servers' own folders and names come on top of this; and
# a policy names the folder of a database's socket without quotes.
SHORT_AND_PLAIN = re.compile(r"/[A-Za-z0-9._/-]{0,59}")


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder whose path is short and that other users may pass through, not list."""
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=_room()))
    folder.chmod(0o711)  # PostgreSQL runs as another user where we are root
    try:
        with marked(folder):
            yield folder
    finally:
        remove(folder)


@contextlib.contextmanager
def marked(folder: Path) -> Iterator[None]:
    """Hold a folder's mark. Raises DemoFailed when somebody else holds it."""
    mark = folder / MARK
    path = mark if mark.exists() else folder / f"{MARK}.new"
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise DemoFailed(
                f"{folder}: in use by another process", hint="End that one first."
            ) from error
        path.rename(mark)  # a fresh mark is never seen unlocked
        yield


def sweep(before: Callable[[Path], None] = lambda _: None) -> int:
    """Remove the folders of killed owners of this user, with their processes; return how many.

    `before` is called with each before anything of it is touched.
    """
    dead = [folder for folder in Path(_room()).glob(f"{PREFIX}*") if _is_dead(folder)]
    for folder in dead:
        before(folder)
        process.sweep(folder.name)
        remove(folder)
    return len(dead)


def run_of(folder: Path) -> str:
    """Return the run id of the processes that work in a folder: its marked folder's name."""
    marked = (level for level in (folder, *folder.parents) if (level / MARK).exists())
    return next(marked, folder).name


def remove(folder: Path) -> None:
    """Remove a folder and what its servers left elsewhere."""
    for listing in (*folder.glob(ELSEWHERE), *folder.glob(f"*/{ELSEWHERE}")):
        remove_elsewhere(listing.parent)
    shutil.rmtree(folder, ignore_errors=True)
    with contextlib.suppress(FileNotFoundError):  # another one sweeps as well
        if folder.exists():  # a server may have been writing while we removed
            shutil.rmtree(folder)


def remove_elsewhere(folder: Path) -> None:
    """Remove what one server left outside its folder."""
    with contextlib.suppress(FileNotFoundError):
        for line in (folder / ELSEWHERE).read_text().splitlines():
            Path(line).unlink(missing_ok=True)


def is_plain(folder: Path) -> bool:
    """Say whether a folder's path fits servers' sockets and a policy."""
    return SHORT_AND_PLAIN.fullmatch(str(folder)) is not None


def is_passable(folder: Path) -> bool:
    """Say whether any user may pass through every folder down to this one."""
    return all(level.stat().st_mode & stat.S_IXOTH for level in (folder, *folder.parents))


def _room() -> str:
    """Return the temporary folder, unless its path is too long or closed to the servers' user."""
    usual = Path(tempfile.gettempdir()).resolve()
    return str(usual) if is_plain(usual) and is_passable(usual) else "/tmp"  # noqa: S108 - mkdtemp makes a name of its own in it


def _is_dead(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
            return False
        with (folder / MARK).open() as mark:
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    return False

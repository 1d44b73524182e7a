"""What SQLite and the operating system say of the log, in our words with a remedy."""

from __future__ import annotations

import errno
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING

from orchestrator.errors import StateUnusable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHOOSE = "Give a folder of your own with --state or PRA_STATE."
DAMAGED = (
    "Run `pra events --restore`: the log's own copy takes its place. Without a copy, move the file "
    "aside and pra starts a new log; the backups are not touched by this, and each repository "
    "still tells its own story."
)


@contextmanager
def said_of(path: Path) -> Iterator[None]:
    """Turn the faults of SQLite and of the file system into StateUnusable."""
    try:
        yield
    except sqlite3.Error as error:
        raise _of_sqlite(path, error) from error
    except OSError as error:
        raise _of_system(path, error) from error


def is_damage(error: sqlite3.Error) -> bool:
    """Whether SQLite means that the file itself is not what it was."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    return code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _of_sqlite(path: Path, error: sqlite3.Error) -> StateUnusable:
    # The extended code's low byte is the kind of fault.
    match getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF:
        case sqlite3.SQLITE_FULL:
            return _full(path)
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            what, hint = "another process keeps it locked", "Look for a pra that hangs."
        case sqlite3.SQLITE_READONLY:
            what, hint = "it is read-only", CHOOSE
        case sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            what, hint = "no permission", CHOOSE
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            what, hint = f"it is damaged: {error}", DAMAGED
        case sqlite3.SQLITE_IOERR:
            what, hint = f"the disk failed: {error}", "Look at the disk and its file system."
        case _:
            what, hint = str(error), DAMAGED
    return StateUnusable(f"{path}: the log cannot be used: {what}", hint=hint)


def _of_system(path: Path, error: OSError) -> StateUnusable:
    where = error.filename or path
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return _full(path)
        case _:
            reason = (error.strerror or str(error)).lower()
            return StateUnusable(f"{where}: the state folder cannot be used: {reason}", hint=CHOOSE)


def _full(path: Path) -> StateUnusable:
    return StateUnusable(
        f"{path}: the log cannot be written: the disk is full",
        hint=f"Free some space on the file system of {path.parent}.",
        retryable=True,
    )

"""The log's tables: numbered migrations, each applied once, whole, with a copy kept before."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from importlib import resources
from typing import TYPE_CHECKING

from orchestrator.errors import StateUnusable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


def scripts() -> list[str]:
    """Return the migrations that this version knows, in order."""
    folder = resources.files("orchestrator.log") / "sql"
    found = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [f.read_text(encoding="utf-8") for f in found]


def version(db: sqlite3.Connection) -> int:
    """Return how many migrations the log has had."""
    (number,) = db.execute("PRAGMA user_version").fetchone()
    return int(number)


def migrate(db: sqlite3.Connection, path: Path, known: Sequence[str], *, keep: bool = True) -> None:
    """Bring the log at `path` up to the last of `known`.

    With `keep`, what holds tables is copied to `log-before-<number>.sqlite` beside it first. Raises
    StateUnusable for a log of a newer pra, sqlite3.Error and OSError.
    """
    if version(db) == len(known):
        return
    # Beside the log, because a copy and a change of journal mode are outside any transaction.
    with (path.parent / "migrate.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        have = version(db)
        if have > len(known):
            raise StateUnusable(
                f"{path}: the log was written by a newer pra (version {have}, "
                f"this one knows {len(known)})",
                hint="Install the newer pra again.",
            )
        if have == 0:
            _write_ahead(db, path)
        elif have < len(known) and keep:
            _keep_copy(db, path, have + 1)
        for number in range(have, len(known)):
            _apply(db, known[number], number + 1)


def _write_ahead(db: sqlite3.Connection, path: Path) -> None:
    (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StateUnusable(
            f"{path}: this file system cannot hold the log (no shared memory)",
            hint="Keep the state on a local disk, not on a network share.",
        )


def _keep_copy(db: sqlite3.Connection, path: Path, number: int) -> None:
    copy = path.with_name(f"log-before-{number:04d}.sqlite")
    part = copy.with_suffix(".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        db.execute("VACUUM INTO ?", (str(part),))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    part.replace(copy)


def _apply(db: sqlite3.Connection, script: str, number: int) -> None:
    db.execute("BEGIN IMMEDIATE")
    try:
        for statement in _statements(script):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {number:d}")
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _statements(script: str) -> Iterator[str]:
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""

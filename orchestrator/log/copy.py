"""The log's own copy, `<state>/log-copy.sqlite`: a mirror of its events and slots, behind by a bit.

It has the form of a log, so that it can take the place of one that is damaged (`log/repair.py`).
"""

from __future__ import annotations

import itertools
import os
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from orchestrator.errors import StateUnusable
from orchestrator.log import schema
from orchestrator.log.faults import DAMAGED, is_damage, said_of
from orchestrator.log.sqlite import BUSY_MS, COPY, GENESIS, INSERT, LAST, LAST_ROW, PAGE, broken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from orchestrator.log.sqlite import Log, Row, Slot

INSERT_SLOT = "INSERT INTO slot VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING"


class Hurt(sqlite3.DatabaseError):
    """The copy's last event is not what was written."""

    sqlite_errorcode = sqlite3.SQLITE_CORRUPT


class Copy:
    """The copy beside a log; one process at a time brings it forward, any may call."""

    def __init__(self, state: Path) -> None:
        self.path = state / COPY

    def advance(self, log: Log) -> int:
        """Copy what came after the copy's last event, verified; return how many events.

        A copy that is damaged itself is put aside and made anew. Raises StateUnusable: the disk is
        full (what was copied stays), or the log does not go on from where the copy ends; then the
        copy is left as it is, for it may know more.
        """
        with said_of(self.path):
            try:
                with closing(self._opened()) as db:
                    return _advance(db, log)
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
                put_aside(self.path)
            with closing(self._opened()) as db:
                return _advance(db, log)

    def last(self) -> tuple[int, str] | None:
        """Return the number and hash of its last event; None without a copy that can be read."""
        if not self.path.exists():
            return None
        try:
            with closing(connected(self.path)) as db:
                row = db.execute(LAST_ROW).fetchone()
        except sqlite3.Error:
            return None
        if row is None or broken(row, row[0] - 1, row[9]):
            return None
        return row[0], row[10]

    def _opened(self) -> sqlite3.Connection:
        if not self.path.exists():
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        db = connected(self.path)
        try:
            schema.migrate(db, self.path, schema.scripts(), keep=False)
            _check_last(db)
        except BaseException:
            db.close()
            raise
        return db


def _check_last(db: sqlite3.Connection) -> None:
    row = db.execute(LAST_ROW).fetchone()
    if row is not None and broken(row, row[0] - 1, row[9]):
        raise Hurt(f"event {row[0]} was changed after it was written")


def connected(path: Path) -> sqlite3.Connection:
    """Open a file that has the form of a log. Raises sqlite3.Error, also later."""
    db = sqlite3.connect(path, timeout=BUSY_MS / 1000, isolation_level=None)
    try:
        db.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error:
        db.close()
        raise
    return db


def insert(db: sqlite3.Connection, rows: Sequence[Row], slots: Sequence[Slot]) -> None:
    """Write rows and slots as they are, in the transaction that is open."""
    db.executemany(INSERT, rows)
    db.executemany(INSERT_SLOT, slots)


def put_aside(path: Path) -> None:
    """Keep a damaged file, with what belongs to it, under the first name that is free."""
    names = (
        path.with_name(f"{path.stem}-damaged-{number}{path.suffix}")
        for number in itertools.count(1)
    )
    aside = next(name for name in names if not name.exists())
    for suffix in ("-wal", "-shm", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(aside.with_name(aside.name + suffix))


def _advance(db: sqlite3.Connection, log: Log) -> int:
    copied = 0
    while True:
        with _writing(db):
            last, hashed = db.execute(LAST).fetchone() or (0, GENESIS)
            if last and log.hash_of(last) != hashed:
                raise StateUnusable(
                    f"{log.path}: event {last} is not there as the log's copy holds it",
                    hint=DAMAGED,
                )
            rows = _following(log, last, hashed)
            if not rows:
                return copied
            insert(db, rows, log.slots(rows[0][0], rows[-1][0]))
            copied += len(rows)


def _following(log: Log, last: int, hashed: str) -> list[Row]:
    rows = list(itertools.islice(log.rows(last), PAGE))
    for row in rows:
        if why := broken(row, last, hashed):
            raise StateUnusable(f"{log.path}: event {last + 1}: {why}", hint=DAMAGED)
        last, hashed = row[0], row[10]
    return rows


@contextmanager
def _writing(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")

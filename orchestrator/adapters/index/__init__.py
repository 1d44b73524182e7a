"""The index of a site's files: which point holds which version. A cache that may be deleted.

One SQLite file per site, outside the log. A point is taken up whole or not at all, so that
whatever is killed when, the index answers for the points that it says it has. One that is damaged
or of another schema is made anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sqlite3
from typing import TYPE_CHECKING, Self

from orchestrator.adapters.index import schema, search
from orchestrator.core.codec import instant, timestamp
from orchestrator.core.finding.pattern import fold
from orchestrator.errors import StateUnusable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

    from orchestrator.core.finding.pattern import Pattern
    from orchestrator.core.finding.values import Answer, Asked, Entry, Held

BUSY_MS = 30_000
CACHE_KB = 16_000  # of pages: a NAS has 1 GiB for everything
SUFFIXES = ("", "-wal", "-shm")
FULL = "full"


class Damaged(Exception):
    """The file is no index that can be read: it is to be discarded."""


class Index:
    """An open index; one thread uses it at a time. `open` makes what is not there."""

    def __init__(self, path: Path, db: sqlite3.Connection) -> None:
        self._path = path
        self._db = db

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open an index, made anew where it is damaged or another schema's.

        Raises StateUnusable.
        """
        try:
            return cls(path, _opened(path))
        except Damaged:
            discard(path)
            return cls(path, _opened(path))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._db.close()

    def points(self, service: str, source: str) -> tuple[Held, ...]:
        """Return the points of a source that are in it, oldest first."""
        with _guarded(self._path):
            found = search.points(self._db)
        return tuple(
            held
            for chain in found.values()
            for _, held in chain
            if (held.service, held.source) == (service, source)
        )

    def keep(self, service: str, source: str, points: Iterable[Held]) -> None:
        """Forget what is not among the points of a source, and take what is said of the others.

        What comes after a point that the index never had is forgotten too: it is to be taken up
        again, in its order.
        """
        wanted = {held.run: held for held in points}
        with self._writing() as db:
            chain = self._chain(db, service, source)
            rows = db.execute(
                "SELECT run, seq, tree, unread, snapshots FROM points WHERE chain = ? ORDER BY seq",
                (chain,),
            ).fetchall()
            # What could not be listed is tried again where it is elsewhere, or another one.
            known = {
                run: (seq, f"{tree} {snapshots}" if unread else tree)
                for run, seq, tree, unread, snapshots in rows
            }
            stays = _in_order(known, wanted)
            gone = [seq for run, (seq, _) in known.items() if run not in wanted]
            end = max((known[run][0] for run in stays), default=0)
            db.executemany("DELETE FROM points WHERE seq = ?", [(seq,) for seq in gone])
            if any(seq > end for seq, _ in known.values()):
                _cut(db, chain, end)
            if gone or len(stays) < len(known):
                db.execute(schema.ORPHANS)
                db.execute(schema.NAMELESS)
            db.executemany(
                "UPDATE points SET usable_at = ?, suspected = ?, snapshots = ?"
                " WHERE chain = ? AND run = ?",
                [(*_said(wanted[run]), chain, run) for run in stays],
            )

    def same(self, held: Held) -> None:
        """Take up a point of the same tree as the one before it."""
        with self._writing() as db:
            _add(db, self._chain(db, held.service, held.source), held)

    def fresh(self) -> None:
        """Empty what was collected of a point."""
        with self._writing() as db:
            db.execute("DELETE FROM seen")
            db.execute("DELETE FROM touched")

    def seen(self, batch: list[Entry]) -> None:
        """Collect files of the point that is to be taken up; any thread may call it."""
        with self._writing() as db:
            db.executemany(
                "INSERT OR REPLACE INTO seen (folder, name, size, mtime) VALUES (?, ?, ?, ?)",
                [(one.folder, one.name, one.size, one.mtime) for one in batch],
            )

    def touched(self, batch: list[str]) -> None:
        """Collect paths that are other than in the point before; any thread may call it."""
        with self._writing() as db:
            db.executemany(
                "INSERT OR IGNORE INTO touched (folder, name) VALUES (?, ?)",
                [path.rpartition("/")[::2] for path in batch],
            )

    def folders(self, most: int) -> tuple[str, ...] | None:
        """Return the folders of the touched paths; None when there are more than so many."""
        with _guarded(self._path):
            rows = self._db.execute(
                "SELECT DISTINCT folder FROM touched LIMIT ?", (most + 1,)
            ).fetchall()
        return None if len(rows) > most else tuple(row[0] for row in rows)

    def take(self, held: Held, *, touched: bool) -> None:
        """Take up a point of what was collected: all its files, or only those touched."""
        with self._writing() as db:
            chain = self._chain(db, held.service, held.source)
            if touched:
                db.execute(schema.UNTOUCHED)
            (known,) = db.execute("SELECT coalesce(max(id), 0) FROM files").fetchone()
            given = {"chain": chain, "known": known, "seq": _add(db, chain, held)}
            for statement in schema.NAMES:
                db.execute(statement, given)
            db.execute(schema.END_OF_TOUCHED if touched else schema.END_OF_ALL, given)
            db.execute(schema.BEGIN, given)
            db.execute("DELETE FROM seen")
            db.execute("DELETE FROM touched")

    def asked(self, service: str) -> tuple[datetime, int] | None:
        """Return when all repositories were last asked about a service, and `seq` of then."""
        with _guarded(self._path):
            row = self._db.execute(
                "SELECT at, seq FROM asked WHERE service = ?", (service,)
            ).fetchone()
        return None if row is None else (instant(row[0]), row[1])

    def mark(self, services: Iterable[str], at: datetime, seq: int) -> None:
        """Write down that all repositories were asked; `seq`: what the log had come to."""
        with self._writing() as db:
            db.executemany(
                "INSERT OR REPLACE INTO asked (service, at, seq) VALUES (?, ?, ?)",
                [(service, timestamp(at), seq) for service in services],
            )

    def search(self, pattern: Pattern, asked: Asked) -> Answer:
        """Return the files whose name matches, the last changed first."""
        with _guarded(self._path):
            return search.search(self._db, pattern, asked)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with _guarded(self._path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.rollback()
                raise
            self._db.commit()

    def _chain(self, db: sqlite3.Connection, service: str, source: str) -> int:
        db.execute(
            "INSERT OR IGNORE INTO chains (service, source) VALUES (?, ?)", (service, source)
        )
        (found,) = db.execute(
            "SELECT id FROM chains WHERE service = ? AND source = ?", (service, source)
        ).fetchone()
        return int(found)


@contextlib.contextmanager
def alone(path: Path) -> Iterator[bool]:
    """Yield whether nobody else brings this index forward; until the end, nobody else does."""
    lock = path.with_suffix(".lock")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unusable(lock, error.strerror or str(error)) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(handle)


def discard(path: Path) -> None:
    """Remove an index: it is a cache."""
    for suffix in SUFFIXES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _opened(path: Path) -> sqlite3.Connection:
    with _guarded(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.touch(mode=0o600)
        db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            _prepare(db)
        except BaseException:
            db.close()
            raise
        return db


def _prepare(db: sqlite3.Connection) -> None:
    db.create_function("fold", 1, fold, deterministic=True)
    db.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.execute(f"PRAGMA cache_size = -{CACHE_KB}")
    db.execute("PRAGMA case_sensitive_like = ON")
    db.execute("BEGIN IMMEDIATE")
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    (application,) = db.execute("PRAGMA application_id").fetchone()
    if tables and (version, application) != (schema.VERSION, schema.APPLICATION):
        raise Damaged("another schema")
    if not tables:
        for statement in schema.TABLES.split(";"):
            db.execute(statement)
        db.execute(f"PRAGMA application_id = {schema.APPLICATION}")
        db.execute(f"PRAGMA user_version = {schema.VERSION}")
    db.commit()


@contextlib.contextmanager
def _guarded(path: Path) -> Iterator[None]:
    """Tell a damaged file from a machine that cannot: a full disk, a folder of another owner."""
    try:
        yield
    except sqlite3.OperationalError as error:
        # A missing table is damage too; so is a page that cannot be.
        if _is_machine(error):
            raise _unusable(path, str(error)) from error
        raise Damaged(str(error)) from error
    except sqlite3.DatabaseError as error:
        raise Damaged(str(error)) from error
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error


def _is_machine(error: sqlite3.OperationalError) -> bool:
    codes = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_BUSY")
    return str(getattr(error, "sqlite_errorname", "")).startswith(codes)


def _unusable(path: Path, why: str) -> StateUnusable:
    return StateUnusable(
        f"{path}: the index of files cannot be used: {why}",
        hint="Check who owns the state folder and that its disk is not full.",
    )


def _in_order(known: Mapping[str, tuple[int, str]], wanted: Mapping[str, Held]) -> list[str]:
    """Return the runs that stay: those before the first that is unknown, or is another one now."""
    stays = []
    for held in sorted(wanted.values(), key=lambda held: (held.data_time, held.run)):
        unread = f"{held.tree} {_said(held)[2]}"
        if held.run not in known or known[held.run][1] not in {held.tree, unread}:
            break
        stays.append(held.run)
    return stays


def _cut(db: sqlite3.Connection, chain: int, end: int) -> None:
    """Take a chain back to the point `end`; 0: before its first."""
    of_chain = "file IN (SELECT id FROM files WHERE chain = ?)"
    db.execute("DELETE FROM points WHERE chain = ? AND seq > ?", (chain, end))
    db.execute(f"DELETE FROM versions WHERE first > ? AND {of_chain}", (end, chain))  # noqa: S608 - two constants
    db.execute(
        f"UPDATE versions SET until = NULL WHERE until > ? AND {of_chain}",  # noqa: S608 - two constants
        (end, chain),
    )


def _add(db: sqlite3.Connection, chain: int, held: Held) -> int:
    added = db.execute(
        "INSERT INTO points (chain, run, data_time, tree, unread, usable_at, suspected, snapshots)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (chain, held.run, timestamp(held.data_time), held.tree, held.unread, *_said(held)),
    )
    return int(added.lastrowid or 0)


def _said(held: Held) -> tuple[str, bool, str]:
    return timestamp(held.usable_at), held.suspected, json.dumps(dict(held.snapshots))

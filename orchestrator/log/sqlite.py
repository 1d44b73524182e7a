"""The event log in one SQLite file, `<state>/log.sqlite`.

An appended event is on disk when `append` returns (write-ahead log, `synchronous=FULL`). Rows are
chained by hash, so a row that was changed, removed or put in later is seen by `verify`; rows cut
off at the end are not, unless a later hash is known elsewhere. Every thread has its own connection.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import sqlite3
import threading
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, overload

from orchestrator.core import events
from orchestrator.core.codec import instant, timestamp
from orchestrator.core.events import Event, Recorded
from orchestrator.errors import StateUnusable
from orchestrator.log import schema
from orchestrator.log.faults import CHOOSE, DAMAGED, said_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime, timedelta
    from pathlib import Path

BUSY_MS = 30_000
PAGE = 1_000
NUMBERS = 100  # pages, of numbers alone
POLL_S = 0.2
GENESIS = "0" * 64
COPY = "log-copy.sqlite"  # of `log/copy.py`
COLUMNS = "seq, id, at, type, site, service, run, cause, body, prevhash, hash"
OF_RUN = f"SELECT {COLUMNS} FROM event INDEXED BY event_by_run WHERE run = ? ORDER BY seq"  # noqa: S608 - a constant
INSERT = f"INSERT INTO event ({COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?)"  # noqa: S608 - a constant
BY_NUMBER = (
    f"SELECT {COLUMNS} FROM event WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq"  # noqa: S608 - a constant
)

LAST = "SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1"
LAST_ROW = f"SELECT {COLUMNS} FROM event ORDER BY seq DESC LIMIT 1"  # noqa: S608 - a constant
SLOTS = (
    "SELECT slot.site, slot.service, slot.kind, slot.slot, slot.event "
    "FROM event CROSS JOIN slot ON slot.event = event.id WHERE event.seq BETWEEN ? AND ?"
)

Slot = tuple[str, str, str, str, str]
Head = tuple[int, str, str, str, str, str, str, str | None, str]
Row = tuple[int, str, str, str, str, str, str, str | None, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """The first row at which the chain does not hold, and what is wrong with it."""

    seq: int
    why: str


class Log:
    """The log, shared by threads and processes."""

    def __init__(self, path: Path, clock: Callable[[], datetime], *, page: int = PAGE) -> None:
        self.path = path
        self._page = page
        self._clock = clock
        self._connections: dict[threading.Thread, sqlite3.Connection] = {}
        self._seen: dict[threading.Thread, int] = {}
        self._guard = threading.Lock()

    @classmethod
    def open(cls, state: Path, *, clock: Callable[[], datetime]) -> Self:
        """Open the log of a state folder; make both where there are none. Raises StateUnusable."""
        log = cls(place(state), clock)
        try:
            with said_of(log.path):
                prepare(state)
                _refuse_to_begin_anew(state)
                # Made by us, so that nobody else reads it: SQLite would follow the umask. Only
                # made: closing the file would drop the locks of this process's other threads.
                with contextlib.suppress(FileExistsError):
                    os.close(os.open(log.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
                schema.migrate(log._db(), log.path, schema.scripts())
        except StateUnusable:
            log.close()
            raise
        return log

    @overload
    def append(self, event: Event, *, cause: str | None = None) -> Recorded: ...
    @overload
    def append(self, event: Event, *, slot: str, cause: str | None = None) -> Recorded | None: ...
    def append(
        self, event: Event, *, slot: str | None = None, cause: str | None = None
    ) -> Recorded | None:
        """Write one event; on return it survives a crash. `cause` is the id of an earlier one.

        With `slot`, None means that the slot of this site, service and kind was taken before, and
        nothing was written. Raises StateUnusable.
        """
        body = json.dumps(events.encode(event), ensure_ascii=False, separators=(",", ":"))
        service = events.service_of(event)
        kind = event.kind if isinstance(event, events.RunStarted) else events.type_of(event)
        with self._writing() as db:
            last = db.execute(LAST).fetchone()
            before, prevhash = last or (0, GENESIS)
            at = self._clock()
            number, kind_of = (before + 1, event_id(at), timestamp(at)), events.type_of(event)
            of = (event.site, service, events.run_of(event))
            row = chained(prevhash, (*number, kind_of, *of, cause, body))
            db.execute(INSERT, row)
            if slot is not None:
                won = db.execute(
                    "INSERT INTO slot VALUES (?,?,?,?,?) ON CONFLICT DO NOTHING",
                    (event.site, service, kind, slot, row[1]),
                ).rowcount
                if won == 0:
                    db.execute("ROLLBACK")
                    return None
            db.execute("COMMIT")
        return self._recorded(row)

    def read(
        self, after: int = 0, *, site: str | None = None, types: Sequence[type[Event]] = ()
    ) -> Iterator[Recorded]:
        """Yield the events after `after` in their order, of one site or all, of `types` or all.

        With `types` only those are looked at, however long the log is. No transaction is open
        between two events. Raises StateUnusable.
        """
        rows = (
            self._rows_of_types(after, site, [events.name_of(kind) for kind in types])
            if types
            else self.rows(after, site)
        )
        for row in rows:
            yield self._recorded(row)

    def of_run(self, run: str) -> list[Recorded]:
        """Return what was said of one run, or of one incident, in order. Raises StateUnusable."""
        with said_of(self.path):
            rows = self._db().execute(OF_RUN, (run,)).fetchall()
        return [self._recorded(row) for row in rows]

    def hash_of(self, seq: int) -> str | None:
        """Return the hash of an event; None where there is no such event."""
        with said_of(self.path):
            row = self._db().execute("SELECT hash FROM event WHERE seq = ?", (seq,)).fetchone()
        return str(row[0]) if row else None

    def count(self) -> int:
        """Return how many events there are."""
        with said_of(self.path):
            (number,) = self._db().execute("SELECT count(*) FROM event").fetchone()
        return int(number)

    def verify(self) -> Broken | None:
        """Recompute the chain; return the first row that breaks it. Raises StateUnusable."""
        before, prevhash = 0, GENESIS
        for row in self.rows(0):
            if why := broken(row, before, prevhash):
                return Broken(seq=before + 1, why=why)
            before, prevhash = row[0], row[10]
        return None

    def wait(self, timeout: timedelta) -> bool:
        """Wait until another thread or process appends; false after `timeout`.

        What was appended since this thread's last `wait` (or first use) counts, so reading and
        then waiting misses nothing; once in a while it wakes for nothing.
        """
        until = time.monotonic() + timeout.total_seconds()
        me = threading.current_thread()
        while True:
            with said_of(self.path):
                now = _data_version(self._db())
            if now != self._seen[me]:
                self._seen[me] = now
                return True
            if time.monotonic() >= until:
                return False
            time.sleep(POLL_S)

    def close(self) -> None:
        """Close the connections of all threads; each may open anew."""
        with self._guard:
            for db in self._connections.values():
                db.close()
            self._connections.clear()

    def _db(self) -> sqlite3.Connection:
        me = threading.current_thread()
        with self._guard:
            for thread in [t for t in self._connections if not t.is_alive()]:
                self._connections.pop(thread).close()
                self._seen.pop(thread, None)
            if me in self._connections:
                return self._connections[me]
        # Threads do not share it; only `close` and the line above reach over.
        db = sqlite3.connect(
            self.path, timeout=BUSY_MS / 1000, isolation_level=None, check_same_thread=False
        )
        with self._guard:
            self._connections[me] = db
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
        self._seen[me] = _data_version(db)
        return db

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with said_of(self.path):
            db = self._db()
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
            finally:
                if db.in_transaction:
                    db.execute("ROLLBACK")

    def rows(self, after: int, site: str | None = None) -> Iterator[Row]:
        """Yield the rows after `after` as they stand in the file. Raises StateUnusable."""
        where = "seq > ?" if site is None else "seq > ? AND site = ?"
        query = f"SELECT {COLUMNS} FROM event WHERE {where} ORDER BY seq LIMIT {self._page}"  # noqa: S608 - constants
        while True:
            with said_of(self.path):
                page = (
                    self._db().execute(query, (after, *([] if site is None else [site]))).fetchall()
                )
            if not page:
                return
            yield from page
            after = page[-1][0]

    def slots(self, first: int, last: int) -> list[Slot]:
        """Return the slots that these events took. Raises StateUnusable."""
        with said_of(self.path):
            return self._db().execute(SLOTS, (first, last)).fetchall()

    def _rows_of_types(self, after: int, site: str | None, types: Sequence[str]) -> Iterator[Row]:
        # In two steps, because the order of the index is not that of the log: first the numbers,
        # from the index alone, then their rows.
        marks = ",".join("?" * len(types))
        where = f"type IN ({marks}) AND seq > ?" + ("" if site is None else " AND site = ?")
        numbers = (
            f"SELECT seq FROM event INDEXED BY event_by_type WHERE {where} "  # noqa: S608 - constants
            f"ORDER BY seq LIMIT {NUMBERS * self._page}"
        )
        while True:
            with said_of(self.path):
                found = self._db().execute(
                    numbers, (*types, after, *([] if site is None else [site]))
                )
                page = [number for (number,) in found]
            for start in range(0, len(page), self._page):
                wanted = page[start : start + self._page]
                with said_of(self.path):
                    yield from self._db().execute(BY_NUMBER, (json.dumps(wanted),)).fetchall()
            if len(page) < NUMBERS * self._page:
                return
            after = page[-1]

    def _recorded(self, row: Row) -> Recorded:
        try:
            return Recorded(
                seq=row[0],
                id=row[1],
                at=instant(row[2]),
                event=events.decode(row[3], json.loads(row[8])),
                cause=row[7],
                prevhash=row[9],
                hash=row[10],
            )
        except ValueError as error:
            raise StateUnusable(
                f"{self.path}: event {row[0]} cannot be read: {error}", hint=DAMAGED
            ) from error


def place(state: Path) -> Path:
    """Return where the log of a state folder is, or would be."""
    return state / "log.sqlite"


def is_absent(state: Path) -> bool:
    """Whether a state folder has no log yet; of one that cannot be used, `Log.open` says why.

    One that has a copy had a log.
    """
    try:
        return not any(map(_is_there, (place(state), state / COPY)))
    except OSError:
        return False


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except FileNotFoundError:
        return False
    return True


def prepare(state: Path) -> None:
    """Make the state folder, for its owner alone; refuse one in which others may write."""
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    if state.stat().st_mode & 0o022:
        raise StateUnusable(
            f"{state}: other users may write in the state folder",
            hint=f"Run `chmod go-w {state}`. " + CHOOSE,
        )


def _refuse_to_begin_anew(state: Path) -> None:
    if not _is_there(place(state)) and _is_there(state / COPY):
        raise StateUnusable(
            f"{place(state)}: the log is gone, and its copy is there",
            hint="Run `pra events --restore`; to start a new log, move the copy aside.",
        )


def event_id(at: datetime) -> str:
    """Return a new UUID (version 7): its first 48 bits are the milliseconds of `at`."""
    head = (int(at.timestamp() * 1000) & (1 << 48) - 1) << 80
    return str(
        uuid.UUID(int=head | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62))
    )


def chained(prevhash: str, head: Head) -> Row:
    """Return the row that follows the one of `prevhash`."""
    return (*head, prevhash, _hash(prevhash, head))


def broken(row: Row, before: int, prevhash: str) -> str:
    """Return what is wrong with a row after the one numbered `before`; empty: nothing is."""
    if row[0] != before + 1:
        return "it is missing"
    if row[9] != prevhash:
        return "it does not follow the one before it"
    if row[10] != _hash(prevhash, row[:9]):
        return "it was changed after it was written"
    return ""


def _hash(prevhash: str, head: tuple[object, ...]) -> str:
    text = json.dumps(head, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256((prevhash + text).encode()).hexdigest()


def _data_version(db: sqlite3.Connection) -> int:
    (version,) = db.execute("PRAGMA data_version").fetchone()
    return int(version)

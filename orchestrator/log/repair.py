"""A damaged log: seen, and replaced by its copy and by what can still be read of it.

Whatever is killed when: the new log is whole under a name of its own (`READY`) before the old one
is touched, and a restoration that was cut short is finished by the next.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.core.events import LogRestored
from orchestrator.errors import StateUnusable
from orchestrator.log import schema
from orchestrator.log.copy import Copy, connected, insert, put_aside
from orchestrator.log.faults import is_damage, said_of
from orchestrator.log.sqlite import COLUMNS, GENESIS, PAGE, Log, broken, is_absent, place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from orchestrator.log.sqlite import Row, Slot

READY = "log-restored.sqlite"
TAIL = 2_000  # events
LOOK_BYTES = 64_000_000  # read in a fraction of a second; a longer log only at its end
AFTER = f"SELECT {COLUMNS} FROM event WHERE seq > ? ORDER BY seq LIMIT ?"  # noqa: S608 - a constant
ONE = f"SELECT {COLUMNS} FROM event WHERE seq = ?"  # noqa: S608 - a constant


def diagnose(state: Path) -> str | None:
    """Return what is wrong with the log, as far as a quick look sees; None: nothing, or no log.

    The look is bounded: the pages of a file of up to 64 MB, the chain of the last 2,000 events, and
    whether the log still holds the last event of its copy. `Log.verify` reads everything. Raises
    StateUnusable where it cannot look.
    """
    path = place(state)
    if (state / READY).exists():
        return "its restoration was cut short"
    known = Copy(state).last()
    if is_absent(state):
        return None
    with said_of(path):
        if not path.exists():
            return "it is gone"
        try:
            with closing(connected(path)) as db:
                return _seen(db, known)
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                return str(error)
            raise


def restore(state: Path, damage: str, *, clock: Callable[[], datetime]) -> LogRestored:
    """Replace the log by its copy and what can be read of it; return what is now said on it.

    What follows the copy without a gap in the damaged log is kept; the damaged files are kept too.
    Nobody may have the log open. Raises StateUnusable: no copy, somebody uses the log, the disk.
    """
    path, ready = place(state), state / READY
    with said_of(path), _alone(state):
        if not ready.exists():
            if not Copy(state).path.exists():
                raise StateUnusable(
                    f"{path}: the log is damaged ({damage}) and has no copy",
                    hint="Move the file aside and pra starts a new log; the backups are not "
                    "touched by this, and each repository still tells its own story.",
                )
            _make(state, damage, clock)
        said = _said(ready)
        _exchange(path, state / said.kept_as, ready)
    return said


def _seen(db: sqlite3.Connection, known: tuple[int, str] | None) -> str | None:
    tables = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'event'").fetchall()
    if not tables:
        return "it is empty" if known else None
    if fault := _pages(db):
        return fault
    (newest,) = db.execute("SELECT max(seq) FROM event").fetchone()
    first = max((newest or 0) - TAIL, 0)
    before = db.execute("SELECT hash FROM event WHERE seq = ?", (first,)).fetchone()
    last, hashed = first, before[0] if before else GENESIS
    for row in db.execute(AFTER, (first, TAIL)):
        if why := broken(row, last, hashed):
            return f"event {last + 1}: {why}"
        last, hashed = row[0], row[10]
    if known:
        number, expected = known
        there = db.execute("SELECT hash FROM event WHERE seq = ?", (number,)).fetchone()
        if there is None:
            return f"it ends at event {last}, and its copy at event {number}"
        if there[0] != expected:
            return f"event {number} is not the one that its copy holds"
    return None


def _pages(db: sqlite3.Connection) -> str | None:
    (size,) = db.execute(
        "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    ).fetchone()
    if size > LOOK_BYTES:
        return None
    (said,) = db.execute("PRAGMA quick_check(1)").fetchone()
    return None if said == "ok" else str(said)


@contextlib.contextmanager
def _alone(state: Path) -> Iterator[None]:
    with (state / "restore.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateUnusable(
                f"{state}: another process restores the log",
                hint="Wait until it has.",
                retryable=True,
            ) from None
        if users := _users(place(state)):
            # SQLite removes files by their names when it closes: it would remove the new log's.
            raise StateUnusable(
                f"{place(state)}: the log is damaged, and in use by process {users[0]}",
                hint="Stop it first, and the daemon; it restores the log when it starts again.",
                retryable=True,
            )
        yield


def _users(path: Path) -> list[str]:
    """Return the processes that have a file open, as far as we may see."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # not ours to look into, or gone by now
                if any(_is_same(one, path) for one in (entry / "fd").iterdir()):
                    found.append(entry.name)
    return found


def _is_same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False


def _make(state: Path, damage: str, clock: Callable[[], datetime]) -> None:
    """Write the new log whole, and then give it its name."""
    part = state / f"{READY}.part"
    _remove(part)
    os.close(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    copy = Copy(state).path
    try:
        with closing(connected(part)) as db:
            schema.migrate(db, part, schema.scripts())
            last, whole = _gather(db, copy, place(state))
        kept = f"log-damaged-{clock():%Y%m%dT%H%M%SZ}.sqlite"
        made = Log(part, clock)
        made.append(LogRestored(site="", last_seq=last, damage=damage, kept_as=kept))
        made.close()  # and with it, its journal is in the file
        part.replace(state / READY)
    except BaseException:
        _remove(part)
        raise
    _sync(state)
    if not whole:
        put_aside(copy)  # the next one is made from the new log


def _remove(part: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        part.with_name(part.name + suffix).unlink(missing_ok=True)


def _gather(db: sqlite3.Connection, *sources: Path) -> tuple[int, bool]:
    """Take the longest chain that the sources give together; whether the first gave all its own."""
    last, hashed, whole = 0, GENESIS, False
    first = more = True
    while more:
        more = False
        for source in sources:
            page: list[Row] = []
            for row in _readable(source, last):
                if broken(row, last, hashed):
                    break
                last, hashed, more = row[0], row[10], True
                page.append(row)
                if len(page) == PAGE:
                    _write(db, page, [])
                    page = []
            _write(db, page, [])
            if first and source is sources[0]:
                whole = Copy(source.parent).last() == (last, hashed)
        first = False
    if last == 0:
        raise StateUnusable(
            f"{sources[-1]}: the log is damaged, and its copy too",
            hint="Move both files aside and pra starts a new log; the backups are not touched.",
        )
    for source in sources:
        _write(db, [], _slots(source, db))
    return last, whole


def _write(db: sqlite3.Connection, rows: Sequence[Row], slots: Sequence[Slot]) -> None:
    db.execute("BEGIN IMMEDIATE")
    insert(db, rows, slots)
    db.execute("COMMIT")


def _readable(path: Path, after: int) -> Iterator[Row]:
    """Yield the rows after `after` until one cannot be read."""
    if not path.exists():
        return
    with contextlib.suppress(sqlite3.Error), closing(connected(path)) as db:
        while True:
            try:
                page = db.execute(AFTER, (after, PAGE)).fetchall()
            except sqlite3.DatabaseError:
                page = db.execute(ONE, (after + 1,)).fetchall()  # up to the very one that is hurt
            if not page:
                return
            yield from page
            after = page[-1][0]


def _slots(path: Path, db: sqlite3.Connection) -> list[Slot]:
    """Return what can be read of the slots whose events are there."""
    found: list[Slot] = []
    if path.exists():
        with contextlib.suppress(sqlite3.Error), closing(connected(path)) as other:
            found.extend(
                slot
                for slot in other.execute("SELECT site, service, kind, slot, event FROM slot")
                if db.execute("SELECT 1 FROM event WHERE id = ?", (slot[4],)).fetchone()
            )
    return found


def _said(ready: Path) -> LogRestored:
    log = Log(ready, _never)
    try:
        last = list(log.read(types=(LogRestored,)))[-1].event
    finally:
        log.close()
    if not isinstance(last, LogRestored):
        raise TypeError(ready)
    return last


def _never() -> datetime:
    raise RuntimeError("nothing is appended here")


def _exchange(path: Path, kept: Path, ready: Path) -> None:
    """Put the damaged files aside and the new one in their place, which is never empty."""
    if path.exists() and not kept.exists():
        try:
            kept.hardlink_to(path)
        except OSError:  # a file system without links
            path.rename(kept)
    for suffix in ("-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():  # it would be taken for the new log's
            beside.rename(kept.with_name(kept.name + suffix))
    ready.replace(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

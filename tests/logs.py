"""Logs as tests need them: long ones, hurt ones, and processes that die over them."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.log.sqlite import GENESIS, INSERT, chained
from restore_drills.process import Ended, Processes
from tests.records import started

if TYPE_CHECKING:
    from orchestrator.log import Log

ROOT = Path(__file__).parents[1]
ENV = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}


def grown(log: Log, count: int, boot_id: str = "boot") -> None:
    """Fill an empty log with starts of one run; `boot_id` may make them long."""
    prevhash, rows = GENESIS, []
    body = '{"run":"r","kind":"backup","site":"bakery","service":"till","repository":"offsite"'
    body += ',"boot_id":"BOOT","slot":null,"drill":"","scenario":""}'
    body = body.replace("BOOT", boot_id)
    for seq in range(1, count + 1):
        head = (seq, f"id-{seq}", "2026-11-23T11:02:53.000000Z", "run.started", "bakery", "till")
        row = chained(prevhash, (*head, "r", None, body))
        prevhash = row[10]
        rows.append(row)
    db = sqlite3.connect(log.path)
    db.executemany(INSERT, rows)
    db.commit()
    db.close()


def filled(log: Log, count: int, *, first: int = 0) -> None:
    """Append starts of backups, each with its slot."""
    for number in range(first, first + count):
        log.append(started(f"r{number}"), slot=f"{number}")


def held(path: Path) -> list[tuple[int, str]]:
    """Every event and slot of a file that has the form of a log."""
    db = sqlite3.connect(path)
    rows = db.execute("SELECT seq, hash FROM event ORDER BY seq").fetchall()
    slots = db.execute("SELECT event.seq, slot FROM slot JOIN event ON id = event").fetchall()
    db.close()
    return [*rows, *sorted(slots)]


def edited(path: Path, *statements: str) -> None:
    """Change a log behind its back, as somebody with the file in his hands can."""
    db = sqlite3.connect(path)
    db.execute("DROP TRIGGER event_is_never_changed")
    db.execute("DROP TRIGGER event_is_never_removed")
    for statement in statements:
        db.execute(statement)
    db.commit()
    db.close()


def spoiled(path: Path, *numbers: int) -> None:
    """Change the body of some events."""
    statement = "UPDATE event SET body = '{}' WHERE seq = NUMBER"
    edited(path, *[statement.replace("NUMBER", str(one)) for one in numbers])


def cut(path: Path, size: int) -> None:
    """Let a file end after so many bytes."""
    with path.open("r+b") as file:
        file.truncate(size)


def python(script: str, *arguments: str, before: tuple[str, ...] = ()) -> Ended:
    """Run a script to its end."""
    argv = [*before, sys.executable, "-c", script, *arguments]
    return Processes("test").run(argv, env=ENV, timeout=timedelta(seconds=60))


def killed(script: str, state: Path, after_s: float) -> None:
    """Kill a script a while after it has printed its first line."""
    lines: list[bytes] = []
    with Processes("test").start(
        [sys.executable, "-c", script, str(state)],
        env=ENV,
        on_stdout=lines.append,
        stop_signal=signal.SIGKILL,
    ) as child:
        until = time.monotonic() + 20
        while not lines and time.monotonic() < until:
            time.sleep(0.002)
        time.sleep(after_s)
        child.stop("killed")

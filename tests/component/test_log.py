from __future__ import annotations

import os
import sqlite3
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.events import TYPES, BackupFinished, DrillFinished, RunStarted, run_of
from orchestrator.errors import StateUnusable
from orchestrator.log import Log
from orchestrator.log.schema import migrate, scripts, version
from tests.records import NOW, backed_up, drilled, incident_opened, resolved, started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestrator.core.events import Event


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    log = Log.open(tmp_path / "state", clock=lambda: NOW)
    yield log
    log.close()


def tamper(log: Log, statement: str) -> None:
    """Change the file behind the log's back, as somebody with the file in his hands can."""
    log.close()
    db = sqlite3.connect(log.path)
    db.execute("DROP TRIGGER event_is_never_changed")
    db.execute("DROP TRIGGER event_is_never_removed")
    db.execute(statement)
    db.commit()
    db.close()


def test_events_come_back_in_their_order_with_what_was_recorded(log: Log) -> None:
    written = [log.append(started("r1")), log.append(backed_up("r1")), log.append(drilled("r2"))]

    assert written == list(log.read())
    assert [1, 2, 3] == [one.seq for one in written]
    assert written[1:] == list(log.read(after=1))


def test_the_events_of_one_site_are_read_alone(log: Log) -> None:
    log.append(started("r1"))

    assert [] == list(log.read(site="butcher"))
    assert 1 == len(list(log.read(site="bakery")))


def test_the_events_of_some_types_are_read_alone_and_in_the_order_of_the_log(log: Log) -> None:
    for number in range(60):
        log.append(started(f"r{number}"))
        log.append(drilled(f"r{number}"))
        log.append(backed_up(f"r{number}"))
    everything = list(log.read())
    small = Log(log.path, lambda: NOW, page=1)  # many pages, also of numbers alone

    def only(*kinds: type[Event], after: int = 0, site: str | None = None) -> list[int]:
        return [one.seq for one in small.read(after, site=site, types=kinds)]

    wanted = [r.seq for r in everything if isinstance(r.event, BackupFinished | RunStarted)]
    assert wanted == only(RunStarted, BackupFinished)
    assert wanted[3:] == only(BackupFinished, RunStarted, after=wanted[2], site="bakery")
    assert [] == only(RunStarted, site="butcher")
    assert list(range(2, 181, 3)) == only(DrillFinished)
    assert everything == list(small.read(types=tuple(TYPES.values())))
    small.close()


def test_what_was_said_of_a_run_or_an_incident_is_found(log: Log) -> None:
    for event in (started("r1"), incident_opened("i1"), backed_up("r1"), resolved("i1")):
        log.append(event)

    assert [1, 3] == [one.seq for one in log.of_run("r1")]
    assert [2, 4] == [one.seq for one in log.of_run("i1")]
    assert [] == log.of_run("r9")


def test_a_cause_is_an_event_that_is_there(log: Log) -> None:
    first = log.append(started("r1"))

    second = log.append(backed_up("r1"), cause=first.id)

    assert first.id == second.cause


def test_a_slot_is_taken_once_and_the_loser_writes_nothing(log: Log) -> None:
    won = log.append(started("r1"), slot="2026-11-23T11:00Z")
    lost = log.append(started("r2"), slot="2026-11-23T11:00Z")
    other = log.append(started("r3", service="share"), slot="2026-11-23T11:00Z")

    assert won is not None
    assert lost is None
    assert other is not None
    assert ["r1", "r3"] == [run_of(one.event) for one in log.read()]
    assert log.verify() is None


def test_many_threads_append_without_a_gap(log: Log) -> None:
    def work(number: int) -> None:
        for count in range(25):
            log.append(started(f"r{number}-{count}"), slot=f"{count}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert 25 == log.count()  # four threads wanted each slot
    assert log.verify() is None


def test_nobody_changes_or_removes_an_event(log: Log) -> None:
    log.append(started("r1"))
    db = sqlite3.connect(log.path)

    for statement in ("UPDATE event SET site = 'x'", "DELETE FROM event"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute(statement)
    db.close()


@pytest.mark.parametrize(
    ("statement", "seq", "why"),
    [
        ("UPDATE event SET at = '2020' WHERE seq = 2", 2, "it was changed after it was written"),
        ("UPDATE event SET body = '{}' WHERE seq = 1", 1, "it was changed after it was written"),
        ("UPDATE event SET hash = 'x' WHERE seq = 3", 3, "it was changed after it was written"),
        ("UPDATE event SET prevhash = 'x' WHERE seq = 3", 3, "it does not follow the one before"),
        ("DELETE FROM event WHERE seq = 2", 2, "it is missing"),
    ],
)
def test_a_row_that_was_touched_is_found(log: Log, statement: str, seq: int, why: str) -> None:
    for run in ("r1", "r2", "r3"):
        log.append(started(run))
    assert log.verify() is None

    tamper(log, statement)
    broken = log.verify()

    assert broken is not None
    assert (seq, True) == (broken.seq, broken.why.startswith(why))


def test_a_clock_that_steps_back_changes_the_times_and_not_the_order(tmp_path: Path) -> None:
    times = iter([NOW, NOW - timedelta(days=400), NOW])
    log = Log.open(tmp_path / "state", clock=lambda: next(times))

    ids = [log.append(started(run)).id for run in ("r1", "r2", "r3")]

    assert ["r1", "r2", "r3"] == [run_of(one.event) for one in log.read()]
    assert 3 == len(set(ids))
    assert log.verify() is None
    log.close()


def test_waiting_sees_what_another_appended_and_not_ones_own(log: Log, tmp_path: Path) -> None:
    log.append(started("r1"))
    log.wait(timedelta(0))  # a log just made may wake once for nothing
    log.append(started("r1"))
    assert not log.wait(timedelta(0))
    other = Log.open(tmp_path / "state", clock=lambda: NOW)

    other.append(started("r2"))

    assert log.wait(timedelta(seconds=5))
    assert not log.wait(timedelta(0))
    other.close()


def test_the_folder_and_the_log_are_the_owners_alone(log: Log) -> None:
    log.append(started("r1"))

    modes = {p.name: p.stat().st_mode & 0o777 for p in log.path.parent.glob("log.*")}
    assert {0o600} == set(modes.values())
    assert 0o700 == log.path.parent.stat().st_mode & 0o777


def test_a_folder_in_which_others_may_write_is_refused(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)

    with pytest.raises(StateUnusable, match="other users may write") as caught:
        Log.open(shared, clock=lambda: NOW)

    assert f"chmod go-w {shared}" in caught.value.hint
    assert [] == list(shared.iterdir())


def test_a_state_that_is_a_file_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")

    with pytest.raises(StateUnusable, match="the state folder cannot be used: file exists"):
        Log.open(tmp_path / "state", clock=lambda: NOW)


def test_a_log_of_a_newer_pra_is_left_alone(log: Log) -> None:
    tamper(log, "PRAGMA user_version = 99")

    with pytest.raises(StateUnusable, match=r"newer pra \(version 99") as caught:
        Log.open(log.path.parent, clock=lambda: NOW)

    assert "Install the newer pra again." == caught.value.hint


def test_a_file_that_is_no_log_is_called_damaged(log: Log) -> None:
    log.close()
    log.path.write_bytes(b"\0garbage" * 1000)

    with pytest.raises(StateUnusable, match="it is damaged") as caught:
        Log.open(log.path.parent, clock=lambda: NOW)

    assert "pra events --restore" in caught.value.hint


def test_an_event_that_this_version_does_not_know_is_named(log: Log) -> None:
    log.append(started("r1"))
    tamper(log, "UPDATE event SET type = 'run.danced'")

    with pytest.raises(StateUnusable, match=r"event 1 cannot be read: unknown event run\.danced"):
        list(log.read())


def test_a_migration_keeps_a_copy_of_the_log_before_it(log: Log) -> None:
    log.append(started("r1"))
    log.close()
    db = sqlite3.connect(log.path, isolation_level=None)
    have = len(scripts())
    more = [*scripts(), "CREATE TABLE more (a TEXT);\nCREATE TABLE most (b TEXT);\n"]

    migrate(db, log.path, more)
    migrate(db, log.path, more)  # nothing left to do

    assert have + 1 == version(db)
    db.close()
    copy = log.path.with_name(f"log-before-{have + 1:04d}.sqlite")
    assert 0o600 == copy.stat().st_mode & 0o777
    before = sqlite3.connect(copy)
    assert (have, 1) == (
        version(before),
        before.execute("SELECT count(*) FROM event").fetchone()[0],
    )
    before.close()


def test_a_migration_that_fails_leaves_the_log_as_it_was(log: Log) -> None:
    log.append(started("r1"))
    log.close()
    db = sqlite3.connect(log.path, isolation_level=None)

    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        migrate(db, log.path, [*scripts(), "CREATE TABLE more (a TEXT);\nDROP TABLE absent;\n"])

    assert len(scripts()) == version(db)
    assert [] == db.execute("SELECT 1 FROM sqlite_master WHERE name = 'more'").fetchall()
    db.close()


def test_connections_of_ended_threads_are_closed(log: Log) -> None:
    for count in range(20):
        thread = threading.Thread(target=log.append, args=(started(f"r{count}"),))
        thread.start()
        thread.join()

    log.append(started("last"))

    held = [p for p in os.scandir("/proc/self/fd") if _target(p.path) == str(log.path)]
    assert len(held) <= 2


def _target(link: str) -> str:
    try:
        return os.readlink(link)  # noqa: PTH115 - a descriptor's link is only a name
    except FileNotFoundError:
        return ""

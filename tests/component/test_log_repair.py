"""A damaged log: what is done to its file here, disks and people do."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.events import LogRestored, RunStarted, run_of
from orchestrator.errors import StateUnusable
from orchestrator.log import Log
from orchestrator.log.copy import Copy
from orchestrator.log.repair import READY, diagnose, restore
from tests.logs import cut, edited, filled, grown, killed, python, spoiled
from tests.records import NOW, started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MANY = 120

RESTORE = """
import sys
from pathlib import Path
from orchestrator.log import repair
from tests.records import NOW
state = Path(sys.argv[1])
print("begun", flush=True)
damage = repair.diagnose(state)
if damage:
    repair.restore(state, damage, clock=lambda: NOW)
"""

DIE = """
import os, signal, sys
from pathlib import Path
from orchestrator.log import Log
from tests.records import NOW, started
log = Log.open(Path(sys.argv[1]), clock=lambda: NOW)
for number in range(7):
    log.append(started(f"s{number}"))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def log(state: Path) -> Iterator[Log]:
    log = Log.open(state, clock=lambda: NOW)
    yield log
    log.close()


def restored(state: Path) -> LogRestored:
    damage = diagnose(state)
    assert damage is not None
    return restore(state, damage, clock=lambda: NOW)


def header(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"\0" * 100)


def page(path: Path) -> None:
    """Overwrite the last pages: rows of the end, and of the indexes."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 4096 * 4096 // 2 // 4096 * 4096)
        file.write(b"\xff" * 4096)


def byte(path: Path) -> None:
    """Flip one letter of one row."""
    body = path.read_bytes()
    place = body.rindex(b'"boot_id":"boot"')
    with path.open("r+b") as file:
        file.seek(place + 12)
        file.write(b"B")


def edit(path: Path) -> None:
    spoiled(path, MANY - 3)


def end(path: Path) -> None:
    edited(path, "DELETE FROM event WHERE seq > 110")


HARMS: list[Callable[[Path], None]] = [
    header,
    page,
    byte,
    edit,
    end,
    lambda path: cut(path, 0),
    lambda path: cut(path, 100),
    lambda path: cut(path, 5 * 4096 + 17),
    Path.unlink,
]
NAMES = ["header", "page", "byte", "edit", "end", "empty", "stub", "cut", "gone"]


@pytest.mark.parametrize("harm", HARMS, ids=NAMES)
def test_a_damaged_log_is_replaced_by_its_copy_and_goes_on(
    log: Log, state: Path, harm: Callable[[Path], None]
) -> None:
    filled(log, MANY)
    Copy(state).advance(log)
    before = list(log.read())
    log.close()
    assert diagnose(state) is None
    harm(log.path)
    broken = log.path.read_bytes() if log.path.exists() else None

    said = restored(state)

    assert diagnose(state) is None
    again = Log.open(state, clock=lambda: NOW)
    assert again.verify() is None
    events = list(again.read())
    assert before == events[:MANY]
    assert [said] == [one.event for one in events[MANY:]]
    assert (MANY, "log-damaged-20261123T110253Z.sqlite") == (said.last_seq, said.kept_as)
    assert again.append(started("r0"), slot="0") is None  # the slots are as they were
    assert MANY + 2 == again.append(started("next")).seq
    assert 2 == Copy(state).advance(again)
    again.close()
    if broken is not None:
        assert state.joinpath(said.kept_as).exists()
    assert 0o600 == log.path.stat().st_mode & 0o777


def test_what_follows_the_copy_is_saved_as_far_as_it_can_be_read(log: Log, state: Path) -> None:
    filled(log, MANY)
    Copy(state).advance(log)
    filled(log, 30, first=MANY)
    log.close()
    spoiled(log.path, 5, MANY + 20)

    said = restored(state)

    again = Log.open(state, clock=lambda: NOW)
    assert MANY + 19 == said.last_seq
    assert MANY + 20 == again.count()
    assert again.append(started("x"), slot=f"{MANY + 3}") is None
    assert again.append(started("x"), slot=f"{MANY + 25}") is not None  # it was lost: due again
    assert again.verify() is None
    again.close()


def test_what_only_the_write_ahead_file_holds_is_saved(state: Path) -> None:
    log = Log.open(state, clock=lambda: NOW)
    filled(log, 5)
    Copy(state).advance(log)
    log.close()
    python(DIE, str(state))
    assert log.path.with_name("log.sqlite-wal").stat().st_size > 0
    db = sqlite3.connect(Copy(state).path)  # the copy knows of an event that the log has not
    db.execute("DELETE FROM slot")
    db.commit()
    db.close()

    said = restore(state, "somebody says so", clock=lambda: NOW)

    assert (12, "somebody says so") == (said.last_seq, said.damage)
    again = Log.open(state, clock=lambda: NOW)
    assert ["s6"] == [
        run_of(one.event) for one in again.read(11) if isinstance(one.event, RunStarted)
    ]
    assert again.verify() is None
    again.close()


def test_a_hurt_copy_and_a_hurt_log_give_together_what_both_hold(log: Log, state: Path) -> None:
    filled(log, MANY)
    copy = Copy(state)
    copy.advance(log)
    log.close()
    spoiled(copy.path, 40)
    spoiled(log.path, 20, MANY - 1)

    said = restored(state)

    assert MANY == said.last_seq
    again = Log.open(state, clock=lambda: NOW)
    assert again.verify() is None
    assert state.joinpath("log-copy-damaged-1.sqlite").exists()
    assert MANY + 1 == Copy(state).advance(again)  # made anew
    again.close()


def test_without_a_copy_nothing_is_touched_and_the_way_out_is_said(log: Log, state: Path) -> None:
    filled(log, 3)
    log.close()
    header(log.path)
    before = sorted(state.iterdir())

    with pytest.raises(
        StateUnusable, match=r"damaged \(file is not a database\) and has no copy"
    ) as e:
        restored(state)

    assert "Move the file aside" in e.value.hint
    assert set(before) == set(state.iterdir()) - {state / "restore.lock"}


def test_a_log_and_a_copy_that_are_both_unreadable_are_left_to_a_person(
    log: Log, state: Path
) -> None:
    filled(log, 3)
    Copy(state).advance(log)
    log.close()
    header(log.path)
    header(Copy(state).path)

    with pytest.raises(StateUnusable, match="the log is damaged, and its copy too"):
        restored(state)

    assert not list(state.glob("log-restored*"))


def test_a_log_in_use_is_not_replaced(log: Log, state: Path) -> None:
    filled(log, MANY)
    Copy(state).advance(log)
    spoiled(log.path, MANY - 1)

    with pytest.raises(StateUnusable, match=f"in use by process {os.getpid()}"):
        restored(state)


def test_no_log_and_an_empty_one_are_no_damage(state: Path) -> None:
    assert diagnose(state) is None
    Log.open(state, clock=lambda: NOW).close()
    assert diagnose(state) is None


def test_a_restoration_that_is_killed_is_finished_by_the_next(state: Path) -> None:
    log = Log.open(state, clock=lambda: NOW)
    grown(log, 6_000)
    Copy(state).advance(log)
    filled(log, 20)
    log.close()
    spoiled(log.path, 6_015)
    for number in range(6):
        killed(RESTORE, state, 0.05 + 0.1 * number)

    if diagnose(state):
        restored(state)

    again = Log.open(state, clock=lambda: NOW)
    assert again.verify() is None
    assert [6014] == [e.event.last_seq for e in again.read() if isinstance(e.event, LogRestored)]
    again.close()


def test_a_restoration_cut_short_after_its_making_is_finished(log: Log, state: Path) -> None:
    filled(log, 5)
    Copy(state).advance(log)
    filled(log, 3, first=5)
    log.close()
    spoiled(log.path, 7)
    said = restored(state)
    log.path.rename(state / READY)  # as if killed before the exchange
    state.joinpath(said.kept_as).rename(log.path)

    assert "its restoration was cut short" == diagnose(state)
    assert said == restored(state)

    again = Log.open(state, clock=lambda: NOW)
    assert (6, None) == (said.last_seq, again.verify())
    assert 7 == again.count()
    again.close()

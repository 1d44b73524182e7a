"""What the next command does about runs that died: each is cleared away and said to be dead."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.events import RunInterrupted, RunKind, RunStarted
from orchestrator.errors import StateUnusable
from orchestrator.jobs.sweep import recover
from orchestrator.log import RunLock
from tests.component.backups import SHARE, House
from tests.site import TOOLS

if TYPE_CHECKING:
    from pathlib import Path

FULL = """CREATE TRIGGER full BEFORE INSERT ON event
BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END"""


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """A site with an empty log, and a folder that is no repository yet."""
    monkeypatch.setenv("PATH", f"{TOOLS / 'bin'}:{os.environ['PATH']}")
    found = House(tmp_path)
    found.write(SHARE)
    return found


def begin(house: House, run: str, kind: RunKind = RunKind.BACKUP, repository: str = "far") -> None:
    house.app.log.append(
        RunStarted(
            run=run, kind=kind, site="acme", service="partage", repository=repository, boot_id="b"
        )
    )


def test_a_dead_run_is_said_dead_once_and_its_secrets_are_gone(house: House) -> None:
    house.repository()
    begin(house, "run-1")

    assert ["acme partage: the backup run run-1 was cut short, stale locks removed from far"] == (
        recover(house.app)
    )
    assert [] == recover(house.app)
    last = house.events()[-1]
    assert isinstance(last, RunInterrupted)
    assert ("run-1", RunKind.BACKUP, "partage", 0) == (
        last.run,
        last.kind,
        last.service,
        last.swept,
    )
    assert [] == list((house.site.state / "runs").iterdir())


def test_a_repository_that_cannot_be_unlocked_is_named_and_the_run_is_closed(house: House) -> None:
    begin(house, "run-2")

    (line,) = recover(house.app)

    assert "run-2 was cut short, its locks may be left in far: far: there is no restic" in line
    assert [] == recover(house.app)


def test_a_repository_that_the_policy_has_dropped_is_said(house: House) -> None:
    begin(house, "run-3", repository="old")

    (line,) = recover(house.app)

    assert "not unlocked: the policy has no repository old any more" in line


def test_a_dead_drill_is_closed_without_touching_a_repository(house: House) -> None:
    begin(house, "run-4", RunKind.DRILL, "far")

    assert ["acme partage: the drill run run-4 was cut short"] == recover(house.app)


def test_a_log_that_refuses_the_end_of_one_dead_run_keeps_no_other_s_lock(house: House) -> None:
    for run in ("run-6", "run-7"):
        begin(house, run, RunKind.DRILL)
    with contextlib.closing(sqlite3.connect(house.app.log.path)) as db, db:
        db.execute(FULL)
    with pytest.raises(StateUnusable):
        recover(house.app)
    with contextlib.closing(sqlite3.connect(house.app.log.path)) as db, db:
        db.execute("DROP TRIGGER full")

    assert 2 == len(recover(house.app)), "a lock that is kept makes a dead run look alive"


def test_a_living_run_is_left_alone(house: House) -> None:
    assert [] == house.events()  # which makes the log
    with RunLock(house.site.state, "run-5"):
        begin(house, "run-5")

        assert [] == recover(house.app)

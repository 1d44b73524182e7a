"""The ground goes under the daemon: the disk, the state folder, the log, the storage, the clock."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.events import (
    BackupFinished,
    DaemonStarted,
    DrillFinished,
    IncidentOpened,
    IncidentResolved,
    LogRestored,
)
from orchestrator.log import place
from tests.pager import Pager
from tests.watched import Watched

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def pager() -> Iterator[Pager]:
    with Pager() as listening:
        yield listening


@pytest.fixture
def site(tmp_path: Path, pager: Pager) -> Watched:
    made = Watched(tmp_path / "site", hook=pager.url)
    made.fill(files=12, size=2_000)
    made.write()
    return made


def test_a_disk_that_is_full_is_cried_out_and_work_goes_on_when_there_is_room_again(
    site: Watched, pager: Pager, small_disk: str
) -> None:
    site.state = Path(small_disk) / "state"
    ballast = Path(small_disk) / "ballast"
    site.write(every="5s")
    with site.daemon():
        site.wait_for(BackupFinished)
        with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 16))
        pager.wait_for(1, within=60)
        before = len(site.events(BackupFinished))
        ballast.unlink()
        site.wait_for(BackupFinished, before + 1)

    assert any("disk" in said["data"]["summary"].lower() for said in pager.documents())
    assert 0 == site.pra("events", "--verify").code


def test_a_state_folder_that_cannot_be_written_to_is_told_in_one_line(
    site: Watched, small_disk: str
) -> None:
    site.state = Path(small_disk) / "state"
    site.state.mkdir(mode=0o700)
    assert 0 == site.shell(f"mount -o remount,ro {small_disk}").code
    try:
        ran = site.pra("daemon")
    finally:
        site.shell(f"mount -o remount,rw {small_disk}")

    assert 1 == ran.code
    assert str(site.state) in ran.err


@pytest.mark.parametrize("how", ["its pages", "its head", "a row"])
def test_a_damaged_log_is_put_aside_its_copy_takes_its_place_and_the_gap_is_stated(
    site: Watched, pager: Pager, how: str
) -> None:
    with site.daemon():
        site.wait_for(DrillFinished)
    log = place(site.state)
    if how == "a row":
        with contextlib.closing(sqlite3.connect(log)) as db, db:
            db.execute("DROP TRIGGER event_is_never_changed")
            db.execute("UPDATE event SET body = replace(body, 'proven', 'refuted')")
    else:
        with log.open("r+b") as file:
            file.seek(0 if how == "its head" else 4096 * 2)
            file.write(os.urandom(4096 * 3))
    refused = site.pra("backup", "acme")

    with site.daemon():
        (restored,) = site.wait_for(LogRestored)
        (opened,) = site.wait_for(IncidentOpened)
        pager.wait_for(1)

    assert 0 != refused.code or how == "a row", "only the whole chain tells that a row was changed"
    assert Path(site.state / restored.kept_as).exists()
    assert "log-restored" == opened.condition
    assert 0 == site.pra("events", "--verify").code
    (drilled,) = site.events(DrillFinished)
    assert "proven" == drilled.verdict


def test_a_failing_backup_is_one_incident_and_one_page_until_it_works_again(
    site: Watched, pager: Pager
) -> None:
    site.write(every="2s")
    away = site.source.with_name("away")
    with site.daemon():
        site.wait_for(DrillFinished)
        site.source.rename(away)
        site.wait_for(IncidentOpened)
        pager.wait_for(1)
        begun = len(site.backups_begun())
        site.wait_until(lambda _: len(site.backups_begun()) >= begun + 3)  # all of them fail
        pages = len(pager.opened())
        away.rename(site.source)
        site.wait_for(IncidentResolved)
        pager.wait_for(2)

    (opened,) = site.events(IncidentOpened)
    assert ("backup-failed", "P1", 1) == (opened.condition, opened.criticality, pages)
    line = pager.opened()[0]["first_line"]
    assert len(line) <= 130
    assert "Acme" in line
    assert f"pra show {opened.incident}" in line


def test_without_the_receiver_the_page_stays_owed_and_arrives_later(
    site: Watched, pager: Pager
) -> None:
    pager.usual = 503
    site.source.rename(site.source.with_name("away"))
    with site.daemon():
        site.wait_for(IncidentOpened)
        pager.wait_for(1)
    pager.usual = 202
    pager.received.clear()
    with site.daemon():
        site.wait_for(DaemonStarted, 2)
        arrived = pager.wait_for(1, within=60)

    assert 1 == len({document["id"] for document in arrived})

"""The daemon is killed (-9) at every named point between intent and outcome, five times each."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.events import (
    BackupFinished,
    DaemonStarted,
    DrillFinished,
    IncidentOpened,
    Outcome,
    PageSent,
    RunInterrupted,
    RunStarted,
)
from orchestrator.log import place
from restore_drills.process import of_run
from tests import crashing
from tests.crashing import deadly
from tests.pager import Pager
from tests.watched import SCHEDULED, Watched

if TYPE_CHECKING:
    from pathlib import Path

TIMES = range(5)
BACKUPS = {
    "process started": ("backup*source=partage", False),
    "snapshot written": ("backup*source=partage", True),
    "seal missing": ("backup*source=seal", False),
}


@pytest.fixture
def site(tmp_path: Path) -> Watched:
    made = Watched(tmp_path / "site")
    made.fill(files=12, size=2_000)
    made.write()
    return made


def assert_clean(site: Watched) -> None:
    """Nothing of a dead run is left, and nothing that must be once is twice."""
    for started in site.events(RunStarted):
        assert [] == of_run(started.run), "an orphan"
    assert [] == site.restic("list", "locks", "--no-lock").split(), "a stale lock"
    assert [] == list((site.state / "drills").glob("*")), "a sandbox"
    assert 0 == site.pra("events", "--verify").code
    finished = site.events(BackupFinished)
    runs = Counter(one.run for one in finished)
    assert all(times == 1 for times in runs.values()), "a run that ended twice"
    with sqlite3.connect(place(site.state)) as db:
        slots = Counter(db.execute("SELECT site, service, kind, slot FROM slot").fetchall())
    assert all(times == 1 for times in slots.values())
    ids = {snapshot["id"] for snapshot in site.seals()}
    assert len(finished) <= len(ids) + 1


def killed_at(site: Watched, path: str, proof: Path) -> None:
    """Start the daemon, which dies at the point; insist on the proof of the hit."""
    with site.start("daemon", env={"PATH": path}) as child:
        assert child.poll(60), "it did not die"
        assert -signal.SIGKILL == child.ended().code
    assert proof.exists(), "it died elsewhere"


@pytest.mark.parametrize("point", BACKUPS)
@pytest.mark.parametrize("time", TIMES)
def test_killed_in_a_backup(site: Watched, point: str, time: int) -> None:
    site.write(SCHEDULED + "drills: []\n")
    match, after = BACKUPS[point]
    path, proof = deadly(site, "restic", match, after=after)
    killed_at(site, path, proof)

    with site.daemon():
        (interrupted,) = site.wait_for(RunInterrupted)
        (complete,) = site.wait_for(BackupFinished)

    first, second = site.backups_begun()
    assert (first.run, second.run) == (interrupted.run, complete.run), time
    assert first.slot == second.slot
    assert Outcome.COMPLETE == complete.outcome
    assert_clean(site)


@pytest.mark.parametrize("time", TIMES)
def test_killed_when_the_sandbox_is_made(site: Watched, time: int) -> None:
    site.backup()
    path, proof = deadly(site, "restic", "restore")
    killed_at(site, path, proof)
    assert [] != list((site.state / "drills").glob("*")), "there was a sandbox"

    with site.daemon():
        (interrupted,) = site.wait_for(RunInterrupted)
        (drilled,) = site.wait_for(DrillFinished)

    assert "its sandbox removed" in interrupted.note, time
    assert "proven" == drilled.verdict
    assert_clean(site)


@pytest.mark.parametrize("time", TIMES)
def test_killed_when_a_page_was_sent_and_its_receipt_not_yet_written(
    site: Watched, time: int
) -> None:
    site.write(SCHEDULED.replace("%(source)s", "/not/there"))
    pids: list[int] = []

    def kill() -> None:
        if pids:
            os.kill(pids.pop(), signal.SIGKILL)

    with Pager() as pager:
        site.hook = pager.url
        site.provide()
        pager.on_request = kill
        with site.start("daemon") as child:
            pids.append(child.pid)
            assert child.poll(60), "it did not die"
        assert ([], 1) == (site.events(PageSent), len(pager.received)), "killed after the page"
        with site.daemon():
            (sent,) = site.wait_for(PageSent)

        first, *again = pager.documents()
        assert len(site.events(IncidentOpened)) == 1, time
        assert "hook" == sent.channel
        assert {first["id"]} == {document["id"] for document in again}
        assert 1 == len(again), "the receipt is on the log: never again"


@pytest.mark.parametrize("time", TIMES)
def test_killed_when_the_checkpoint_is_half_written(site: Watched, time: int) -> None:
    proof = site.home / "killed"
    with site.start_python(crashing.__file__, str(proof), "checkpoint", "daemon") as child:
        site.wait_for(DrillFinished)
        os.kill(child.pid, signal.SIGTERM)
        assert child.poll(45)
        assert -signal.SIGKILL == child.ended().code
    assert proof.exists(), "it died elsewhere"
    before = proven(site)

    with site.daemon():
        site.wait_for(DaemonStarted, 2)

    assert ["checkpoint"] == [p.name for p in site.state.glob("*checkpoint*")], time
    assert before == proven(site)
    assert_clean(site)


def proven(site: Watched) -> list[tuple[str, str]]:
    (service,) = site.pra("status", "acme", "--json").json["sites"][0]["services"]
    return [(one["verdict"], one["proven_at"]) for one in service["scenarios"]]

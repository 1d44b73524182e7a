"""The daemon is killed (-9) with a sandbox, a page, a checkpoint half done, five times each."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.events import (
    DaemonStarted,
    DrillFinished,
    IncidentOpened,
    PageSent,
    RunInterrupted,
    RunKind,
)
from tests import crashing
from tests.aftermath import assert_clean, killed_at
from tests.crashing import deadly
from tests.pager import Pager
from tests.watched import SCHEDULED, Watched

if TYPE_CHECKING:
    from pathlib import Path

TIMES = range(5)


@pytest.fixture
def site(tmp_path: Path) -> Watched:
    made = Watched(tmp_path / "site")
    made.fill(files=12, size=2_000)
    made.write()
    return made


@pytest.mark.parametrize("time", TIMES)
def test_killed_when_the_sandbox_is_made(site: Watched, time: int) -> None:
    site.backup()
    path, proof = deadly(site, "restic", "restore")
    killed_at(site, path, proof)
    assert [] != list((site.state / "drills").glob("*")), "there was a sandbox"

    with site.daemon():
        site.wait_for(RunInterrupted)
        (drilled,) = site.wait_for(DrillFinished)

    # The hourly backup may have been under way as well.
    notes = [run.note for run in site.events(RunInterrupted) if run.kind is RunKind.DRILL]
    assert ["its sandbox removed" in note for note in notes] == [True], (time, notes)
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

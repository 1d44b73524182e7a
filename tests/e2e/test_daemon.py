"""A daemon on a real site: it backs up, drills and pages by itself, and takes orders."""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.events import (
    BackupFinished,
    DaemonStarted,
    DaemonStopped,
    DrillFinished,
    IncidentOpened,
    IncidentResolved,
    Outcome,
    RunInterrupted,
    RunStarted,
)
from tests.pager import Pager
from tests.watched import SCHEDULED, Watched, lines_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def site(tmp_path: Path) -> Watched:
    made = Watched(tmp_path / "site")
    made.fill(files=12, size=2_000)
    made.write()
    return made


def test_installed_and_forgotten_it_backs_up_and_proves_by_itself(site: Watched) -> None:
    with site.daemon() as child:
        (backup,) = site.wait_for(BackupFinished)
        (drill,) = site.wait_for(DrillFinished)
        assert 0 == site.pra("daemon", "--healthy").code
        assert True is site.pra("daemon", "--healthy", "--json").json["alive"]
        watched = site.pra("status", "acme").out
    said = lines_of(child.ended().stderr)

    assert 0 == child.ended().code
    assert (Outcome.COMPLETE, "proven") == (backup.outcome, drill.verdict)
    assert "next" in watched
    assert 1 == site.pra("daemon", "--healthy").code
    gone = site.pra("daemon", "--healthy", "--json").json
    assert (False, None) == (gone["alive"], gone["pid"])
    finished = [line for line in said if line["event"] == "backup.finished"]
    assert [("acme", "partage", backup.run)] == [
        (line["site"], line["service"], line["run"]) for line in finished
    ]


def test_what_was_missed_while_it_was_off_is_made_up_for_once(site: Watched) -> None:
    site.write(every="3s")
    with site.daemon():
        site.wait_for(BackupFinished, 1)
    time.sleep(7)  # two slots and more
    before = len(site.backups_begun())
    with site.daemon():
        site.wait_for(DaemonStarted, 2)
        site.wait_until(lambda _: len(site.backups_begun()) > before + 1)

    slots = [run.slot for run in site.backups_begun()]
    assert len(set(slots)) == len(slots), "no slot twice"
    again = [r.at for r in site.recorded() if isinstance(r.event, DaemonStarted)][1]
    made_up = slots[before]
    assert made_up is not None
    assert again - made_up < timedelta(seconds=6), "the newest one, and it alone"


def test_sigterm_ends_what_runs_within_a_bound_and_the_next_start_goes_on(site: Watched) -> None:
    for number in range(3):
        (site.source / f"big {number}").write_bytes(os.urandom(40_000_000))
    text = SCHEDULED + ""
    site.write(text)
    policy = site.policies / "acme.yaml"
    slow = policy.read_text().replace(
        "location: offsite", "location: offsite, limits: {upload: 40Mbit/s}"
    )
    policy.write_text(slow)
    with site.daemon() as child:
        site.wait_for(RunStarted)
        time.sleep(3)
        began = time.monotonic()
        os.kill(child.pid, signal.SIGTERM)
        assert child.poll(60)
        took = time.monotonic() - began
    assert 0 == child.ended().code
    assert took < 45
    (interrupted,) = site.events(RunInterrupted)
    assert "the daemon was stopped" == interrupted.note
    assert 1 == len(site.events(DaemonStopped))
    assert [] == site.restic("list", "locks", "--no-lock").split()

    policy.write_text(slow.replace(", limits: {upload: 40Mbit/s}", ""))
    with site.daemon():
        (backup,) = site.wait_for(BackupFinished)
    assert Outcome.COMPLETE == backup.outcome


def test_sighup_reads_the_policies_again_and_a_broken_one_is_not_taken_but_paged(
    site: Watched,
) -> None:
    good = (site.policies / "acme.yaml").read_text()
    with Pager() as pager:
        site.hook = pager.url
        site.provide()
        with site.daemon() as child:
            site.wait_for(DrillFinished)
            (site.policies / "acme.yaml").write_text(good.replace("rto: 4h", "rto: 4 hours"))
            os.kill(child.pid, signal.SIGHUP)
            (opened,) = site.wait_for(IncidentOpened)
            pager.wait_for(1)
            still = len(site.events(BackupFinished))
            (site.policies / "acme.yaml").write_text(
                good.replace(f"every: {site.every}", "every: 4s")
            )
            assert ["acme"] == site.pra("status", "--json").json["daemon"]["stale_policies"]
            os.kill(child.pid, signal.SIGHUP)
            (resolved,) = site.wait_for(IncidentResolved)
            site.wait_for(BackupFinished, still + 1)
            pager.wait_for(2)
            assert [] == site.pra("status", "--json").json["daemon"]["stale_policies"]

    assert ("acme", "policy-broken") == (opened.site, opened.condition)
    assert "acme.yaml" in opened.summary
    assert resolved.incident == opened.incident
    first, second = pager.documents()[:2]
    assert ("pra.incident.opened", "pra.incident.resolved") == (first["type"], second["type"])


def test_a_run_goes_on_with_the_policy_under_which_it_began(site: Watched) -> None:
    (site.source / "big").write_bytes(os.urandom(30_000_000))
    policy = site.policies / "acme.yaml"
    policy.write_text(
        policy.read_text().replace(
            "location: offsite", "location: offsite, limits: {upload: 40Mbit/s}"
        )
    )
    with site.daemon() as child:
        (begun,) = site.wait_for(RunStarted)
        elsewhere = site.home / "elsewhere"
        policy.write_text(policy.read_text().replace(site.url, str(elsewhere)))
        os.kill(child.pid, signal.SIGHUP)
        first, *_ = site.wait_for(BackupFinished)

    assert begun.run == first.run
    assert first.run in {tag.removeprefix("run=") for seal in site.seals() for tag in seal["tags"]}


def test_one_daemon_is_enough(site: Watched) -> None:
    with site.daemon() as child:
        site.wait_for(DaemonStarted)
        second = site.pra("daemon")

        assert 1 == second.code
        assert f"another daemon watches over it (process {child.pid})" in second.err


def test_a_person_may_work_beside_the_daemon(site: Watched) -> None:
    site.write(every="3s")
    with site.daemon():
        site.wait_for(BackupFinished)
        by_hand = [site.pra("backup", "acme"), site.pra("drill", "acme"), site.pra("status")]
        site.wait_for(BackupFinished, 4)

    assert [0, 0, 0] == [ran.code for ran in by_hand], by_hand
    runs = site.events(RunStarted)
    assert 2 == sum(run.slot is None for run in runs), "the two that were asked for by hand"
    assert [] == site.events(RunInterrupted)
    assert 0 == site.pra("events", "--verify").code


@pytest.mark.parametrize(
    ("policy", "words"),
    [("site: acme\nservices: {}\n", "acme.yaml:2"), ("{", "acme.yaml:1")],
)
def test_without_one_sound_policy_and_nobody_to_call_it_does_not_start(
    site: Watched, policy: str, words: str
) -> None:
    (site.policies / "acme.yaml").write_text(policy)
    (site.policies / "provider.yaml").unlink()

    ran = site.pra("daemon")

    assert 2 == ran.code
    assert words in ran.err

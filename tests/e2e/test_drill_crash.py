"""Drills that are killed, stopped, crowded, or whose clock is wrong."""

from __future__ import annotations

import os
import random
import signal
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.app import App
from orchestrator.core.events import run_of
from orchestrator.jobs.drill import drill, planned
from orchestrator.log import Log
from restore_drills.model import Verdict
from restore_drills.process import of_run
from tests.site import DATABASE, FILES, tonight

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.site import ClientSite

GONE_WITHIN_S = 30.0


def kinds(site: ClientSite) -> list[tuple[str, str | None]]:
    """The runs of the site's log: kind and outcome."""
    runs = site.pra("history", "acme", "--json").json["runs"]
    return [(run["kind"], run["outcome"]) for run in runs]


def runs(site: ClientSite) -> list[str]:
    log = Log.open(site.state, clock=lambda: datetime.now(UTC))
    found = [run_of(r.event) for r in log.read()]
    log.close()
    return list(dict.fromkeys(found))


def left(site: ClientSite) -> list[Path]:
    """What drills left in the state folder."""
    return [*(site.state / "drills").glob("*"), *(site.state / "cache").glob("drill-*")]


def gone(run: str) -> bool:
    """Whether every process of a run is gone, or goes soon."""
    until = time.monotonic() + GONE_WITHIN_S
    while of_run(run) and time.monotonic() < until:
        time.sleep(0.1)
    return not of_run(run)


def test_a_drill_killed_at_any_instant_leaves_a_house_that_the_next_command_finds_clean(
    a_site: Callable[..., ClientSite],
) -> None:
    site = a_site(DATABASE + FILES)
    dice = random.Random()  # noqa: S311 - any instant will do
    began = time.monotonic()
    assert 0 == site.drill().code
    whole = time.monotonic() - began
    killed = 0
    for _ in range(5):
        wait = dice.uniform(0, whole)
        with site.start("drill", "acme") as child:
            if child.poll(wait):
                whole = wait  # the first took longer
                continue
            os.kill(child.pid, signal.SIGKILL)
            child.poll(30)
        killed += 1

        ran = site.drill("partage")

        assert 0 == ran.code, (wait, ran)
        outcomes = kinds(site)
        assert {"proven", "interrupted", "complete"} >= {outcome for _, outcome in outcomes}, wait
        assert [] == left(site), wait
        assert all(gone(run) for run in runs(site)), wait
        assert [] == site.restic("list", "locks", "--no-lock").split(), wait
    assert killed > 0


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_drill_that_is_stopped_cleans_up_and_says_so(
    a_site: Callable[..., ClientSite], how: signal.Signals
) -> None:
    site = a_site(DATABASE + FILES)

    with site.start("drill", "acme") as child:
        while not left(site):
            assert not child.poll(0.01), child.ended()
        os.kill(child.pid, how)
        assert child.poll(60)
        ended = child.ended()

    assert 130 == ended.code
    assert "interrupted" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert [] == left(site)
    assert ("drill", "interrupted") == kinds(site)[-1]
    assert all(gone(run) for run in runs(site))


def test_two_drills_and_a_backup_on_one_state_folder_all_end_well(
    a_site: Callable[..., ClientSite],
) -> None:
    site = a_site(FILES)

    with (
        site.start("drill", "acme") as one,
        site.start("drill", "acme") as two,
        site.start("backup", "acme") as three,
    ):
        assert all(child.poll(60) for child in (one, two, three))
        assert [0, 0, 0] == [child.ended().code for child in (one, two, three)]

    assert 0 == site.pra("events", "--verify").code
    assert [] == left(site)


def test_a_clock_that_stepped_back_is_told_and_the_point_from_the_future_is_not_used(
    a_site: Callable[..., ClientSite],
) -> None:
    site = a_site(FILES)
    early = App(
        policies_dir=site.policies,
        state=site.state,
        clock=lambda: datetime.now(UTC) - timedelta(hours=3),
    )
    request = tonight(early)

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PATH", site.path)
        site_then = early.site("acme")
        report = drill(early, site_then, planned(early, site_then, request)).report

    assert Verdict.INCONCLUSIVE == report.verdict
    assert "dated in the future" in report.services[0].why[0]
    assert "clock-behind" in {finding.code for finding in report.findings}
    assert 0 == site.pra("events", "--verify").code
    assert 0 == site.pra("status", "acme").code
    assert 0 == site.drill().code

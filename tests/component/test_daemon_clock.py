"""The daemon under a clock that is put back and put right, in this process."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from orchestrator.app import App
from orchestrator.core.events import (
    BackupFinished,
    DrillFinished,
    IncidentOpened,
    IncidentResolved,
)
from orchestrator.daemon.logs import logger
from orchestrator.daemon.loop import Daemon
from orchestrator.daemon.promises import Promises
from orchestrator.daemon.systemd import Supervisor
from tests.watched import Watched

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

MINUTES = timedelta(minutes=1)


class Clock:
    """The wall clock, which somebody may put forward or back."""

    def __init__(self) -> None:
        self.off = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.off


def test_a_clock_that_is_put_back_ten_minutes_is_an_incident_and_nothing_is_done_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Watched(tmp_path)
    site.fill(files=12, size=2_000)
    site.write(every="5m")
    monkeypatch.setenv("PATH", site.path)
    clock = Clock()
    promises = Promises(site.policies, "here")
    promises.read()
    app = App(policies_dir=site.policies, state=site.state, clock=clock)
    app.checked = promises.as_checked()
    daemon = Daemon(app, promises, Supervisor(), logger(human=False))
    thread = threading.Thread(target=daemon.run)
    thread.start()
    try:
        site.wait_for(BackupFinished)
        site.wait_for(DrillFinished)
        done = len(site.backups_begun())
        clock.off = -10 * MINUTES
        daemon.reload()
        (opened,) = site.wait_for(IncidentOpened)
        clock.off = timedelta(0)
        daemon.reload()
        (resolved,) = site.wait_for(IncidentResolved)
    finally:
        daemon.stop()
        thread.join(60)
        app.log.close()

    assert "clock-wrong" == opened.condition
    assert resolved.incident == opened.incident
    assert len(site.backups_begun()) <= done + 1, "a slot may have come meanwhile"
    assert 0 == site.pra("events", "--verify").code

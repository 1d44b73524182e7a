"""The daemon puts a policy that changed beside the points, without a backup."""

from __future__ import annotations

import os
import signal
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from orchestrator.core.events import PolicyStored
from orchestrator.log import Log
from tests.quick import make
from tests.site import FILES, PASSWORD, ClientSite

if TYPE_CHECKING:
    from pathlib import Path

    from restore_drills.process import Child

WITHIN_S = 90.0
DAILY = FILES.replace("    objectives", "    backup: {to: far, every: 1d}\n    objectives")


def stored(site: ClientSite, count: int, daemon: Child) -> list[str]:
    """The digests on the log, when there are so many."""
    log = Log.open(site.state, clock=lambda: datetime.now(UTC))
    until = time.monotonic() + WITHIN_S
    try:
        while True:
            told = [r.event for r in log.read(types=(PolicyStored,))]
            found = [event.digest for event in told if isinstance(event, PolicyStored)]
            if len(found) >= count:
                return found
            assert time.monotonic() < until, daemon.ended() if daemon.poll() else found
            assert not daemon.poll(0.2), daemon.ended()
    finally:
        log.close()


def test_a_policy_that_changes_is_stored_at_the_start_and_at_each_reload(tmp_path: Path) -> None:
    site = ClientSite(tmp_path)
    make(site.repository, PASSWORD)
    site.fill(12, 1000)
    site.write(DAILY)
    site.backup()
    file = site.policies / "acme.yaml"
    file.write_text(file.read_text() + "# while nobody watched\n")

    with site.start("daemon") as daemon:
        first = stored(site, 2, daemon)
        file.write_text(file.read_text() + "# while it watches\n")
        os.kill(daemon.pid, signal.SIGHUP)
        second = stored(site, 3, daemon)

    assert first == second[:2]
    assert 3 == len(set(second))

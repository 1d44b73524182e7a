"""After a daemon was killed (-9): that it was, where it should be, and what is left of it."""

from __future__ import annotations

import signal
from collections import Counter
from typing import TYPE_CHECKING

from orchestrator.core.events import BackupFinished, RunStarted
from restore_drills.process import of_run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.watched import Watched


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
    slots = Counter(run.slot for run in site.backups_begun() if run.slot and run.run in runs)
    assert all(times == 1 for times in slots.values()), "a slot that was answered twice"
    sealed = {tag.removeprefix("run=") for seal in site.seals() for tag in seal["tags"]}
    assert runs.keys() <= sealed, "a backup without its seal"


def killed_at(site: Watched, path: str, proof: Path) -> None:
    """Start the daemon, which dies at the point; insist on the proof of the hit."""
    with site.start("daemon", env={"PATH": path}) as child:
        assert child.poll(60), "it did not die"
        assert -signal.SIGKILL == child.ended().code
    assert proof.exists(), "it died elsewhere"

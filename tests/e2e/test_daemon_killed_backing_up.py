"""The daemon is killed (-9) at every named point of a backup, five times each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.core.events import BackupFinished, Outcome, RunInterrupted
from tests.aftermath import assert_clean, killed_at
from tests.crashing import deadly
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

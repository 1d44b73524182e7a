"""The daemon keeps repositories up by itself: copies, readings, locks, and who is called."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.events import (
    BackupFinished,
    CopyFinished,
    IncidentOpened,
    RelockFinished,
    VerifyFinished,
)
from tests.besieged import POLICY, Besieged
from tests.pager import Pager

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.demo.servers import S3Server

MOST = 80 << 20  # bytes of memory, an S3 library would be half of that again
READ = "verify: {read_all_within: 30d}\n"
EVERY = POLICY.replace("{to: nas, copy_to: [far]}", "{to: nas, copy_to: [far], every: %(every)s}")


@pytest.fixture
def pager() -> Iterator[Pager]:
    with Pager() as listening:
        yield listening


@pytest.fixture
def site(s3: S3Server, tmp_path: Path, pager: Pager) -> Besieged:
    made = Besieged(tmp_path / "site", s3)
    made.hook = pager.url
    made.provide()
    made.fill(12, 20_000)
    return made


def resident_bytes(pid: int) -> int:
    """The memory that a process holds."""
    said = Path(f"/proc/{pid}/status").read_text()
    return int(said.partition("VmRSS:")[2].split()[0]) << 10


def test_all_upkeep_happens_by_itself_and_a_wiped_copy_calls_once(
    site: Besieged, pager: Pager
) -> None:
    site.write(EVERY + READ, every="4s")
    with site.daemon() as child:
        (first, *_) = site.wait_for(CopyFinished)
        site.wait_for(RelockFinished)
        site.wait_until(
            lambda found: (
                {"nas", "far"}
                <= {r.event.repository for r in found if isinstance(r.event, VerifyFinished)}
            )
        )
        quiet, resident = pager.opened(), resident_bytes(child.pid)
        site.wait_for(CopyFinished, 1 + len(site.events(CopyFinished)))
        site.attacker.delete()  # at once, and while nobody works there
        (opened,) = site.wait_for(IncidentOpened)
        backups = len(site.events(BackupFinished))
        pager.wait_for(1)
        site.wait_for(BackupFinished, backups + 3)

    assert [] == quiet
    assert resident <= MOST, f"{resident >> 20} MB"
    assert "far" == first.repository
    assert "repository-lost-far" == opened.condition
    assert 1 == len(pager.opened()), pager.opened()
    assert all(r.sound for r in site.events(VerifyFinished) if r.repository == "nas")
    assert 0 == site.pra("events", "--verify").code

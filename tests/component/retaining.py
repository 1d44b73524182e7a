"""A site whose repository holds as many recovery points as a test likes, and a log that made them.

The snapshots are written without restic: a point takes a millisecond instead of three seconds.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from orchestrator.app import App
from orchestrator.core.events import (
    BackedUp,
    BackupFinished,
    IncidentOpened,
    IncidentResolved,
    Outcome,
    RunKind,
    RunStarted,
)
from orchestrator.jobs.retain import retain
from orchestrator.jobs.upkeep import begin_upkeep
from tests.component.backups import House
from tests.forging import forge
from tests.points import DAY
from tests.site import PASSWORD, TOOLS

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.core.events import RetainFinished

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SERVICES = """\
  partage:
    source: {files: {paths: [%(source)s]}}
    objectives: {rto: 4h, rpo: 24h}
"""
RULES = "retention: {daily: 3}\n"


class Stocked(House):
    """`acme`, at an instant of its own."""

    def __init__(self, home: Path, like: Stocked | None = None) -> None:
        super().__init__(home)
        self.now = NOW
        self.policy(RULES)
        place = self.site.repository
        if like is None:
            self.repository()
            self.site.fill(3)
            self.tree = self._tree()
            self.forge = forge(place, TOOLS / "bin" / "restic", PASSWORD)
        else:
            shutil.copytree(like.site.repository, place)
            self.tree, self.forge = like.tree, replace(like.forge, place=place)

    def policy(self, rules: str, services: str = SERVICES) -> None:
        """Write the policy with these rules, and read it at our own instant."""
        self.write(services + rules)
        self.reopen()

    def reopen(self) -> None:
        """Read the policy and the log again."""
        self.app = App(
            policies_dir=self.site.policies, state=self.site.state, clock=lambda: self.now
        )

    def point(self, run: str, at: datetime, *, outcome: Outcome = Outcome.COMPLETE) -> None:
        """Make a recovery point, on the log and in the repository."""
        self.app.log.append(
            RunStarted(
                run=run,
                kind=RunKind.BACKUP,
                site="acme",
                service="partage",
                repository="far",
                boot_id="b",
            )
        )
        source = self.snapshot(run, "partage", at)
        if outcome is not Outcome.FAILED:
            self.snapshot(run, "seal", at + timedelta(seconds=5), f"outcome={outcome}")
        whole = outcome is Outcome.COMPLETE
        self.app.log.append(
            BackupFinished(
                run=run,
                site="acme",
                service="partage",
                outcome=outcome,
                repository="far",
                snapshots=(BackedUp(source="partage", id=source, tree=self.tree, data_time=at),),
                usable_at=at + timedelta(seconds=6) if whole else None,
                files_new=1,
                files_changed=0,
                data_added_bytes=1,
                seconds=6.0,
                skipped=(),
                error=None if whole else "no",
            )
        )

    def nights(self, count: int, *, first: int = 0) -> None:
        """Make a point a night: `r<n>` is n nights old."""
        for number in reversed(range(first, first + count)):
            self.point(f"r{number}", self.now - number * DAY)

    def snapshot(self, run: str, source: str, at: datetime, *more: str) -> str:
        """Write one snapshot of a run, and return its id."""
        tags = ["service=partage", f"run={run}", f"source={source}", *more]
        return self.forge.snapshot(self.tree, time=at, host="acme", tags=tags)

    def retain(self, *, allowed: int | None = None) -> RetainFinished:
        """Thin the repository out."""
        site = self.app.site("acme")
        begun = begin_upkeep(self.app, site, RunKind.RETAIN, "far")
        assert begun is not None
        return retain(self.app, site, "far", begun, self.heard, allowed=allowed)

    def resolve(self, held: RetainFinished) -> None:
        """Have a person close the incident of a retention that was held back."""
        self.app.log.append(
            IncidentOpened(
                incident="i1",
                site="acme",
                service="",
                condition="retention-held-far",
                criticality="P3",
                summary=held.held,
                remedy="Look.",
                evidence=held.run,
                chain="",
            )
        )
        self.app.log.append(
            IncidentResolved(incident="i1", site="acme", service="", by="eve", note="meant")
        )

    def parts(self, run: str) -> int:
        """How many snapshots of a run are there."""
        return sum(one.tag("run") == run for one in self.listing())

    def runs(self) -> list[str]:
        """The runs of which the repository has anything, in order."""
        return sorted({one.tag("run") or "" for one in self.listing()})

    def check(self) -> str:
        """Have restic look at the whole repository."""
        return self.site.restic("check", "--read-data")

    def _tree(self) -> str:
        when = f"{NOW - 30 * DAY:%Y-%m-%d %H:%M:%S}"
        self.site.restic("backup", str(self.site.source), "--host", "elsewhere", "--time", when)
        (only,) = self.listing()
        return only.tree


def slow_prune(folder: Path) -> str:
    """Return a PATH on which the first prune takes its time, as that of a large repository does."""
    shim = folder / "slow" / "restic"
    shim.parent.mkdir()
    first = f'[ "$1" = prune ] && mkdir {shim.parent}/begun 2>/dev/null && sleep 30'
    shim.write_text(f'#!/bin/sh\n{first}\nexec {TOOLS / "bin" / "restic"} "$@"\n')
    shim.chmod(0o755)
    return f"{shim.parent}:{os.environ['PATH']}"


def on_path() -> str:
    """The PATH on which restic is found."""
    return f"{TOOLS / 'bin'}:{os.environ['PATH']}"

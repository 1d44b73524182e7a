"""What a status is made of: where a promise, a service and a site stand. Pure values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from orchestrator.core.events import RunKind
from restore_drills.model import Label, Scenario

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.core.drilled import Drilled
    from orchestrator.core.policy.model import Outside, Promise
    from orchestrator.core.rpa import Worst
    from orchestrator.core.running import Running
    from orchestrator.core.state import Incident, Pause, Run
    from orchestrator.core.suspicion import Doubted

SLACK = timedelta(minutes=15)  # a backup that is due may wait for its turn


class Doubt(StrEnum):
    """Why a promise counts as unproven."""

    NEVER_DRILLED = "never-drilled"
    NOT_PROVEN = "not-proven"  # the last drill was refuted, or none gave an answer
    POLICY_CHANGED = "policy-changed"
    MACHINE_REBUILT = "machine-rebuilt"  # the proof is of a point from before
    TOO_OLD = "too-old"


OUTDATED = {Doubt.POLICY_CHANGED, Doubt.MACHINE_REBUILT, Doubt.TOO_OLD}


class Protection(StrEnum):
    """Who makes the copies of a service."""

    OURS = "ours"
    ADOPTED = "adopted"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioStatus:
    """One promise and its proof. `proven_at` is when the last drill ran that proved it.

    `last` is the last drill that gave an answer; an inconclusive one proves nothing and takes
    nothing back, so one that came later is in `tried`.

    `singled_out`: the policy promises something of its own for this scenario. `repository` is the
    nearest that it leaves; `data_time` and `worst` are those of the points there, None where none
    is known, or where nothing is left, and then `gone` says why.
    """

    scenario: Scenario
    promised: Promise | None
    last: Drilled | None
    tried: Drilled | None
    proven_at: datetime | None
    label: Label
    doubts: tuple[Doubt, ...]
    singled_out: bool
    repository: str | None = None
    data_time: datetime | None = None
    worst: Worst | None = None
    valid_for: timedelta = timedelta()  # how long a proof of it counts
    gone: str = ""

    def lost(self, now: datetime) -> timedelta | None:
        """Return what this disaster would cost now: the RPA."""
        return None if self.data_time is None else max(now - self.data_time, timedelta())

    @property
    def counts(self) -> bool:
        """It is judged by itself: the usual scenario, one with its own promise, or one tried.

        The others have the base promise and were never tried.
        """
        usual = self.scenario is Scenario.SERVER_FAILURE
        return self.promised is not None and (usual or self.singled_out or self.last is not None)

    @property
    def stale(self) -> bool:
        """There was a proof, and it no longer counts."""
        return not OUTDATED.isdisjoint(self.doubts)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyStatus:
    """The newest point of a service in a repository to which it is copied; None: there is none.

    `lag` is how much older it is than the newest point of all. `rpo` is the shortest of those that
    rest on it, under `scenarios`; None where none does.
    """

    repository: str
    data_time: datetime | None
    usable_at: datetime | None
    lag: timedelta | None
    rpo: timedelta | None
    scenarios: tuple[Scenario, ...]

    def lost(self, now: datetime) -> timedelta | None:
        """Return what a failure now would cost, if this is what is left."""
        return None if self.data_time is None else max(now - self.data_time, timedelta())


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryStatus:
    """One repository. `unread_since`: since when some pack may not have been read.

    `within` is how often the policy wants all of it read; None: never, and nothing is said.
    `locked_until` is the earliest end of a lock, `period` how long the policy wants it to be.
    """

    id: str
    unread_since: datetime | None
    within: timedelta | None
    locked_until: datetime | None
    period: timedelta | None
    damaged: tuple[str, ...]  # what was found, until it is found gone
    remedy: str = ""  # of that

    def unread(self, now: datetime) -> timedelta | None:
        """Return for how long some pack was not read, where that is longer than promised."""
        if self.unread_since is None or self.within is None:
            return None
        age = now - self.unread_since
        return age if age > self.within else None

    def unlocked(self, now: datetime) -> timedelta | None:
        """Return what is left of the shortest lock, where that is less than half of it."""
        if self.locked_until is None or self.period is None:
            return None
        left = self.locked_until - now
        return left if left < self.period / 2 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """One service. `usable_at`, `data_time`: of its last usable recovery point, in `repository`.

    `last_backup` is the last that has ended. `next_due` is the next start, or what should be under
    way; None where the policy has no schedule. `missed` is the first slot for which no backup was
    begun; None where none was missed, or none was ever begun. `unread_since`: since when some pack
    of one of its repositories may not have been read. `rpo`: the shortest that rests on the points
    where they are made. `doubted`: what of its points nobody has judged yet.
    """

    id: str
    name: str
    protection: Protection
    answers: str  # who answers for it where we do not make the copies; else empty
    usable_at: datetime | None
    data_time: datetime | None
    last_backup: Run | None
    next_due: datetime | None
    missed: datetime | None
    worst: Worst | None
    running: tuple[Running, ...]
    scenarios: tuple[ScenarioStatus, ...]
    repository: str | None = None
    rpo: timedelta | None = None
    copies: tuple[CopyStatus, ...] = ()
    unread_since: datetime | None = None
    doubted: Doubted | None = None

    def late(self, now: datetime) -> timedelta | None:
        """Return since when a backup is overdue; None where it is not, or runs right now."""
        if self.missed is None or any(one.run.kind is RunKind.BACKUP for one in self.running):
            return None
        late = now - self.missed
        return late if late > SLACK else None

    def lost(self, now: datetime) -> timedelta | None:
        """Return what a failure now would cost: the RPA."""
        return None if self.data_time is None else max(now - self.data_time, timedelta())


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteStatus:
    """One site, with its open incidents, what is under way, and what is outside on record."""

    site: str
    name: str
    timezone: str
    services: tuple[ServiceStatus, ...]
    outside: tuple[Outside, ...]
    incidents: tuple[Incident, ...]
    running: tuple[Running, ...]  # of no one service: drills, and what is done to repositories
    repositories: tuple[RepositoryStatus, ...] = ()
    paused: Pause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All that was asked about.

    `incidents` are those of this machine, and of sites whose policy cannot be read. `daemon` is the
    process that watches, None without one; `stale` the sites whose policy it has not read as it is
    now; `period` is what the worst loss was asked over.
    """

    sites: tuple[SiteStatus, ...]
    incidents: tuple[Incident, ...]
    daemon: int | None
    period: timedelta
    stale: tuple[str, ...] = ()

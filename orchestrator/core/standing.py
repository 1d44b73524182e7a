"""What a status is made of: where a promise, a service and a site stand. Pure values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from restore_drills.model import Label, Scenario

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.core.drilled import Drilled
    from orchestrator.core.policy.model import Outside, Promise
    from orchestrator.core.rpa import Worst
    from orchestrator.core.running import Running
    from orchestrator.core.state import Incident, Run

SLACK = timedelta(minutes=15)  # a backup that is due may wait for its turn


class Doubt(StrEnum):
    """Why a promise counts as unproven."""

    NEVER_DRILLED = "never-drilled"
    NOT_PROVEN = "not-proven"  # the last drill was refuted, or none gave an answer
    POLICY_CHANGED = "policy-changed"
    TOO_OLD = "too-old"


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

    `singled_out`: the policy promises something of its own for this scenario. `worst` is None
    where no point is known, or where the scenario leaves no copy standing.
    """

    scenario: Scenario
    promised: Promise | None
    last: Drilled | None
    tried: Drilled | None
    proven_at: datetime | None
    label: Label
    doubts: tuple[Doubt, ...]
    singled_out: bool
    worst: Worst | None = None
    valid_for: timedelta = timedelta()  # how long a proof of it counts

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
        return Doubt.POLICY_CHANGED in self.doubts or Doubt.TOO_OLD in self.doubts


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """One service. `usable_at`, `data_time`: of its last usable recovery point.

    `last_backup` is the last that has ended. `next_due` is the next start, or what should be under
    way; None where the policy has no schedule. `missed` is the first slot for which no backup was
    begun; None where none was missed, or none was ever begun.
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
    running: Running | None
    scenarios: tuple[ScenarioStatus, ...]

    @property
    def rpo(self) -> timedelta | None:
        """The shortest RPO that is promised."""
        return min((one.promised.rpo for one in self.scenarios if one.promised), default=None)

    def late(self, now: datetime) -> timedelta | None:
        """Return since when a backup is overdue; None where it is not, or runs right now."""
        if self.missed is None or self.running is not None:
            return None
        late = now - self.missed
        return late if late > SLACK else None

    def lost(self, now: datetime) -> timedelta | None:
        """Return what a failure now would cost: the RPA."""
        return None if self.data_time is None else max(now - self.data_time, timedelta())


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteStatus:
    """One site, with its open incidents, its drills under way, and what is outside on record."""

    site: str
    name: str
    timezone: str
    services: tuple[ServiceStatus, ...]
    outside: tuple[Outside, ...]
    incidents: tuple[Incident, ...]
    drills: tuple[Running, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """All that was asked about.

    `incidents` are those of this machine, and of sites whose policy cannot be read. `daemon` is the
    process that watches, None without one; `period` is what the worst loss was asked over.
    """

    sites: tuple[SiteStatus, ...]
    incidents: tuple[Incident, ...]
    daemon: int | None
    period: timedelta

"""When things are due: the slots of a period or of a cron, staggered so that sites do not crowd.

The stagger is a hash of the name, so that a restart moves nothing: anywhere in the period (which
is counted from 1970 in UTC), or up to 59 s after the minute of a cron.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING

from orchestrator.core import cron

if TYPE_CHECKING:
    from orchestrator.core.cron import Cron
    from orchestrator.core.policy.model import DrillPlan, Service, Site

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """The slots of `name` (site/service, site/drill): every so often, by a cron, or both."""

    name: str
    zone: str
    every: timedelta | None
    cron: Cron | None

    def newest(self, at: datetime) -> datetime | None:
        """Return the last slot at or before an instant, in UTC; None if there was none."""
        slot = None
        if self.every is not None:
            late = _stagger(self.name, self.every)
            slot = at - (at - _EPOCH - late) % self.every
        if self.cron is not None:
            late = _stagger(self.name, _MINUTE)
            fired = cron.latest(self.cron, self.zone, at - late)
            if fired is not None and (slot is None or fired + late > slot):
                slot = fired + late
        return slot

    def following(self, at: datetime) -> datetime | None:
        """Return the first slot after an instant, in UTC; None if there will be none."""
        slot = None
        if self.every is not None:
            late = _stagger(self.name, self.every)
            slot = at - (at - _EPOCH - late) % self.every + self.every
        if self.cron is not None:
            late = _stagger(self.name, _MINUTE)
            fires = cron.following(self.cron, self.zone, at - late)
            if fires is not None and (slot is None or fires + late < slot):
                slot = fires + late
        return slot

    def is_frequent(self, slot: datetime) -> bool:
        """Say whether another slot lies within the hour before or after this one."""
        after, before = self.following(slot), self.newest(slot - timedelta(microseconds=1))
        return (after is not None and after - slot <= _HOUR) or (
            before is not None and slot - before <= _HOUR
        )


def of_backups(site: Site, service: Service) -> Schedule | None:
    """Return when a service is backed up; None where nothing says so."""
    if service.backup_to is None or (service.every is None and service.cron is None):
        return None
    name = f"{site.id}/{service.id}"
    return Schedule(name=name, zone=site.timezone, every=service.every, cron=service.cron)


def of_drill(site: Site, plan: DrillPlan) -> Schedule:
    """Return when a drill of the policy is due."""
    name = f"{site.id}/{plan.name}"
    return Schedule(name=name, zone=site.timezone, every=None, cron=plan.cron)


@lru_cache(maxsize=8192)
def _stagger(name: str, within: timedelta) -> timedelta:
    """Return a share of a span, in whole seconds, that only the name decides."""
    fraction = int.from_bytes(sha256(name.encode()).digest()[:8]) / 2**64
    return timedelta(seconds=int(fraction * within.total_seconds()))

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
    from orchestrator.core.policy.model import DrillPlan, Repository, Service, Site

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
NIGHT = timedelta(hours=5)  # from midnight on, local
MOST_PARTS = 256  # restic divides packs by the first byte of their ids
SHARE = 0.8  # of the time in which all is to be read: what is missed is made up for in the rest


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


def parts_of(within: timedelta) -> int:
    """Return into how many parts a repository is divided that is read within so long: one a day."""
    return min(max(round(SHARE * within / _DAY), 1), MOST_PARTS)


def of_readings(site: Site, repository: str) -> Schedule | None:
    """Return when the next part of a repository is read; None where nothing says how often."""
    within = site.read_all_within
    if within is None:
        return None
    return _every(site, f"{repository}/verify", SHARE * within / parts_of(within))


def of_relocks(site: Site, repository: Repository) -> Schedule | None:
    """Return when locks are extended; None where there are none.

    What has less than 5/8 of the period left is extended, so that, an eighth of it later, nothing
    has less than half. It comes a little sooner than that, for a run takes a while and may wait.
    """
    if repository.immutable is None:
        return None
    return _every(site, f"{repository.id}/relock", repository.immutable.period / 9)


def of_retention(site: Site, repository: Repository) -> Schedule | None:
    """Return when a repository is thinned out: at night; None where nothing is removed."""
    if site.retention is None or repository.append_only:
        return None
    name = f"{site.id}/{repository.id}/retain"
    hour, minute = divmod(_stagger(name, NIGHT) // _MINUTE, 60)
    when = cron.read(f"{minute} {hour} * * *")
    return Schedule(name=name, zone=site.timezone, every=None, cron=when)


def _every(site: Site, what: str, every: timedelta) -> Schedule:
    whole = max(every // _SECOND, 1) * _SECOND
    return Schedule(name=f"{site.id}/{what}", zone=site.timezone, every=whole, cron=None)


@lru_cache(maxsize=8192)
def _stagger(name: str, within: timedelta) -> timedelta:
    """Return a share of a span, in whole seconds, that only the name decides."""
    fraction = int.from_bytes(sha256(name.encode()).digest()[:8]) / 2**64
    return timedelta(seconds=int(fraction * within.total_seconds()))

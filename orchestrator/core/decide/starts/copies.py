"""Which copies to start now: a service's newest point, to each repository that lacks it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.core.decide.actions import StartCopy
from orchestrator.core.decide.starts.backups import AGAIN, is_frequent
from orchestrator.core.decide.starts.occupied import address, shut
from orchestrator.core.decide.starts.turns import (
    AHEAD,
    LONG_AGO,
    MOST,
    backoff,
    believed,
    ended,
    key,
)
from orchestrator.core.decide.starts.working import working
from orchestrator.core.events import Outcome, RunKind
from orchestrator.core.schedule import of_backups
from orchestrator.core.state import CopyState, SiteState

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.core.decide.actions import Policies
    from orchestrator.core.events import BackupFinished, CopyFinished
    from orchestrator.core.policy.model import Service, Site
    from orchestrator.core.state import Run, Series, ServiceState, State

LANES = 2
RESERVED = 1  # of them, for what is backed up every hour or more: a first copy may take days
SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
NOTHING, NEVER = SiteState(), CopyState()


class Due(NamedTuple):
    """A copy to start, in the order in which they are: what waits for longest first."""

    since: datetime
    criticality: str
    site: str
    service: str
    repository: str
    slot: datetime
    series: Series


class _Promise(NamedTuple):
    """A copy that the policy wants, of a service that has a point to copy."""

    site: Site
    service: Service
    repository: str
    point: BackupFinished
    copied: CopyState


class Owed(NamedTuple):
    """A copy that lacks the newest point: from when on to make it, and since when it is late."""

    at: datetime
    since: datetime
    slot: datetime


class _Seen(NamedTuple):
    """What a copy owes, as found at `at` from these very values."""

    site: Site
    service: Service
    point: BackupFinished
    copied: CopyFinished | None
    last: Run | None
    failures: int
    interruptions: int
    at: datetime
    owed: Owed | None


_seen: dict[tuple[str, str, str], _Seen] = {}


def copies(
    state: State, policies: Policies, now: datetime
) -> tuple[list[StartCopy], datetime | None]:
    """Return the copies to start now, and when the next one comes if nothing happens before."""
    running = [run for run in state.open.values() if run.kind is RunKind.COPY]
    busy = {(run.site, run.service, run.repository) for run in running}
    closed = shut(state, policies)
    due: list[Due] = []
    wake_at: datetime | None = None
    for one in _promised(state, policies):
        owed = _remembered(one, now)
        names = (one.site.id, one.service.id, one.repository)
        if owed is None or names in busy:  # the end of a run wakes us
            continue
        if closed and not closed.isdisjoint(_addresses(one)):
            continue  # the same
        if owed.at <= now:
            series = one.copied.copies
            due.append(Due(owed.since, one.service.criticality, *names, owed.slot, series))
        elif wake_at is None or owed.at < wake_at:
            wake_at = owed.at
    return _admitted(sorted(due, key=lambda one: one[:5]), running, policies), wake_at


def _promised(state: State, policies: Policies) -> Iterator[_Promise]:
    """Yield where something is to be copied that is there, in the repository the policy names."""
    for site in working(state, policies):
        known: dict[str, ServiceState] | None = None
        for name, service in site.services.items():
            if not service.copy_to:
                continue
            if known is None:
                known = state.sites.get(site.id, NOTHING).services
            mine = known.get(name)
            point = mine.complete if mine else None
            if mine and point and point.repository == service.backup_to:
                for repository in service.copy_to:
                    copied = mine.copies.get(repository, NEVER)
                    yield _Promise(site, service, repository, point, copied)


def _addresses(one: _Promise) -> tuple[str, str]:
    return address(one.site, one.service.backup_to), address(one.site, one.repository)


def _remembered(one: _Promise, now: datetime) -> Owed | None:
    """Return what `_owed` does: it is asked of all services all the time, and rarely changes."""
    series = one.copied.copies
    names = (one.site.id, one.service.id, one.repository)
    seen = _seen.get(names)
    if (
        seen is not None
        and seen.point is one.point
        and seen.copied is one.copied.complete
        and seen.last is series.last
        and seen.site is one.site
        and seen.service is one.service
        and seen.failures == series.failures
        and seen.interruptions == series.interruptions
        and seen.at <= now
    ):
        return seen.owed
    owed = _owed(one, now)
    if _is_credible(series.last, now):
        if len(_seen) >= MOST:
            _seen.clear()
        _seen[names] = _Seen(
            site=one.site,
            service=one.service,
            point=one.point,
            copied=one.copied.complete,
            last=series.last,
            failures=series.failures,
            interruptions=series.interruptions,
            at=now,
            owed=owed,
        )
    return owed


def _owed(one: _Promise, now: datetime) -> Owed | None:
    """Return the copy to make; None where the newest point is there.

    A point that a wrong clock dated is there all the same: nothing waits for its date.
    """
    copied = one.copied
    if copied.complete is not None and copied.complete.point == one.point.run:
        return None
    slot = (one.point.usable_at or now).replace(microsecond=0)
    last = believed(copied.copies.last, now)
    if last is None:
        return Owed(LONG_AGO, LONG_AGO, slot)
    at = ended(last, now)
    wait = _patience(one, last, slot, now)
    if wait:
        return Owed(at + wait, at + wait, slot)
    when = of_backups(one.site, one.service)
    following = when.following(last.started_at) if when else None
    return Owed(at, min(slot, following or slot), slot)


def _patience(one: _Promise, last: Run, slot: datetime, now: datetime) -> timedelta:
    """Return how long after its last run a copy waits; one cut short is tried again at once.

    Where a disk is unplugged, nothing is gained by asking every minute; neither is it where only
    a person can help.
    """
    series = one.copied.copies
    if last.outcome == Outcome.INTERRUPTED:
        cut = series.interruptions
        return backoff(cut - 1, AGAIN) if cut > 1 else timedelta(0)
    if last.outcome == Outcome.FAILED:
        offline = one.site.repositories[one.repository].rotation is not None
        helpless = offline or not last.retryable
        return HOUR if helpless else backoff(max(series.failures, 1), AGAIN)
    # It went well, and did not bring the point that was there when it began: no use in haste.
    was_there = last.started_at >= slot + SECOND or slot > now
    return AGAIN[-1] if was_there else timedelta(0)


def _is_credible(last: Run | None, now: datetime) -> bool:
    ends = (last.started_at, last.finished_at or last.started_at) if last else ()
    return all(at <= now + AHEAD for at in ends)


def _admitted(due: list[Due], running: list[Run], policies: Policies) -> list[StartCopy]:
    """Give the free lanes to the first ones; the last lane only to what is frequent."""
    free = LANES - len(running)
    if not due or free <= 0:
        return []
    slow = LANES - RESERVED
    slow -= sum(not is_frequent(policies, run.site, run.service, run.started_at) for run in running)
    starts: list[StartCopy] = []
    for one in due:
        if free <= 0:
            break
        frequent = is_frequent(policies, one.site, one.service, one.slot)
        if not frequent and slow <= 0:
            continue
        slow -= not frequent
        free -= 1
        starts.append(
            StartCopy(
                site=one.site,
                service=one.service,
                repository=one.repository,
                slot=one.slot,
                key=f"{one.repository} {key(one.slot, one.series)}",
            )
        )
    return starts

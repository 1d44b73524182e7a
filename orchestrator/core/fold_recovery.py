"""What suspicion, kits, keys, pauses and recoveries add to the state; `core/fold.py` calls it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from sys import intern
from typing import TYPE_CHECKING, assert_never

from orchestrator.core.events import (
    ChangeExpected,
    KeyRotated,
    KitExported,
    KitVerified,
    Outcome,
    PolicyStored,
    SitePaused,
    SiteResumed,
    SuspicionEnded,
)
from orchestrator.core.kit.fingerprint import REVOKED, key_of
from orchestrator.core.state import Expected, Kit, Pause, RepositoryState, ServiceState, Suspicion

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.core.events import BackupFinished, Recorded
    from orchestrator.core.state import Run, SiteState

KEPT_SUSPICIONS = 20
KEPT_EXPECTED = 50
# What was announced is asked about at the next backup, which may come a month later.
KEPT_FOR = timedelta(days=31)
TICK = timedelta(microseconds=1)
AHEAD = timedelta(days=1)  # a clock that is further ahead is wrong, not of another time zone

Told = (
    ChangeExpected
    | PolicyStored
    | KitExported
    | KitVerified
    | KeyRotated
    | SitePaused
    | SiteResumed
    | SuspicionEnded
)


def apply(site: SiteState, event: Told, recorded: Recorded) -> None:  # noqa: C901 - a table
    """Take one event of a site in."""
    at = recorded.at
    match event:
        case ChangeExpected():
            _announced(site, event, at)
        case PolicyStored():
            site.repositories.setdefault(event.repository, RepositoryState()).policy = event.digest
        case KitExported():
            site.kit = Kit(kit=event.kit, at=at, holders=event.holders, keys=dict(event.keys))
        case KitVerified():
            if site.kit is not None and site.kit.kit == event.kit:
                verified = {**site.kit.verified, event.holder: at}
                site.kit = replace(site.kit, verified=verified)
        case KeyRotated():
            site.kit = _after(site.kit, event)
        case SitePaused():
            if site.paused is None:
                site.paused = Pause(
                    event=recorded.id,
                    at=at,
                    by=event.by,
                    reason=event.reason,
                    incident=event.incident,
                )
        case SiteResumed():
            site.paused, site.resumed = None, at
            if event.anew:
                site.anew = at
        case SuspicionEnded():
            _judged(site.services.setdefault(event.service, ServiceState()), event, recorded)
        case _:
            assert_never(event)


def _announced(site: SiteState, event: ChangeExpected, at: datetime) -> None:
    """Take in what somebody announced, or withdrew."""
    one = Expected(
        service=event.service,
        text=event.text,
        begin=event.begin,
        until=event.until,
        by=event.by,
    )
    current = [e for e in site.expected if e.until + KEPT_FOR > at]
    if one.until <= one.begin:  # it was withdrawn
        site.expected = tuple(e for e in current if not _is_same(e, one))
    else:
        site.expected = (*current, one)[-KEPT_EXPECTED:]


def _is_same(one: Expected, other: Expected) -> bool:
    return (one.service, one.text, one.begin) == (other.service, other.text, other.begin)


def backed_up(service: ServiceState, event: BackupFinished, at: datetime) -> None:
    """Take in what a backup says of suspicion, before it becomes the newest usable point."""
    if event.decoys:
        # A decoy that was touched stays a sign until a person has judged.
        before = service.decoys
        service.decoys = {path: before.get(path) or now for path, now in event.decoys.items()}
    if event.data_time is None:
        return
    if event.outcome is Outcome.SUSPECTED or event.suspect:
        _suspected(service, event, event.data_time, at)
    elif event.signs and service.unusual is None:
        service.unusual, service.before_unusual = event, service.complete
    elif event.signs and service.unusual is not None:
        service.unusual = _joined(service.unusual, event)


def _joined(unusual: BackupFinished, event: BackupFinished) -> BackupFinished:
    """Return the unusual change with the kinds of sign that came since."""
    known = {sign.word for sign in unusual.signs}
    came = tuple(sign for sign in event.signs if sign.word not in known)
    return replace(unusual, signs=(*unusual.signs, *came)) if came else unusual


def _suspected(
    service: ServiceState, event: BackupFinished, data_time: datetime, at: datetime
) -> None:
    """Begin a suspicion, or go on with it; a late end of one that was judged begins none."""
    first = event.suspect or event.run
    if service.suspicion is None:
        if any(known.run == first for known in service.suspicions):
            return
        signs, unusual = event.signs, service.unusual
        if unusual is not None and unusual.run == first:  # it was part of the attack
            data_time, signs = unusual.data_time or data_time, _joined(unusual, event).signs
            service.complete = service.before_unusual
        since = _since(data_time, service.complete, at)
        begun = Suspicion(run=first, since=since, signs=signs)
        service.suspicions = (*service.suspicions, begun)[-KEPT_SUSPICIONS:]
        service.unusual = service.before_unusual = None
    elif service.suspicion.run == first:  # the clock was ahead at the first one
        since = _since(data_time, service.complete, at)
        if since < service.suspicion.since:
            earlier = replace(service.suspicion, since=since)
            service.suspicions = (*service.suspicions[:-1], earlier)
    if event.outcome is Outcome.SUSPECTED:
        service.suspected = event


def _since(data_time: datetime, clean: BackupFinished | None, at: datetime) -> datetime:
    """Return since when points are mistrusted; `at`: when that was learned.

    A clock that was set back must not make the clean points suspected, and a clean point of a
    clock that was ahead must not make those trusted that came since.
    """
    last = clean.data_time if clean else None
    since = min(data_time, at)
    return max(since, last + TICK) if last is not None and last < at else since


def _until(newest: datetime | None, at: datetime) -> datetime:
    """Return until when they are: a point dated far ahead takes none of those to come with it."""
    return at if newest is None or newest > at + AHEAD else max(at, newest + TICK)


def _judged(service: ServiceState, event: SuspicionEnded, recorded: Recorded) -> None:
    """Take in what a person said of a suspicion, or of an unusual change."""
    ended, unusual = service.suspicion, service.unusual
    if ended is not None and ended.run == event.first:
        _ended(service, ended, event, recorded.at)
    elif unusual is not None and unusual.run == event.first:
        if not event.false_alarm:
            _mistrusted(service, unusual, recorded.at)
        seen = unusual if service.complete is None else service.complete
        service.decoys = dict(seen.decoys) if event.false_alarm else {}
        service.unusual = service.before_unusual = None


def _ended(service: ServiceState, ended: Suspicion, event: SuspicionEnded, at: datetime) -> None:
    """End the suspicion. Of a false alarm the newest point is the service's newest again."""
    last = service.suspected
    until = _until(last.data_time if last else None, at)
    over = replace(ended, until=until, cleared=event.false_alarm)
    service.suspicions = (*service.suspicions[:-1], over)
    service.decoys = {}  # what is there from now on is as it should be
    service.suspected = None
    if not event.false_alarm or last is None:
        return
    before = service.complete.data_time if service.complete else None
    if before is not None:
        # Until now nothing newer would have been used.
        gap = max(0.0, (at - before).total_seconds())
        day = intern(at.astimezone(UTC).date().isoformat())
        service.gaps[day] = max(gap, service.gaps.get(day, 0.0))
    service.since = service.since or at
    service.decoys = dict(last.decoys)
    service.complete = replace(last, usable_at=last.usable_at or at)
    series = service.backups
    series.last, series.answered = _sound(series.last, last), _sound(series.answered, last)


def _sound(run: Run | None, backup: BackupFinished) -> Run | None:
    """Return the run as one that gave a usable point, if it is of this backup."""
    is_its_own = run is not None and run.run == backup.run
    return replace(run, outcome=str(Outcome.COMPLETE)) if run and is_its_own else run


def _mistrusted(service: ServiceState, unusual: BackupFinished, at: datetime) -> None:
    """Make suspected, after the fact, what was backed up since an unusual change."""
    since = _since(unusual.data_time or at, service.before_unusual, at)
    until = _until(service.complete.data_time if service.complete else None, at)
    one = Suspicion(run=unusual.run, since=since, signs=unusual.signs, until=until)
    service.suspicions = (*service.suspicions, one)[-KEPT_SUSPICIONS:]
    service.complete = service.before_unusual


def _after(kit: Kit | None, event: KeyRotated) -> Kit | None:
    """Note that the kit's own key is gone; a password is compared by its fingerprint."""
    own = "" if kit is None else key_of(kit.keys.get(event.repository, ""))
    if kit is None or not own or own not in event.revoked:
        return kit
    return replace(kit, keys={**kit.keys, event.repository: REVOKED})

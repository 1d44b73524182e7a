"""Which part of a repository to read next, so that all is read in time. Pure.

A part a day, by a schedule; what was damaged once more a day, until it is found whole. An offline
disk is there for a while only: as long as it is, whatever would be too old when it is back is read.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.core.decide.starts.turns import AHEAD, LONG_AGO, backoff, believed, ended, endless
from orchestrator.core.events import Outcome, RunKind
from orchestrator.core.schedule import SHARE, parts_of
from orchestrator.core.state import Series

if TYPE_CHECKING:
    from orchestrator.core.policy.model import Repository
    from orchestrator.core.schedule import Schedule
    from orchestrator.core.state import RepositoryState, Run

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NEVER = Series()
AGAIN = (timedelta(minutes=5), timedelta(minutes=15), HOUR, 6 * HOUR)


class Reading(NamedTuple):
    """A part to read: from when on, since when that is late, and for what slot."""

    at: datetime
    since: datetime
    slot: datetime
    part: int
    parts: int


def patience(series: Series, last: Run) -> timedelta:
    """Return how long to wait before a reading is tried again."""
    if last.outcome == Outcome.INTERRUPTED:
        cut = series.interruptions
        return backoff(cut - 1, AGAIN) if cut > 1 else timedelta(0)
    return backoff(max(series.failures, 1), AGAIN)


def reading(
    repository: Repository,
    within: timedelta,
    when: Schedule,
    known: RepositoryState,
    now: datetime,
) -> Reading:
    """Return what to read next, so that all is read `within`; a part of 0 is chosen later."""
    series = known.series.get(RunKind.VERIFY, NEVER)
    if repository.rotation is not None:
        return _while_it_is_there(repository.rotation, within, known, series, now)
    owed = endless(when, series, now, patience)
    if owed.at <= now:
        parts = parts_of(within)
        return Reading(owed.at, owed.since, owed.slot, _next(known, parts, series), parts)
    again = _damaged(known, series, now)
    if again is not None and again.at < owed.at:
        return again
    return Reading(owed.at, owed.since, owed.slot, 0, 0)


def _damaged(known: RepositoryState, series: Series, now: datetime) -> Reading | None:
    """Return when to look again at what was damaged, the one that waits for longest first.

    Not while readings fail: what the schedule asks for goes first.
    """
    seen = next(iter(known.damages.values()), None)
    if seen is None or series.failures or series.interruptions:
        return None
    at = seen.at + DAY if seen.at <= now + AHEAD else now
    return Reading(at, at, at, seen.reading.part, seen.reading.parts)


def _while_it_is_there(
    rotation: timedelta, within: timedelta, known: RepositoryState, series: Series, now: datetime
) -> Reading:
    """Return the part of an offline disk that will be too old when the disk is back."""
    parts = parts_of(within)
    part = _next(known, parts, series)
    read = known.read.get(str(part)) if known.parts == parts else None
    most = max(SHARE * within - rotation, rotation / 2, DAY)
    since = read + most if read is not None and read <= now + AHEAD else LONG_AGO
    last = believed(series.last, now)
    at = max(since, ended(last, now) + _wait(series, last)) if last else since
    found = Reading(at, since, since, part, parts)
    damaged = _damaged(known, series, now)
    return damaged if damaged is not None and damaged.at < found.at else found


def _wait(series: Series, last: Run) -> timedelta:
    """Return how long to leave a disk alone; one that is unplugged is asked for every hour."""
    match last.outcome:
        case Outcome.INTERRUPTED:
            return patience(series, last)
        case Outcome.FAILED:
            return max(patience(series, last), HOUR)
        case _:
            return timedelta(0)


def _next(known: RepositoryState, parts: int, series: Series) -> int:
    """Return the part that was never read, or longest ago; after failures, the ones behind it.

    So one that can never be read to its end does not keep the others from being read.
    """
    read = known.read if known.parts == parts else {}
    order = sorted(range(1, parts + 1), key=lambda part: (read.get(str(part), LONG_AGO), part))
    return order[series.failures % parts]

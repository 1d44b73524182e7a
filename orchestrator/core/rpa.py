"""The worst-case RPA of a service over a period: what the worst instant would have cost. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orchestrator.core.state import CopyState, ServiceState

LONGEST = timedelta(days=400)  # of a period
NOTHING = timedelta()
MIDNIGHT = datetime.min.time()


@dataclass(frozen=True, slots=True, kw_only=True)
class Worst:
    """The largest RPA that a failure at the worst instant of `period` would have given.

    `period` ends now; it is shorter than what was asked for where the first point came later.
    """

    rpa: timedelta
    period: timedelta


def worst_case(
    points: Iterable[tuple[datetime, datetime]], start: datetime, end: datetime
) -> Worst | None:
    """Return it for usable points, each a data time and the instant at which it became usable.

    A gap counts when it ends in the period, with all of its length, and so does the open end. What
    lies before the first point is not known; None where no point was usable by `end`.
    """
    usable = sorted((at, data) for data, at in points if at <= end)
    if not usable:
        return None
    first, newest = usable[0]
    worst = NOTHING
    for at, data in usable[1:]:
        if at >= start:
            worst = max(worst, at - newest)
        newest = max(newest, data)  # one that took longer may hold older data
    return Worst(rpa=max(worst, end - newest), period=_since(max(first, start), end))


def worst_case_of(
    known: ServiceState | CopyState, period: timedelta, now: datetime
) -> Worst | None:
    """Return it from the gaps that the state keeps by UTC day, of one repository.

    The day in which the period begins counts whole, so the answer is at most too large. The state
    remembers `LONGEST`; a longer period is not for it to judge.
    """
    complete, first = known.complete, known.since
    data = complete.data_time if complete else None
    if data is None or first is None:
        return None
    start = _day(now - period)
    # What a clock dated ahead is no loss that anybody could have had by now.
    since, today = start.date().isoformat(), _day(now).date().isoformat()
    ended = [timedelta(seconds=gap) for day, gap in known.gaps.items() if since <= day <= today]
    return Worst(rpa=max(NOTHING, now - data, *ended), period=_since(max(first, start), now))


def _since(known: datetime, end: datetime) -> timedelta:
    return max(NOTHING, end - known)


def _day(at: datetime) -> datetime:
    return datetime.combine(at.astimezone(UTC).date(), MIDNIGHT, tzinfo=UTC)

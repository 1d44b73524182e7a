"""Cron expressions: five fields in a time zone, and when they fire, daylight saving included.

A fixed time in the hour that is skipped fires once, right after the jump; one in the hour that is
repeated fires the first time only. What is said with a star fires in every real hour.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from orchestrator.core.cron_field import FIELDS, read_field

if TYPE_CHECKING:
    from collections.abc import Iterable

_DAY = timedelta(days=1)
_NICK = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_LONGEST = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_HOURS = 24
# A 29 February on a given weekday comes again within 40 years, even across a year like 2100.
_YEARS = 41
# A representative period for the gaps: two years of clock changes; for dates that do not come
# every week, the 28 years after which all weekdays and leap years come again.
_CHANGE_YEARS = range(2027, 2029)
_CYCLE = range(2027, 2055)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cron:
    """When to fire, in local time. `weekdays`: Monday is 0. Two of one `text` are equal.

    `either`: a day counts when the day of the month or the weekday does, else both must.
    `repeats`: fires in both of the hours that a clock put back shows twice.
    """

    text: str
    minutes: frozenset[int] = field(compare=False, repr=False)
    hours: frozenset[int] = field(compare=False, repr=False)
    days: frozenset[int] = field(compare=False, repr=False)
    months: frozenset[int] = field(compare=False, repr=False)
    weekdays: frozenset[int] = field(compare=False, repr=False)
    either: bool = field(compare=False, repr=False)
    repeats: bool = field(compare=False, repr=False)


def read(text: str) -> Cron:
    """Read a cron expression. Raises ValueError, saying what to write instead."""
    words = text.lower().split()
    if len(words) == 1 and words[0].startswith("@"):
        raise ValueError(f"{text!r} is not known (write {_NICK.get(words[0], '0 3 * * *')})")
    if len(words) != len(FIELDS):
        raise ValueError(
            f"{text!r} is not a cron expression (write minute, hour, day of the month, month and "
            "day of the week: 0 3 * * * is every night at 3)"
        )
    minutes, hours, days, months, weekdays = map(read_field, FIELDS, words)
    starred = [word.startswith("*") for word in words]
    cron = Cron(
        text=" ".join(words),
        minutes=minutes,
        hours=hours,
        days=days,
        months=months,
        weekdays=frozenset((number - 1) % 7 for number in weekdays),
        either=not starred[2] and not starred[4],
        repeats=starred[0] or starred[1] or len(hours) == _HOURS,
    )
    if not cron.either and all(min(days) > _LONGEST[month - 1] for month in months):
        raise ValueError(
            f"{text!r} never comes: no such month has a day {min(days)} "
            "(write 28 for a day that every month has)"
        )
    return cron


def latest(cron: Cron, zone: str, at: datetime) -> datetime | None:
    """Return the newest instant that fires at or before `at` (aware), in UTC."""
    at = at.astimezone(UTC)
    day = at.toordinal()
    fires = _fires(cron, zone, day)
    if fires and fires[0] <= at:
        return fires[bisect_right(fires, at) - 1]
    for year in range(at.year, max(at.year - _YEARS, 1), -1):
        days = _near(_dates(cron), year)
        for other in reversed(days[: bisect_left(days, day)]):
            if fires := _fires(cron, zone, other):
                return fires[-1]
    return None


def following(cron: Cron, zone: str, at: datetime) -> datetime | None:
    """Return the first instant that fires after `at` (aware), in UTC."""
    at = at.astimezone(UTC)
    day = at.toordinal()
    fires = _fires(cron, zone, day)
    if fires and fires[-1] > at:
        return fires[bisect_right(fires, at)]
    for year in range(at.year, min(at.year + _YEARS, 9999)):
        days = _near(_dates(cron), year)
        for other in days[bisect_right(days, day) :]:
            if fires := _fires(cron, zone, other):
                return fires[0]
    return None


@lru_cache(maxsize=4096)
def largest_gap(cron: Cron, zone: str) -> timedelta:
    """Return the longest time between two fires, clock changes and leap years included."""
    days, times = _cycle(_dates(cron)), _times(cron)
    nights = max((b - a for a, b in pairwise(days)), default=_YEARS * 366)
    gaps = [timedelta(minutes=b - a) for a, b in pairwise(times)]
    gaps.append(timedelta(days=nights, minutes=times[0] - times[-1]))
    for change in _changes(zone):
        around = days[max(bisect_left(days, change) - 1, 0) : bisect_right(days, change) + 1]
        fires = sorted({at for day in around for at in _on(cron, zone, day)})
        gaps += [b - a for a, b in pairwise(fires)]
    return max(gaps)


@lru_cache(maxsize=4096)
def _fires(cron: Cron, zone: str, day: int) -> tuple[datetime, ...]:
    """Return what fires on a UTC day, given as its ordinal, the earliest first."""
    dates = _dates(cron)
    near = (_on(cron, zone, other) for other in (day - 1, day, day + 1) if dates.have(other))
    return tuple(sorted({at for fires in near for at in fires if at.toordinal() == day}))


@lru_cache(maxsize=4096)
def _on(cron: Cron, zone: str, day: int) -> tuple[datetime, ...]:
    """Return what a local day fires; two times that fall into a skipped hour are one."""
    local = ZoneInfo(zone)
    midnight = datetime.combine(date.fromordinal(day), time())
    start = midnight.replace(tzinfo=local).astimezone(UTC)
    if (midnight + _DAY).replace(tzinfo=local).astimezone(UTC) - start == _DAY:
        return tuple(start + timedelta(minutes=minute) for minute in _times(cron))
    wall = (midnight + timedelta(minutes=minute) for minute in _times(cron))
    return tuple(at for naive in wall for at in _instants(cron, local, naive))


def _instants(cron: Cron, zone: ZoneInfo, naive: datetime) -> Iterable[datetime]:
    """Yield when a local time of a day on which clocks change fires."""
    first = naive.replace(tzinfo=zone).astimezone(UTC)
    second = naive.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if first <= second:  # there once, or twice
        yield first
        if first < second and cron.repeats:
            yield second
    elif len(cron.hours) < _HOURS:  # skipped, and no other hour stands in for it
        yield _jump(zone, second, first)


def _jump(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """Return the instant between two others at which the clock jumps."""
    old = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        before, after = (
            (middle, after) if middle.astimezone(zone).utcoffset() == old else (before, middle)
        )
    return after


@lru_cache(maxsize=4096)
def _times(cron: Cron) -> tuple[int, ...]:
    """Return the local times of a day, in minutes since midnight."""
    minutes = sorted(cron.minutes)
    return tuple(hour * 60 + minute for hour in sorted(cron.hours) for minute in minutes)


class _Dates(NamedTuple):
    """The part of a cron that says which days count: many crons share one."""

    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    def have(self, day: int) -> bool:
        on = date.fromordinal(day)
        if on.month not in self.months:
            return False
        by_day, by_weekday = on.day in self.days, on.weekday() in self.weekdays
        return by_day or by_weekday if self.either else by_day and by_weekday


def _dates(cron: Cron) -> _Dates:
    return _Dates(cron.days, cron.months, cron.weekdays, cron.either)


@lru_cache(maxsize=256)
def _days(dates: _Dates, year: int) -> tuple[int, ...]:
    """Return the ordinals of the local days of a year that count."""
    start, end = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
    return tuple(day for day in range(start, end + 1) if dates.have(day))


@lru_cache(maxsize=16)
def _cycle(dates: _Dates) -> tuple[int, ...]:
    """Return the ordinals of the days that count in a period that tells all there is to tell."""
    weekly = len(dates.days) == _LONGEST[0] and len(dates.months) == len(_LONGEST)
    return tuple(
        day for year in (_CHANGE_YEARS if weekly else _CYCLE) for day in _days(dates, year)
    )


@lru_cache(maxsize=256)
def _near(dates: _Dates, year: int) -> tuple[int, ...]:
    """Return the UTC days on which something may fire: a local day touches its neighbours."""
    days = _days(dates, year)
    return tuple(sorted({near for day in days for near in (day - 1, day, day + 1)}))


@lru_cache(maxsize=512)
def _changes(zone: str) -> tuple[int, ...]:
    """Return the local days, as ordinals, on which clocks change in the representative years."""
    local = ZoneInfo(zone)
    start = date(_CHANGE_YEARS[0], 1, 1).toordinal()
    end = date(_CHANGE_YEARS[-1], 12, 31).toordinal()
    midnights = {
        day: datetime.combine(date.fromordinal(day), time(), local).utcoffset()
        for day in range(start, end + 2)
    }
    return tuple(day for day in range(start, end + 1) if midnights[day] != midnights[day + 1])

"""Business hours: how much of a span of time falls inside them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterator

_AHEAD = timedelta(days=60)
_LAST_MICROSECOND = 999_999  # of a day: hours until midnight are written so


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Opening hours on some weekdays (Monday is 0); `end` may be 23:59:59.999999 for midnight."""

    days: frozenset[int]
    start: time
    end: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When a site works: local hours less the dates on which it is closed (holidays included)."""

    timezone: str
    hours: tuple[Hours, ...] = ()
    closed: frozenset[date] = frozenset()

    def local(self, value: datetime) -> datetime:
        """Read a naive time as the site's own; keep an aware one."""
        return value if value.tzinfo else value.replace(tzinfo=ZoneInfo(self.timezone))

    def open_time(self, start: datetime, end: datetime) -> timedelta:
        """Business time between two aware instants; the wall time where no hours are declared."""
        start, end = start.astimezone(UTC), end.astimezone(UTC)
        if not self.hours or end <= start:
            return max(end - start, timedelta(0))
        zone = ZoneInfo(self.timezone)
        total = timedelta(0)
        day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
        counted = start
        while day <= last:
            for opens, shuts in self._open_on(day, zone):
                # Hours may overlap, and where clocks are put back so do those of one day.
                begin, stop = max(opens, counted), min(shuts, end)
                if begin < stop:
                    total += stop - begin
                    counted = stop
            day += timedelta(days=1)
        return total

    def is_open(self, at: datetime) -> bool:
        """Say whether the site works at an aware instant; always, where no hours are declared."""
        return not self.hours or self.next_opening(at) == at

    def next_opening(self, at: datetime) -> datetime | None:
        """Return the first instant from `at` on when it is open, in UTC.

        None where no hours are declared, or none within 60 days.
        """
        at = at.astimezone(UTC)
        return next((max(opens, at) for opens, shuts in self._from(at) if shuts > at), None)

    def next_closing(self, at: datetime) -> datetime | None:
        """Return the first instant from `at` on when it is not open, in UTC.

        None where no hours are declared, or it stays open for 60 days.
        """
        at = at.astimezone(UTC)
        shut = at
        for opens, shuts in self._from(at):
            if opens > shut:
                break
            shut = max(shut, shuts)
        return shut if self.hours and shut < at + _AHEAD - timedelta(days=1) else None

    def _from(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Yield the opening hours around and after an instant; midnight ends at midnight."""
        zone = ZoneInfo(self.timezone)
        first = at.astimezone(zone).date() - timedelta(days=1)
        for ahead in range(_AHEAD.days + 2 if self.hours else 0):
            for opens, shuts in self._open_on(first + timedelta(days=ahead), zone):
                last = shuts.microsecond == _LAST_MICROSECOND
                yield opens, shuts + timedelta(microseconds=1) if last else shuts

    def _open_on(self, day: date, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
        """Yield a day's opening hours as instants, the earliest first."""
        if day in self.closed:
            return
        for hours in sorted(self.hours, key=lambda h: h.start):
            if day.weekday() in hours.days:
                opens = datetime.combine(day, hours.start, zone).astimezone(UTC)
                yield opens, datetime.combine(day, hours.end, zone).astimezone(UTC)

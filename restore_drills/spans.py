"""Spans of time as a person reads them, rounded up. Pure."""

from __future__ import annotations

import math
from datetime import timedelta

MINUTE, HOUR, DAY = 60, 3600, 86400
SECONDS_UP_TO, MINUTES_UP_TO, HOURS_UP_TO = 90, 90 * MINUTE, 2 * DAY


def duration(span: timedelta, *, day: str = "d") -> str:
    """Write a span rounded up to its smallest unit: 14 s, 40 min, 4 h, 5 h 12 min, 3 d 6 h."""
    if span < timedelta(0):
        return f"-{duration(-span, day=day)}"
    seconds = math.ceil(span.total_seconds())
    if seconds <= SECONDS_UP_TO and seconds != MINUTE:
        return f"{seconds} s"
    minutes = math.ceil(seconds / MINUTE)
    if minutes * MINUTE <= MINUTES_UP_TO and minutes * MINUTE != HOUR:
        return f"{minutes} min"
    if minutes * MINUTE < HOURS_UP_TO and minutes * MINUTE != DAY:
        return _two(minutes, "h", "min", HOUR // MINUTE)
    return _two(math.ceil(seconds / HOUR), day, "h", DAY // HOUR)


def hours(span: timedelta) -> str:
    """Write a span of business time: a day of it is no day of the calendar, so it has no days."""
    minutes = math.ceil(span.total_seconds() / MINUTE)
    return duration(span) if minutes < DAY // MINUTE else _two(minutes, "h", "min", HOUR // MINUTE)


def _two(count: int, big: str, small: str, factor: int) -> str:
    whole, rest = divmod(count, factor)
    return f"{whole} {big} {rest} {small}" if rest else f"{whole} {big}"

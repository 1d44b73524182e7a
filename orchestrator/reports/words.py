"""Numbers and times as a person reads them. Times are rounded up."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from restore_drills.model import Scenario

MINUTE, HOUR, DAY = 60, 3600, 86400
SECONDS_UP_TO, MINUTES_UP_TO, HOURS_UP_TO = 90, 90 * MINUTE, 2 * DAY
UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
STEP = 1000

SCENARIOS = {
    Scenario.HUMAN_ERROR: "a file is deleted",
    Scenario.SERVER_FAILURE: "the server fails",
    Scenario.BURGLARY: "you are burgled",
    Scenario.RANSOMWARE: "a virus encrypts everything",
    Scenario.BUCKET_WIPE: "the online copy is wiped",
}


def duration(span: timedelta) -> str:
    """Write a span rounded up to its smallest unit: 14 s, 40 min, 4 h, 5 h 12 min, 3 d 6 h."""
    if span < timedelta(0):
        return f"-{duration(-span)}"
    seconds = math.ceil(span.total_seconds())
    if seconds <= SECONDS_UP_TO and seconds != MINUTE:
        return f"{seconds} s"
    minutes = math.ceil(seconds / MINUTE)
    if minutes * MINUTE <= MINUTES_UP_TO and minutes * MINUTE != HOUR:
        return f"{minutes} min"
    if minutes * MINUTE < HOURS_UP_TO and minutes * MINUTE != DAY:
        return _two(minutes, "h", "min", HOUR // MINUTE)
    return _two(math.ceil(seconds / HOUR), "d", "h", DAY // HOUR)


def ago(at: datetime, now: datetime) -> str:
    """Say how long ago an instant was; a clock that was set back is said, never hidden."""
    if at > now:
        return f"dated {duration(at - now)} in the future (the clock was set back)"
    return f"{duration(now - at)} ago"


def size(count: int) -> str:
    """Write bytes in decimal units with one digit after the point where it matters: 1.4 GB."""
    value, unit = float(count), 0
    while round(value, 1) >= STEP and unit < len(UNITS) - 1:
        value, unit = value / STEP, unit + 1
    text = f"{value:.1f}".removesuffix(".0")
    return f"{text} {UNITS[unit]}"


def when(at: datetime, zone: str) -> str:
    """Write an instant in the local time of a zone: 2026-11-23 12:29."""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def columns(rows: list[tuple[str, ...]]) -> list[str]:
    """Set rows of as many cells under each other, two spaces apart."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _two(count: int, big: str, small: str, factor: int) -> str:
    whole, rest = divmod(count, factor)
    return f"{whole} {big} {rest} {small}" if rest else f"{whole} {big}"

"""Numbers and times as a person reads them. Times are rounded up."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from restore_drills.model import Scenario
from restore_drills.spans import duration

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["SCENARIOS", "ago", "columns", "duration", "size", "when"]

UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
STEP = 1000

SCENARIOS = {
    Scenario.HUMAN_ERROR: "a file is deleted",
    Scenario.SERVER_FAILURE: "the server fails",
    Scenario.BURGLARY: "you are burgled",
    Scenario.RANSOMWARE: "a virus encrypts everything",
    Scenario.BUCKET_WIPE: "the online copy is wiped",
}


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

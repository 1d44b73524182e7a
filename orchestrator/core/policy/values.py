"""The small words of the language: durations, percents, dates, days, times, comparisons.

Each reader takes the text and returns its value; it raises ValueError with what to write instead.
"""

from __future__ import annotations

import calendar
import re
from datetime import date, time, timedelta
from difflib import get_close_matches
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, available_timezones

from orchestrator.core import cron
from restore_drills.model import Expect

if TYPE_CHECKING:
    from orchestrator.core.cron import Cron

DURATION = r"[0-9]{1,6}[smhdw]"
POINT = rf"latest|random-within-{DURATION}"
PERCENT = r"[0-9]{1,3}(\.[0-9]{1,4})?%"
MONTH = r"[0-9]{4}-[0-9]{2}"
DATE = rf"{MONTH}(-[0-9]{{2}})?"
SPAN = rf"{DATE}(\.\.{DATE})?"
TIME = r"[0-9]{2}:[0-9]{2}"
DAY = r"(mon|tue|wed|thu|fri|sat|sun)"
DAYS = rf"{DAY}(-{DAY})?(, ?{DAY}(-{DAY})?)*"
EXPECT = r"(=|!=|<|<=|>|>=|matches) *\S(.|\n)*"

WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
# What people write for a unit, by its beginning; the longest that fits wins.
MEANT = {"s": "s", "m": "m", "h": "h", "d": "d", "j": "d", "w": "w", "sem": "w"}
MIDNIGHT = time.max
MINUTE = timedelta(minutes=1)
CENTURY = timedelta(days=36500)


def duration(text: str) -> timedelta:
    """Read `90s`, `15m`, `4h`, `1d` or `2w`."""
    if re.fullmatch(DURATION, text) is None:
        near = re.fullmatch(r"([0-9]{1,6}) *([a-z]+)", text.strip().lower())
        unit = _unit(near[2]) if near else None
        raise ValueError(f"write {near[1]}{unit}" if near and unit else "write 90s, 15m, 4h or 1d")
    return timedelta(**{UNITS[text[-1]]: int(text[:-1])})


def lasting(text: str) -> timedelta:
    """Read a duration that may not be zero."""
    read = duration(text)
    if not read:
        raise ValueError("write more than zero")
    return read


def spell(text: str) -> timedelta:
    """Read a duration that is looked back over, or promised ahead: at most a century, as S3."""
    read = lasting(text)
    if read > CENTURY:
        raise ValueError(f"write at most {CENTURY.days}d")
    return read


def point(text: str) -> timedelta | None:
    """Read `latest` as None and `random-within-30d` as its duration."""
    begin, _, within = text.rpartition("-")
    if text == "latest":
        return None
    if begin != "random-within" or within.isdigit():
        raise ValueError("write latest or random-within-30d")
    return spell(within)


def _unit(word: str) -> str | None:
    return next((MEANT[word[:n]] for n in (3, 1) if word[:n] in MEANT), None)


def written(value: timedelta) -> str:
    """Write a duration as the language does, in the largest unit that keeps it exact."""
    seconds = int(value.total_seconds())
    for letter, size in (("w", 604800), ("d", 86400), ("h", 3600), ("m", 60)):
        if seconds and not seconds % size:
            return f"{seconds // size}{letter}"
    return f"{seconds}s"


def spoken(value: timedelta) -> str:
    """Say a duration to a person: `20h 55m`."""
    left, words = int(value.total_seconds()), []
    for letter, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        number, left = divmod(left, size)
        words += [f"{number}{letter}"] if number else []
    return " ".join(words) or "0s"


def schedule(text: str) -> Cron:
    """Read a cron expression."""
    try:
        return cron.read(text)
    except ValueError as error:
        # Which text it is and what it is not have been said before the remedy.
        why, _, write = str(error).partition(" (write ")
        for known in (repr(text), " is not a cron expression", " is not known"):
            why = why.removeprefix(known)
        write = f"write {write.removesuffix(')')}" if write else ""
        raise ValueError(": ".join(word for word in (why.strip(), write) if word)) from None


def percent(text: str) -> float:
    """Read `95%` as a fraction."""
    if re.fullmatch(PERCENT, text) is None:
        raise ValueError("write 95%")
    if (number := float(text[:-1])) > 100:  # noqa: PLR2004 - a hundred percent
        raise ValueError("write at most 100%")
    return number / 100


def day(text: str) -> str:
    """Read a month or a day, `2026-11` or `2026-11-02`; it stays as it is written."""
    _first_and_last(text)
    return text


def span(text: str) -> tuple[date, date]:
    """Read `2026-08-03..2026-08-23`, or one day, or one month, as its first and last day."""
    if re.fullmatch(SPAN, text) is None:
        raise ValueError("write 2026-08-03..2026-08-23")
    begin, _, end = text.partition("..")
    first, last = _first_and_last(begin)[0], _first_and_last(end or begin)[1]
    if last < first:
        raise ValueError("write the earlier date first")
    return first, last


def _first_and_last(text: str) -> tuple[date, date]:
    if re.fullmatch(DATE, text) is None:
        raise ValueError("write 2026-11 or 2026-11-02")
    try:
        first = date.fromisoformat(text if text.count("-") > 1 else f"{text}-01")
    except ValueError:
        raise ValueError("write a date of the calendar") from None
    if text.count("-") > 1:
        return first, first
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def clock(text: str) -> time:
    """Read `"08:30"`; `"24:00"` is the end of the day."""
    if text == "24:00":
        return MIDNIGHT
    if re.fullmatch(TIME, text) is None:
        raise ValueError('write "08:30", in quotes')
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise ValueError("write a time from 00:00 to 24:00") from None


def days(text: str) -> frozenset[int]:
    """Read `mon-fri`, `sat` or `mon,wed-fri` as weekdays, Monday 0; a range may wrap."""
    if re.fullmatch(DAYS, text) is None:
        raise ValueError("write mon-fri, sat or mon,wed")
    found: set[int] = set()
    for part in text.split(","):
        begin, _, end = part.strip().partition("-")
        first = WEEK.index(begin)
        found |= {(first + n) % 7 for n in range((WEEK.index(end or begin) - first) % 7 + 1)}
    return frozenset(found)


def expect(text: str) -> Expect:
    """Read `>= 1000`, `= done` or `matches ^FR`."""
    found = re.fullmatch(r"(!=|<=|>=|=|<|>|matches\b) *(\S(?:.|\n)*)", text)
    if found is None:
        raise ValueError('write ">= 1000", "= 0" or "matches ^FR"')
    if found[1] == "matches":
        try:
            re.compile(found[2])
        except (re.error, OverflowError, RecursionError):
            raise ValueError("write a regular expression after matches") from None
    return Expect(op=found[1], value=found[2].rstrip())


def zone(text: str) -> str:
    """Read the name of a time zone."""
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError):
        folded = {name.lower(): name for name in sorted(available_timezones())}
        near = get_close_matches(text.lower().replace(" ", "_"), folded, n=1, cutoff=0.75)
        raise ValueError(f"write {folded[near[0]] if near else 'Europe/Paris'}") from None
    return text

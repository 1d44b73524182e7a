"""Dates as people say them, in French and English, in the time zone of a site.

A day or a part of one without a time means its end: whoever says "hier" wants the newest of
yesterday; what is not over means now. A weekday is the last one that has passed, or the next.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from typing import TypeVar
from zoneinfo import ZoneInfo

from orchestrator.core import when_words as words

EXAMPLES = '"2026-11-22 18:00", "hier 18:00", "il y a 3 jours", "last friday 6pm"'
_FIRST, _LAST = 1970, 9990
_TICK = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_WEEK = 7
_YEARS = 8  # a 29 February comes back within so many
_PARTS = {  # from which hour of the day to which
    words.MORNING: (0, 12),
    words.AFTERNOON: (12, 18),
    words.EVENING: (17, 24),
    words.NIGHT: (18, 30),
}
_P = TypeVar("_P")


class Unreadable(ValueError):
    """A text that says no date: what is wrong with it, and `hint`, what to write."""

    def __init__(self, what: str, hint: str = f"Write {EXAMPLES}.") -> None:
        super().__init__(f"{what} ({hint[0].lower()}{hint[1:].rstrip('.')})")
        self.what = what
        self.hint = hint


@dataclass(frozen=True, slots=True)
class _Said:
    """What one text said: at most one of each."""

    day: words.Date | words.Days | words.Weekday | words.Span | words.Month | None
    weekday: words.Weekday | None
    clock: words.Clock | None
    part: words.Part | None
    ago: words.Ago | None
    offset: words.Offset | None


def instant(
    text: str, zone: str, now: datetime, *, future: bool = False, start: bool = False
) -> datetime:
    """Read an instant that has passed, or with `future` one to come, in UTC.

    `start`: a day without a time means its beginning, as in "since". An hour that the clocks of the
    zone pass twice is the later one, with `start` the earlier: that is where more is told.
    """
    try:
        said = _said(words.pieces(text))
        found = _found(said, ZoneInfo(zone), now, future=future, start=start)
    except Unreadable:
        raise
    except (ValueError, OverflowError) as error:
        raise Unreadable(str(error)) from error
    if not future and found > now:
        raise Unreadable("in the future", "Give an instant that has passed.")
    if future and not start and found <= now:
        raise Unreadable("has passed", "Give an instant to come.")
    return found


def _said(pieces: list[words.Piece]) -> _Said:
    weekday = _one([p for p in pieces if isinstance(p, words.Weekday)])
    kinds = (words.Date, words.Days, words.Span, words.Month)
    day = _one([p for p in pieces if isinstance(p, kinds)])
    said = _Said(
        day=day or weekday,
        weekday=weekday if day else None,
        clock=_one([p for p in pieces if isinstance(p, words.Clock)]),
        part=_one([p for p in pieces if isinstance(p, words.Part)]),
        ago=_one([p for p in pieces if isinstance(p, words.Ago)]),
        offset=_one([p for p in pieces if isinstance(p, words.Offset)]),
    )
    if not pieces or (said.ago and len(pieces) > 1):
        raise Unreadable("not a time")
    if said.offset and not said.clock:
        raise Unreadable("a zone without a time")
    if isinstance(day, words.Date) and day.bare and not weekday:
        raise Unreadable(f"{day.day} of what")
    if day and said.part and said.part.days is not None:
        raise Unreadable("says two dates or two times")
    return said


def _one(found: list[_P]) -> _P | None:
    if len(found) > 1:
        raise Unreadable("says two dates or two times")
    return found[0] if found else None


def _found(said: _Said, zone: ZoneInfo, now: datetime, *, future: bool, start: bool) -> datetime:
    if said.ago is not None:
        return now.astimezone(UTC) + said.ago.shift
    where: tzinfo = timezone(said.offset.shift) if said.offset else zone
    today = now.astimezone(where).date()
    chosen: datetime | None = None
    for first, last in _spans(said, today, future=future):
        chosen = _edge(said, first, last, where, now, future=future, start=start)
        if chosen > now if future else chosen <= now:
            return chosen
    if chosen is None:
        raise Unreadable("no such day")
    return chosen


def _edge(  # noqa: PLR0913  # one span, seen from one instant, asked in one way
    said: _Said,
    first: date,
    last: date,
    zone: tzinfo,
    now: datetime,
    *,
    future: bool,
    start: bool,
) -> datetime:
    """Return the one instant that a span of days, its part and its time stand for."""
    if first != last and (said.clock or said.part):
        raise Unreadable("a time without its day")
    if said.clock is not None:
        return _exactly(*_clocked(first, said), zone, now, start=start)
    begin, end = _hours(said.part)
    opens = _softly(first, begin, zone)
    closes = _softly(last, end, zone) - _TICK
    if start or (not future and opens > now):
        return opens
    return closes if future else min(closes, now.astimezone(UTC))


def _spans(said: _Said, today: date, *, future: bool) -> list[tuple[date, date]]:
    """List which days may be meant, the likeliest first: the first that fits is taken."""
    sign = 1 if future else -1
    match said.day:
        case words.Span(unit="week", shift=shift):
            monday = today + timedelta(days=_WEEK * shift - today.weekday())
            return [(monday, monday + timedelta(days=_WEEK - 1))]
        case words.Span(shift=shift):
            return [_month(_months(today.replace(day=1), shift))]
        case words.Month(year=None, month=month):
            return [_month(date(today.year + more, month, 1)) for more in (0, sign)]
        case words.Month(year=int(year), month=month):
            return [_month(date(_sane(year), month, 1))]
        case _:
            return [(day, day) for day in _days(said, today, sign)]


def _days(said: _Said, today: date, sign: int) -> list[date]:
    match said.day:
        case words.Days(days=days, months=months):
            return [_months(today, months) + timedelta(days=days)]
        case words.Weekday():
            return _weekdays(said.day, said, today, sign)
        case words.Date():
            return _dates(said.day, said.weekday, today, sign)
        case _:
            return _unsaid(said.part, today, sign)


def _unsaid(part: words.Part | None, today: date, sign: int) -> list[date]:
    """List the days that a time or a part of a day means where no day was said."""
    if part is None:
        return [today, today + sign * _DAY]
    if part.days is not None:
        return [today + timedelta(days=part.days)]
    if part.name == words.NIGHT:  # said in the morning, "cette nuit" began yesterday
        return [today, today - _DAY][::-sign]
    return [today]


def _weekdays(asked: words.Weekday, said: _Said, today: date, sign: int) -> list[date]:
    sign = asked.which or sign
    nearest = today + timedelta(days=sign * (sign * (asked.index - today.weekday()) % _WEEK))
    days = [nearest, nearest + timedelta(days=sign * _WEEK)]
    # Said on a Monday, "lundi" is not today: who means today says so. With a time it may be.
    if nearest == today and (asked.which or not (said.clock or said.part)):
        return days[1:]
    return days


def _dates(asked: words.Date, weekday: words.Weekday | None, today: date, sign: int) -> list[date]:
    if asked.year is not None:
        found = [date(_sane(asked.year), asked.month or 1, asked.day)]
    else:
        found = _nearest(asked, today, sign)
    if weekday is None:
        return found
    fit = [day for day in found[:2] if day.weekday() == weekday.index]
    if found and not fit:
        name = calendar.day_name[found[0].weekday()].lower()
        raise Unreadable(f"the day was a {name}", "Write the day of the week that it was, or none.")
    return fit


def _nearest(asked: words.Date, today: date, sign: int) -> list[date]:
    """List the days that bear this number, of this month where it is said, from today outwards."""
    found = []
    step = 12 if asked.month else 1
    begin = today.replace(day=1, month=asked.month or today.month)
    for count in range(_YEARS * 12 // step + 1):
        month = _months(begin, sign * step * count)
        if asked.day <= calendar.monthrange(month.year, month.month)[1]:
            found.append(month.replace(day=asked.day))
    return found


def _month(first: date) -> tuple[date, date]:
    return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])


def _months(day: date, count: int) -> date:
    """Go months on or back; the 31st of a month of 30 days is its 30th."""
    year, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    last = calendar.monthrange(_sane(year), month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def _sane(year: int) -> int:
    if not _FIRST <= year <= _LAST:
        raise Unreadable(f"the year {year} cannot be meant")
    return year


def _hours(part: words.Part | None) -> tuple[int, int]:
    return _PARTS[part.name] if part else (0, 24)


def _clocked(day: date, said: _Said) -> tuple[date, time]:
    """Put a time into its part of the day: "6h du soir" is 18:00, and "hier soir 8h" is 20:00."""
    if said.clock is None or said.part is None:
        return day, said.clock.time if said.clock else time(0)
    clock, (begin, end) = said.clock.time, _hours(said.part)
    for hour in (clock.hour, clock.hour + 12, clock.hour + 24):
        if said.clock.half and hour == clock.hour + 12:
            continue
        if begin <= hour < end:
            return day + timedelta(days=hour // 24), clock.replace(hour=hour % 24)
    raise Unreadable(f"{clock:%H:%M} is not in the {said.part.name}")


def _exactly(day: date, clock: time, zone: tzinfo, now: datetime, *, start: bool) -> datetime:
    """Give a local time its instant, or say between which two the clocks jumped over it."""
    local = datetime.combine(day, clock, zone)
    earlier, later = local.replace(fold=0).astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    if later < earlier:  # in a gap the two readings change places
        left, right = later.astimezone(zone), earlier.astimezone(zone)
        raise Unreadable(
            f"{local:%Y-%m-%d %H:%M} does not exist in {zone}: the clocks were put forward",
            f'Write "{left:%Y-%m-%d %H:%M}" or "{right:%Y-%m-%d %H:%M}".',
        )
    return earlier if start or earlier <= now < later else later


def _softly(day: date, hour: int, zone: tzinfo) -> datetime:
    """Return when a day reaches an hour; where the clocks jump over it, when they have jumped."""
    at = datetime.combine(day + timedelta(days=hour // 24), time(hour % 24), zone)
    return at.replace(fold=0).astimezone(UTC)


def written(at: datetime, zone: str, before: datetime | None = None) -> str:
    """Write the first whole second from an instant on, so that `instant` reads it back.

    Where that would not be `before` an instant, the very one is written, to the microsecond.
    """
    whole = at.astimezone(UTC)
    if whole.microsecond:
        whole = whole.replace(microsecond=0) + timedelta(seconds=1)
    fraction = ""
    if before is not None and whole >= before:
        whole, fraction = at.astimezone(UTC), f"{at:.%f}"
    local = whole.astimezone(ZoneInfo(zone))
    twice = local.replace(fold=1 - local.fold).utcoffset() != local.utcoffset()
    offset = f"{local:%z}" if twice else ""
    return f"{local:%Y-%m-%d %H:%M:%S}{fraction}{offset}"

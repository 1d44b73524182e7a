"""One field of a cron expression: `*`, numbers, names, ranges, lists and steps."""

from __future__ import annotations

from dataclasses import dataclass

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What a field is called, what it may hold, both bounds included, and its names."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


MINUTE = Field(name="minute", low=0, high=59)
HOUR = Field(name="hour", low=0, high=23)
DAY = Field(name="day of the month", low=1, high=31)
MONTH = Field(name="month", low=1, high=12, names=_MONTHS)
WEEKDAY = Field(name="day of the week", low=0, high=7, names=_DAYS)  # 0 and 7 are Sunday
FIELDS = (MINUTE, HOUR, DAY, MONTH, WEEKDAY)


def read_field(field: Field, text: str) -> frozenset[int]:
    """Return the numbers that a field stands for. Raises ValueError, with what to write."""
    numbers: set[int] = set()
    for part in text.split(","):
        if not part:
            raise ValueError(f"{field.name} {text!r} has an empty place in its list")
        numbers |= _part(field, part)
    return frozenset(numbers)


def _part(field: Field, text: str) -> set[int]:
    span, slash, step = text.partition("/")
    low, dash, high = span.partition("-")
    if span == "*":
        # Sunday is counted once: `*/7` is not both 0 and 7.
        first, last = field.low, min(field.high, 6) if field is WEEKDAY else field.high
    else:
        first = _number(field, low)
        last = _number(field, high) if dash else first
    if field is WEEKDAY and dash and high in ("sun", "0"):
        last = 7  # a week that ends on Sunday: fri-sun
    if last < first:
        raise ValueError(
            f"{field.name} {text!r} runs backwards "
            f"(write {low}-{_say(field, field.high, low)},{_say(field, field.low, high)}-{high})"
        )
    if not slash:
        return set(range(first, last + 1))
    if not dash and span != "*":
        raise ValueError(
            f"{field.name} {text!r} has a step without a range (write {low}-{field.high}/{step})"
        )
    return set(range(first, last + 1, _step(field, text, step, last - first)))


def _step(field: Field, text: str, step: str, span: int) -> int:
    number = int(step) if _is_number(step) else 0
    if not 1 <= number <= max(span, 1):
        other = ", or `every: ...` for a period that is no part of an hour or a day"
        raise ValueError(
            f"{field.name} {text!r} needs a step from 1 to {max(span, 1)}"
            f"{other if field in (MINUTE, HOUR) else ''}"
        )
    return number


def _number(field: Field, text: str) -> int:
    if text in field.names:
        return field.names.index(text) + field.low
    if _is_number(text) and field.low <= int(text) <= field.high:
        return int(text)
    names = f" or {field.names[0]} to {field.names[-1]}" if field.names else ""
    raise ValueError(
        f"{field.name} {text!r} is not known (write {field.low} to {field.high}{names}, or *)"
    )


def _say(field: Field, number: int, like: str) -> str:
    """Say a bound by its name where the other end was said by one."""
    named = field.names and not _is_number(like)
    return field.names[(number - field.low) % len(field.names)] if named else str(number)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 4  # noqa: PLR2004 - a year's length

"""What an `sql` check asks of the first value that its query returns. Pure."""

from __future__ import annotations

import math
import operator
import re
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from restore_drills.spans import duration, hours

if TYPE_CHECKING:
    from restore_drills.calendar import Calendar
    from restore_drills.model import Expect, Fresh, SqlCheck

COMPARE = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
LONGEST_SHOWN = 200
# Business hours are counted day by day, and holidays are known for a few years only.
# A clock may be ahead by a zone; a delivery date of next month says nothing of the last sale.
AHEAD = timedelta(days=1)
STALE_ANYHOW = timedelta(days=3653)


def first_value(output: str) -> str:
    """Return the first column of the first row of psql's output; a null is empty."""
    return output.split("\n", 1)[0].split("\x1f", 1)[0]


def number(text: str) -> Decimal | None:
    """Return a number that PostgreSQL printed; None for anything else, infinity and NaN too."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    # A signalling NaN is no float either; and what is too large for one cannot be remembered.
    return value if value.is_finite() and math.isfinite(float(value)) else None


def answer(
    check: SqlCheck, value: str, *, data_time: datetime, calendar: Calendar, last: float | None
) -> tuple[bool, str]:
    """Judge a value; every demand of the check must hold. Returns the figures too."""
    answers = []
    if check.expect is not None:
        answers.append(_expect(check.expect, value, calendar))
    if check.not_below is not None:
        answers.append(_not_below(check.not_below, value, last))
    if check.fresh is not None:
        answers.append(_fresh(check.fresh, value, data_time, calendar))
    if not answers:  # a bare query: it must return something
        return bool(value), shown(value)
    return all(ok for ok, _ in answers), "; ".join(words for _, words in answers)


def _expect(expect: Expect, value: str, calendar: Calendar) -> tuple[bool, str]:
    if expect.op == "matches":
        try:
            found = re.search(expect.value, value) is not None
        except (re.error, OverflowError, RecursionError) as error:
            return False, f"{expect.value!r} is no regular expression: {error}"
        verb = "matches" if found else "does not match"
        return found, f"{shown(value)} {verb} {expect.value}"
    holds = _holds(expect, value, calendar)
    if holds is None:
        return False, f"{shown(value)} cannot be compared with {expect.value}"
    return holds, f"{shown(value)} {'' if holds else 'is not '}{expect.op} {expect.value}"


def _holds(expect: Expect, value: str, calendar: Calendar) -> bool | None:
    """Compare as numbers, else as times, else for equality as text; None: no comparison."""
    if not value:  # a null is not equal to anything, and not unequal either
        return False
    compare = COMPARE[expect.op]
    left, right = number(value), number(expect.value)
    if left is not None and right is not None:
        return bool(compare(left, right))
    then, wanted = _moment(value, calendar), _moment(expect.value, calendar)
    if then is not None and wanted is not None:
        return bool(compare(then, wanted))
    return bool(compare(value, expect.value)) if expect.op in {"=", "!="} else None


def _not_below(fraction: float, value: str, last: float | None) -> tuple[bool, str]:
    seen = number(value)
    if seen is None:
        return False, f"{shown(value)} is not a number"
    if last is None:
        return True, f"{shown(value)}, no earlier proof to compare with"
    # As decimals: 0.07 * 100 is more than 7 for a float. Of a debt, a share would be more.
    least = Decimal(repr(last)) * (Decimal(repr(fraction)) if last > 0 else 1)
    holds = seen >= least
    but = "," if holds else " is not"
    return holds, f"{shown(value)}{but} at least {fraction * 100:g} % of {last:.15g}"


def _fresh(fresh: Fresh, value: str, data_time: datetime, calendar: Calendar) -> tuple[bool, str]:
    moment = _moment(value, calendar)
    if moment is None:
        return False, f"{shown(value)} is not a time"
    age = data_time - moment
    if age < -AHEAD:
        return False, f"{value} is {duration(-age)} after the backup began: it tells no freshness"
    if age <= timedelta(0):  # written while the backup ran, or by a clock that is ahead
        return True, f"{value} is {duration(-age)} after the backup began"
    told, most, kind = duration(age), duration(fresh.within), ""
    if fresh.business and calendar.hours and age <= STALE_ANYHOW:
        age, kind = calendar.open_time(moment, data_time), " of business time"
        told, most = hours(age), hours(fresh.within)
    return age <= fresh.within, f"{value} is {told}{kind} before the backup, at most {most}"


def _moment(text: str, calendar: Calendar) -> datetime | None:
    """Return a time or the start of a date; one without a zone is in the site's."""
    try:
        return calendar.local(datetime.fromisoformat(text))
    except ValueError:
        return None


def shown(value: str, longest: int = LONGEST_SHOWN) -> str:
    """Return what can be printed of a client's words: they may be long, or steer a terminal."""
    clean = "".join(c if c.isprintable() else "?" for c in value[:longest])
    return (f"{clean}..." if len(value) > longest else clean) or "nothing"

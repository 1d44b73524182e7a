from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from restore_drills.calendar import Calendar
from restore_drills.model import Fresh
from tests.asking import TWO_HOURS, asked
from tests.builders import hours

WORKING = Calendar(timezone="Europe/Paris", hours=(hours("01234", "08:00", "18:00"),))


@pytest.mark.parametrize(
    ("value", "passes", "words"),
    [
        ("2026-11-23 10:13:00+00", True, "1 h before the backup, at most 2 h"),
        ("2026-11-23 10:13:00", True, "2 h before the backup, at most 2 h"),  # naive: Paris
        ("2026-11-23 10:12:59.999", False, "2 h 1 min before the backup, at most 2 h"),
        ("2026-11-23 06:13:00-05", True, "0 s after the backup began"),
        ("2026-11-23 11:14:30.5+00", True, "2 min after the backup began"),
        ("2030-01-01", False, "1134 d 12 h after the backup began: it tells no freshness"),
        ("2026-11-23", False, "12 h 13 min before the backup, at most 2 h"),
        ("0001-01-01", False, None),
        ("9999-12-31 23:59:59", False, None),
        ("infinity", False, "not a time"),
        ("-infinity", False, "not a time"),
        ("44 BC", False, "not a time"),
        ("1203", False, "not a time"),
        ("", False, "nothing is not a time"),
    ],
)
def test_a_row_is_fresh_when_it_is_little_older_than_the_data(
    *,
    value: str,
    passes: bool,
    words: str | None,
) -> None:
    found = asked(value, fresh=Fresh(within=TWO_HOURS, business=False))

    assert passes is found[0]
    assert words is None or found[1].removeprefix(f"{value} is ") == words


@pytest.mark.parametrize(
    ("value", "data_time", "passes"),
    [
        ("2026-03-29 00:30", "2026-03-29T03:29+02:00", True),  # 1 h 59 min: 02:00 was 03:00
        ("2026-03-29 00:30", "2026-03-29T03:31+02:00", False),
        ("2026-10-25 01:00", "2026-10-25T02:00+01:00", True),  # 2 h: 02:00 came twice
        ("2026-10-25 01:00", "2026-10-25T02:01+01:00", False),
    ],
)
def test_a_naive_time_of_the_site_minds_the_change_of_the_clocks(
    *,
    value: str,
    data_time: str,
    passes: bool,
) -> None:
    found = asked(
        value,
        fresh=Fresh(within=TWO_HOURS, business=False),
        data_time=datetime.fromisoformat(data_time).astimezone(UTC),
    )

    assert passes is found[0], found[1]


@pytest.mark.parametrize(
    ("value", "data_time", "closed", "words"),
    [
        ("2026-11-20 17:00", "2026-11-23 09:00", None, "2 h of business time"),  # a weekend
        ("2026-11-20 16:59", "2026-11-23 09:00", None, "2 h 1 min of business time"),
        ("2026-11-19 17:00", "2026-11-23 09:00", "2026-11-20", "2 h of business time"),  # closed
        ("2026-11-19 17:00", "2026-11-23 09:00", None, "12 h of business time"),
        ("2026-11-10 17:30", "2026-11-23 09:00", "2026-11-11", "71 h 30 min of business time"),
        ("2001-01-01", "2026-11-23 09:00", None, "9457 d 9 h"),  # too old to be counted so
    ],
)
def test_freshness_is_counted_in_business_hours_where_the_site_has_them(
    *, value: str, data_time: str, closed: str | None, words: str
) -> None:
    days = frozenset({date.fromisoformat(closed)}) if closed else frozenset()
    calendar = Calendar(timezone="Europe/Paris", hours=WORKING.hours, closed=days)
    moment = calendar.local(datetime.fromisoformat(data_time)).astimezone(UTC)

    found = asked(
        value, fresh=Fresh(within=TWO_HOURS, business=True), data_time=moment, calendar=calendar
    )

    expected = f"{value} is {words} before the backup, at most 2 h"
    assert (words.startswith("2 h of"), expected) == found


def test_always_counts_the_night_and_a_site_without_hours_has_no_business_time() -> None:
    monday = datetime(2026, 11, 23, 8, tzinfo=UTC)
    friday = "2026-11-20 17:00"

    always = asked(
        friday, fresh=Fresh(within=TWO_HOURS, business=False), data_time=monday, calendar=WORKING
    )
    without = asked(friday, fresh=Fresh(within=TWO_HOURS, business=True), data_time=monday)

    assert always == without
    assert (False, f"{friday} is 2 d 16 h before the backup, at most 2 h") == always

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restore_drills.calendar import Calendar, Hours
from tests.builders import hours

PARIS = ZoneInfo("Europe/Paris")
BAKERY = Calendar(
    timezone="Europe/Paris",
    hours=(hours("12345", "06:00", "13:00"), hours("12345", "15:30", "19:30")),
    closed=frozenset({date(2026, 11, 11)}),
)
AROUND_THE_CLOCK = Hours(days=frozenset(range(7)), start=time(), end=time.max)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("start", "end", "open_for"),
    [
        ("2026-11-24 10:00", "2026-11-24 11:30", "1:30"),
        ("2026-11-24 12:00", "2026-11-24 16:00", "1:30"),  # over lunch
        ("2026-11-24 19:00", "2026-11-25 07:00", "1:30"),  # over night
        ("2026-11-21 19:00", "2026-11-24 07:00", "1:30"),  # over Sunday and Monday
        ("2026-11-10 19:00", "2026-11-12 07:00", "1:30"),  # over a holiday
        ("2026-11-22 08:00", "2026-11-22 20:00", "0:00"),
        ("2026-11-24 11:30", "2026-11-24 10:00", "0:00"),
    ],
)
def test_only_the_hours_in_which_the_site_works_are_counted(
    start: str, end: str, open_for: str
) -> None:
    whole, minutes = map(int, open_for.split(":"))

    assert timedelta(hours=whole, minutes=minutes) == BAKERY.open_time(at(start), at(end))


@pytest.mark.parametrize(
    ("start", "end", "lasted"),
    [("2026-03-28 12:00", "2026-03-29 12:00", 23), ("2026-10-24 12:00", "2026-10-25 12:00", 25)],
)
def test_where_no_hours_are_declared_the_wall_time_counts_with_its_short_and_long_days(
    start: str, end: str, lasted: int
) -> None:
    wall = Calendar(timezone="Europe/Paris", closed=frozenset({date(2026, 3, 29)}))

    assert timedelta(hours=lasted) == wall.open_time(at(start), at(end))
    assert timedelta(0) == wall.open_time(at(end), at(start))


def test_hours_across_the_change_of_the_clocks_count_what_really_passes() -> None:
    night = Calendar(timezone="Europe/Paris", hours=(AROUND_THE_CLOCK,))

    short = night.open_time(at("2026-03-29 00:00"), at("2026-03-29 12:00"))
    long = night.open_time(at("2026-10-25 00:00"), at("2026-10-25 12:00"))

    assert (timedelta(hours=11), timedelta(hours=13)) == (short, long)


def test_hours_that_overlap_are_counted_once() -> None:
    twice = Calendar(
        timezone="Europe/Paris", hours=(hours("1", "09:00", "18:00"), hours("1", "08:00", "12:00"))
    )

    day = (at("2026-11-24 00:00"), at("2026-11-25 00:00"))

    assert timedelta(hours=10) == twice.open_time(*day)


def test_a_naive_time_is_the_sites_own_and_an_aware_one_stays() -> None:
    aware = datetime(2026, 7, 1, 12, tzinfo=UTC)

    assert aware == BAKERY.local(datetime(2026, 7, 1, 14))  # noqa: DTZ001 - what is tested
    assert aware is BAKERY.local(aware)


HOURS = st.builds(
    Hours, days=st.frozensets(st.integers(0, 6), min_size=1), start=st.times(), end=st.times()
)
CALENDARS = st.builds(
    Calendar,
    timezone=st.sampled_from(
        ["Europe/Paris", "America/New_York", "Asia/Beirut", "Australia/Lord_Howe", "Asia/Kolkata"]
    ),
    hours=st.lists(HOURS, max_size=4).map(tuple),
    closed=st.frozensets(st.dates(date(2026, 3, 20), date(2026, 4, 10)), max_size=5),
)
# The days around which clocks change, in spring and in autumn.
SPRING, AUTUMN = datetime(2026, 3, 20, tzinfo=UTC), datetime(2026, 10, 20, tzinfo=UTC)
INSTANTS = st.builds(
    lambda start, ticks: start + timedelta(microseconds=ticks),
    st.sampled_from([SPRING, AUTUMN]),
    st.integers(0, 21 * 86_400_000_000),
)


@given(CALENDARS, INSTANTS, INSTANTS, INSTANTS)
def test_open_time_adds_up_and_is_never_longer_than_the_wall_time(
    calendar: Calendar, one: datetime, two: datetime, three: datetime
) -> None:
    first, middle, last = sorted((one, two, three))

    whole = calendar.open_time(first, last)

    assert timedelta(0) <= whole <= last - first
    assert whole == calendar.open_time(first, middle) + calendar.open_time(middle, last)


@pytest.mark.parametrize(
    ("when", "opens", "closes"),
    [
        ("2026-11-24 05:59", "2026-11-24 06:00", "2026-11-24 05:59"),
        ("2026-11-24 06:00", "2026-11-24 06:00", "2026-11-24 13:00"),
        ("2026-11-24 13:00", "2026-11-24 15:30", "2026-11-24 13:00"),  # over lunch
        ("2026-11-24 19:29", "2026-11-24 19:29", "2026-11-24 19:30"),
        ("2026-11-21 19:30", "2026-11-24 06:00", "2026-11-21 19:30"),  # over the weekend
        ("2026-11-10 19:30", "2026-11-12 06:00", "2026-11-10 19:30"),  # over a holiday
    ],
)
def test_a_site_says_when_it_opens_and_closes_next(when: str, opens: str, closes: str) -> None:
    assert (when == opens) is BAKERY.is_open(at(when))
    assert at(opens) == BAKERY.next_opening(at(when))
    assert at(closes) == BAKERY.next_closing(at(when))


def test_a_site_without_hours_never_closes_and_never_opens() -> None:
    anytime = Calendar(timezone="Europe/Paris")

    assert anytime.is_open(at("2026-11-24 03:00"))
    assert anytime.next_opening(at("2026-11-24 03:00")) is None
    assert anytime.next_closing(at("2026-11-24 03:00")) is None


def test_a_site_open_around_the_clock_does_not_close_at_midnight() -> None:
    always = Calendar(timezone="Europe/Paris", hours=(AROUND_THE_CLOCK,))
    but_monday = Calendar(
        timezone="Europe/Paris", hours=(AROUND_THE_CLOCK,), closed=frozenset({date(2026, 11, 30)})
    )

    assert always.is_open(at("2026-11-24 23:59") + timedelta(seconds=59.9999995))
    assert always.next_closing(at("2026-11-24 12:00")) is None
    assert at("2026-11-30 00:00") == but_monday.next_closing(at("2026-11-24 12:00"))
    assert at("2026-12-01 00:00") == but_monday.next_opening(at("2026-11-30 00:00"))


def test_a_site_that_is_shut_for_more_than_two_months_has_no_next_opening() -> None:
    shut = frozenset(date(2026, 11, 24) + timedelta(days=n) for n in range(90))
    gone = Calendar(timezone="Europe/Paris", hours=(AROUND_THE_CLOCK,), closed=shut)

    assert gone.next_opening(at("2026-11-24 03:00")) is None
    assert not gone.is_open(at("2026-11-24 03:00"))

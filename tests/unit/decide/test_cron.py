from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.cron import following, largest_gap, latest, read

PARIS, YORK, HOWE = "Europe/Paris", "America/New_York", "Australia/Lord_Howe"
ZONES = (PARIS, YORK, HOWE, "Asia/Kathmandu", "America/St_Johns", "Africa/Casablanca", "UTC")
MINUTE = timedelta(minutes=1)


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def fires(text: str, zone: str, start: str, count: int) -> list[str]:
    """The next instants, in local time with the offset."""
    cron, now, found = read(text), at(start, zone), []
    for _ in range(count):
        after = following(cron, zone, now)
        assert after is not None
        assert after == latest(cron, zone, after)
        assert after == latest(cron, zone, after + timedelta(seconds=59))
        found.append(after.astimezone(ZoneInfo(zone)).strftime("%m-%d %H:%M%z"))
        now = after
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 3 * * *", ["11-24 03:00+0100", "11-25 03:00+0100"]),
        ("*/20 * * * *", ["11-23 12:20+0100", "11-23 12:40+0100"]),
        ("5-20/5 8,18 * * *", ["11-23 18:05+0100", "11-23 18:10+0100"]),
        ("0 3 * * SUN", ["11-29 03:00+0100", "12-06 03:00+0100"]),
        ("0 3 * * 0", ["11-29 03:00+0100", "12-06 03:00+0100"]),
        ("0 3 * * 7", ["11-29 03:00+0100", "12-06 03:00+0100"]),
        ("0 3 * * fri-sun", ["11-27 03:00+0100", "11-28 03:00+0100"]),
        ("0 3 1 jan *", ["01-01 03:00+0100", "01-01 03:00+0100"]),
        ("0 4 1 */3 *", ["01-01 04:00+0100", "04-01 04:00+0200"]),
        ("0 0 29 2 *", ["02-29 00:00+0100", "02-29 00:00+0100"]),
        ("0 0 1 * mon", ["11-30 00:00+0100", "12-01 00:00+0100"]),  # either of the two
        ("0 0 */2 * mon", ["12-07 00:00+0100", "12-21 00:00+0100"]),  # a star: both
    ],
)
def test_an_expression_fires_when_it_says(text: str, expected: list[str]) -> None:
    assert expected == fires(text, PARIS, "2026-11-23 12:00", 2)


@pytest.mark.parametrize(
    ("text", "zone", "start", "expected"),
    [
        # The hour from 2 to 3 is skipped.
        ("30 2 * * *", PARIS, "2026-03-28 12:00", ["03-29 03:00+0200", "03-30 02:30+0200"]),
        ("30 2 * * *", YORK, "2026-03-07 12:00", ["03-08 03:00-0400", "03-09 02:30-0400"]),
        ("15 2 * * *", HOWE, "2026-10-03 12:00", ["10-04 02:30+1100", "10-05 02:15+1100"]),
        ("0,30 2 * * *", PARIS, "2026-03-28 12:00", ["03-29 03:00+0200", "03-30 02:00+0200"]),
        ("30 * * * *", PARIS, "2026-03-29 01:00", ["03-29 01:30+0100", "03-29 03:30+0200"]),
        ("0 */2 * * *", PARIS, "2026-03-29 00:00", ["03-29 03:00+0200", "03-29 04:00+0200"]),
        # The hour from 2 to 3 comes twice.
        ("30 2 * * *", PARIS, "2026-10-25 00:00", ["10-25 02:30+0200", "10-26 02:30+0100"]),
        ("45 1 * * *", HOWE, "2026-04-05 00:00", ["04-05 01:45+1100", "04-06 01:45+1030"]),
        ("30 * * * *", PARIS, "2026-10-25 02:00", ["10-25 02:30+0200", "10-25 02:30+0100"]),
        ("*/30 2 * * *", PARIS, "2026-10-25 02:10", ["10-25 02:30+0200", "10-25 02:00+0100"]),
        ("0 0-23 * * *", PARIS, "2026-10-25 01:30", ["10-25 02:00+0200", "10-25 02:00+0100"]),
        # The whole 30 December 2011 is skipped.
        ("0 9 30 12 *", "Pacific/Apia", "2011-12-01 00:00", ["12-31 00:00+1400"]),
    ],
)
def test_a_clock_change_neither_loses_a_fixed_time_nor_fires_it_twice(
    text: str, zone: str, start: str, expected: list[str]
) -> None:
    assert expected == fires(text, zone, start, len(expected))


@st.composite
def expressions(draw: st.DrawFn) -> str:
    def field(low: int, high: int) -> str:
        first, last = sorted((draw(st.integers(low, high)), draw(st.integers(low, high))))
        step = draw(st.integers(1, max(last - first, 1)))
        forms = [
            "*",
            "*",
            str(first),
            f"{first}-{last}",
            f"{first}-{last}/{step}",
            f"{last},{first}",
        ]
        return draw(st.sampled_from(forms))

    bounds = ((0, 59), (0, 23), (1, 28), (1, 12), (0, 7))
    return " ".join(field(*pair) for pair in bounds)


def by_the_book(text: str, zone: str, start: datetime, hours: int) -> list[datetime]:
    """Every minute looked at by its own, where clocks do not change."""
    cron = read(text)
    found = []
    for minute in range(1, hours * 60 + 1):
        now = start + minute * MINUTE
        local = now.astimezone(ZoneInfo(zone))
        _, _, dom, _, dow = text.split()
        by_day, by_weekday = local.day in cron.days, local.weekday() in cron.weekdays
        if dom.startswith("*") or dow.startswith("*"):
            day = by_day and by_weekday
        else:
            day = by_day or by_weekday
        if (
            day
            and local.month in cron.months
            and local.hour in cron.hours
            and local.minute in cron.minutes
        ):
            found.append(now)
    return found


@settings(max_examples=60, deadline=None)
@given(
    text=expressions(),
    zone=st.sampled_from(("UTC", "Asia/Kathmandu", "America/Phoenix", "Pacific/Kiritimati")),
    start=st.integers(0, 365 * 24 * 60),
)
def test_every_expression_fires_in_the_minutes_that_it_names_and_no_other(
    text: str, zone: str, start: int
) -> None:
    begin = at("2027-01-01 00:00") + start * MINUTE
    expected = by_the_book(text, zone, begin, 72)

    found, now = [], begin
    while (now := following(read(text), zone, now) or at("2099-01-01")) <= begin + 4320 * MINUTE:
        found.append(now)

    assert expected == found


@settings(max_examples=80, deadline=None)
@given(text=expressions(), zone=st.sampled_from(ZONES), start=st.integers(0, 3 * 365 * 86400))
def test_the_newest_and_the_following_are_neighbours_wherever_one_looks(
    text: str, zone: str, start: int
) -> None:
    cron, now = read(text), at("2026-01-01 00:00") + timedelta(seconds=start)

    newest, after = latest(cron, zone, now), following(cron, zone, now)

    assert newest is not None
    assert after is not None
    assert newest <= now < after
    assert after == following(cron, zone, newest)
    assert newest == latest(cron, zone, after - timedelta(microseconds=1))
    # In which of rare nights clocks change is another question each year.
    assert after - newest <= largest_gap(cron, zone) + timedelta(hours=1)


@pytest.mark.parametrize(
    ("text", "zone", "gap"),
    [
        ("0 3 * * *", PARIS, timedelta(hours=25)),
        ("0 3 * * *", "UTC", timedelta(hours=24)),
        ("0 * * * *", PARIS, timedelta(hours=1)),
        ("*/15 8-18 * * mon-fri", "UTC", timedelta(days=2, hours=13, minutes=15)),
        ("0 3 * * sun", PARIS, timedelta(days=7, hours=1)),
        ("0 0 1 1 *", PARIS, timedelta(days=366)),
        ("0 0 29 2 *", "UTC", timedelta(days=1461)),
    ],
)
def test_the_largest_gap_counts_nights_weekends_leap_years_and_clock_changes(
    text: str, zone: str, gap: timedelta
) -> None:
    assert gap == largest_gap(read(text), zone)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "'' is not a cron expression (write minute, hour,"),
        ("0 3 * *", "0 3 * * * is every night at 3"),
        ("0 0 3 * * *", "is not a cron expression"),
        ("@daily", "(write 0 0 * * *)"),
        ("@reboot", "(write 0 3 * * *)"),
        ("60 * * * *", "minute '60' is not known (write 0 to 59, or *)"),
        ("0 24 * * *", "hour '24' is not known (write 0 to 23, or *)"),
        ("0 3 0 * *", "day of the month '0' is not known (write 1 to 31, or *)"),
        ("0 3 * janvier *", "month 'janvier' is not known (write 1 to 12 or jan to dec, or *)"),
        ("0 3 * * 8", "day of the week '8' is not known (write 0 to 7 or sun to sat, or *)"),
        ("0 3 ? * *", "day of the month '?' is not known"),
        ("0 3 * * ²", "day of the week '²' is not known"),
        ("0 22-6 * * *", "runs backwards (write 22-23,0-6)"),
        ("0 3 * * fri-mon", "runs backwards (write fri-sun,sun-mon)"),
        ("0 3 * * 6-1", "runs backwards (write 6-7,0-1)"),
        ("5/15 * * * *", "a step without a range (write 5-59/15)"),
        ("*/0 * * * *", "needs a step from 1 to 59, or `every: ...`"),
        ("*/90 * * * *", "needs a step from 1 to 59, or `every: ...`"),
        ("0 3 * * */x", "needs a step from 1 to 6"),
        ("0,,5 * * * *", "has an empty place in its list"),
        ("0 0 31 2 *", "never comes: no such month has a day 31"),
        ("0 0 30,31 feb *", "never comes: no such month has a day 30"),
        ("0 0 31 4,6 *", "(write 28 for a day that every month has)"),
    ],
)
def test_what_is_no_expression_is_refused_with_what_to_write(text: str, said: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the words are what is tested
        read(text)

    assert said in str(refused.value)


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="0123456789*/,- @abcdefgjlmnoprstuvyJS\n²", max_size=30))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    said = ""
    try:
        cron = read(text)
    except ValueError as refused:
        said = str(refused)
    else:
        assert cron == read(cron.text)

    assert "invalid literal" not in said


def test_two_ways_to_space_and_capitalise_are_the_same_expression() -> None:
    assert read(" 0  3 * *\tSun ") == read("0 3 * * sun")
    assert "0 3 * * sun" == read(" 0  3 * *\tSun ").text


def test_a_leap_day_on_a_rare_weekday_is_found_years_away() -> None:
    cron = read("0 0 29 2 */6")  # a star, so both: a Sunday or a Saturday

    assert at("2032-02-29 00:00") == following(cron, "UTC", at("2026-01-01 00:00"))
    assert at("2020-02-29 00:00") == latest(cron, "UTC", at("2026-01-01 00:00"))

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.policy import values
from restore_drills.calendar import Calendar
from restore_drills.checks.sql import COMPARE, answer, first_value, number
from restore_drills.model import Expect, Fresh, SqlCheck
from tests.builders import DATA_TIME, PARIS, hours

WORKING = Calendar(timezone="Europe/Paris", hours=(hours("01234", "08:00", "18:00"),))
TWO_HOURS = timedelta(hours=2)


def asked(  # noqa: PLR0913 - the check, the value, and what they meet
    value: str,
    *,
    expect: Expect | None = None,
    not_below: float | None = None,
    fresh: Fresh | None = None,
    last: float | None = None,
    data_time: datetime = DATA_TIME,
    calendar: Calendar = PARIS,
) -> tuple[bool, str]:
    check = SqlCheck(name="x", query="", expect=expect, not_below=not_below, fresh=fresh)
    return answer(check, value, data_time=data_time, calendar=calendar, last=last)


@pytest.mark.parametrize(
    ("output", "value"),
    [("", ""), ("3", "3"), ("3\n4", "3"), ("3\x1f4", "3"), ("\x1f4", ""), ("a b\x1f\n", "a b")],
)
def test_the_first_column_of_the_first_row_is_the_value(output: str, value: str) -> None:
    assert value == first_value(output)


@pytest.mark.parametrize(
    "text", ["", "abc", "NaN", "sNaN", "Infinity", "-inf", "infinity", "1e400", "12 apples"]
)
def test_what_is_no_finite_number_is_none(text: str) -> None:
    assert None is number(text)


@pytest.mark.parametrize(
    ("value", "demand", "passes", "words"),
    [
        ("1203", ">= 1000", True, "1203 >= 1000"),
        ("3", ">= 1000", False, "3 is not >= 1000"),
        ("9", "< 10", True, "9 < 10"),  # as numbers; as text it would not be
        ("1000.0", "= 1000", True, "1000.0 = 1000"),
        ("-1", "> 0", False, "-1 is not > 0"),
        ("99999999999999999999", "<= 99999999999999999998", False, None),
        ("done", "= done", True, "done = done"),
        ("done", "!= done", False, "done is not != done"),
        ("open", "!= done", True, "open != done"),
        ("abc", "> 5", False, "abc cannot be compared with 5"),
        ("abc", "= 5", False, "abc is not = 5"),
        ("infinity", ">= 2026-11-01", False, "infinity cannot be compared with 2026-11-01"),
        ("Infinity", "> 5", False, "Infinity cannot be compared with 5"),
        ("2026-11-23", ">= 2026-11-02", True, None),
        ("2026-11-01", ">= 2026-11-02", False, None),
        ("2026-11-02 00:00:00", "= 2026-11-02", True, None),
        ("2026-11-01 23:30:00+00", ">= 2026-11-02", True, None),  # midnight is the site's
        ("2026-11-01 22:30:00+00", ">= 2026-11-02", False, None),
        ("9999-12-31", "> 2026-11-02", True, None),
        ("0001-01-01 00:00:00+00", "> 2026-11-02", False, None),
        ("2026-11-02", "> 5", False, "2026-11-02 cannot be compared with 5"),
        ("FR-57", "matches ^FR", True, "FR-57 matches ^FR"),
        ("DE", "matches ^FR", False, "DE does not match ^FR"),
        ("", "matches ^$", True, "nothing matches ^$"),
    ],
)
def test_a_value_is_compared_as_a_number_as_a_time_or_as_text(
    *,
    value: str,
    demand: str,
    passes: bool,
    words: str | None,
) -> None:
    found = asked(value, expect=values.expect(demand))

    assert (passes, words or found[1]) == found


@pytest.mark.parametrize("op", COMPARE)
@pytest.mark.parametrize("expected", ["0", "text", "2026-11-02"])
def test_a_null_passes_no_comparison_not_even_that_it_differs(op: str, expected: str) -> None:
    assert (False, f"nothing is not {op} {expected}") == asked(
        "", expect=Expect(op=op, value=expected)
    )


@pytest.mark.parametrize(
    "pattern", ["[", "(", "*", "(?P<a>x)(?P<a>y)", "a{2,1}", "x" + "{999999999999}"]
)
def test_an_invalid_regular_expression_is_a_fail_in_words_and_no_policy_has_one(
    pattern: str,
) -> None:
    passes, words = asked("abc", expect=Expect(op="matches", value=pattern))

    assert not passes
    assert words.startswith(f"{pattern!r} is no regular expression: ")
    with pytest.raises(ValueError, match="write a regular expression after matches"):
        values.expect(f"matches {pattern}")


def test_a_value_is_shown_short_and_cannot_steer_a_terminal() -> None:
    _, words = asked("\x1b[2J" + "x" * 999, expect=Expect(op="=", value="0"))

    assert words == f"?[2J{'x' * 196}... is not = 0"


@given(st.text(max_size=30), st.sampled_from([*COMPARE, "matches"]), st.text(max_size=30))
def test_no_value_and_no_demand_ever_break_a_check(value: str, op: str, expected: str) -> None:
    fresh = Fresh(within=TWO_HOURS, business=True)

    passes, words = asked(
        value, expect=Expect(op=op, value=expected), not_below=0.5, fresh=fresh, last=3.0
    )

    assert passes in {True, False}
    assert words


# --- not_below ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "fraction", "last", "passes", "words"),
    [
        ("1200", 0.95, 1203.0, True, "1200, at least 95 % of 1203"),
        ("1000", 0.95, 1203.0, False, "1000 is not at least 95 % of 1203"),
        ("7", 0.07, 100.0, True, "7, at least 7 % of 100"),  # 7.000000000000001 for floats
        ("95", 0.975, 100.0, False, "95 is not at least 97.5 % of 100"),
        ("5", 0.95, None, True, "5, no earlier proof to compare with"),
        ("0", 0.95, 0.0, True, "0, at least 95 % of 0"),
        ("", 0.95, 5.0, False, "nothing is not a number"),
        ("many", 0.95, None, False, "many is not a number"),
    ],
)
def test_a_count_may_not_fall_below_a_share_of_the_last_proof(
    *,
    value: str,
    fraction: float,
    last: float | None,
    passes: bool,
    words: str,
) -> None:
    assert (passes, words) == asked(value, not_below=fraction, last=last)


@given(st.integers(-(10**12), 10**12), st.floats(0, 1))
def test_data_that_did_not_change_are_never_below(count: int, fraction: float) -> None:
    assert asked(str(count), not_below=fraction, last=float(count))[0]


# --- fresh ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "passes", "words"),
    [
        ("2026-11-23 10:13:00+00", True, "1 h before the backup, at most 2 h"),
        ("2026-11-23 10:13:00", True, "2 h before the backup, at most 2 h"),  # naive: Paris
        ("2026-11-23 10:12:59.999", False, "2 h 1 min before the backup, at most 2 h"),
        ("2026-11-23 06:13:00-05", True, "0 s after the backup began"),
        ("2026-11-23 11:14:30.5+00", True, "2 min after the backup began"),
        ("2030-01-01", True, None),
        ("2026-11-23", False, "12 h 13 min before the backup, at most 2 h"),
        ("0001-01-01", False, None),
        ("9999-12-31 23:59:59", True, None),
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


# --- together -------------------------------------------------------------------------------------


def test_every_demand_of_a_check_must_hold() -> None:
    both = asked("5", expect=Expect(op=">=", value="1"), not_below=0.9, last=100.0)

    assert (False, "5 >= 1; 5 is not at least 90 % of 100") == both


@pytest.mark.parametrize(("value", "found"), [("5", (True, "5")), ("", (False, "nothing"))])
def test_a_query_without_a_demand_must_return_something(
    *, value: str, found: tuple[bool, str]
) -> None:
    assert found == asked(value)

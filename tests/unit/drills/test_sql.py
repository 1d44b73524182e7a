from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restore_drills.checks.sql import COMPARE, first_value, number
from restore_drills.model import Expect, Fresh
from tests.asking import TWO_HOURS, asked


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


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of a pattern that may mean another thing
@given(st.text(max_size=30), st.sampled_from([*COMPARE, "matches"]), st.text(max_size=30))
def test_no_value_and_no_demand_ever_break_a_check(value: str, op: str, expected: str) -> None:
    fresh = Fresh(within=TWO_HOURS, business=True)

    passes, words = asked(
        value, expect=Expect(op=op, value=expected), not_below=0.5, fresh=fresh, last=3.0
    )

    assert passes in {True, False}
    assert words


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


def test_every_demand_of_a_check_must_hold() -> None:
    both = asked("5", expect=Expect(op=">=", value="1"), not_below=0.9, last=100.0)

    assert (False, "5 >= 1; 5 is not at least 90 % of 100") == both


@pytest.mark.parametrize(("value", "found"), [("5", (True, "5")), ("", (False, "nothing"))])
def test_a_query_without_a_demand_must_return_something(
    *, value: str, found: tuple[bool, str]
) -> None:
    assert found == asked(value)

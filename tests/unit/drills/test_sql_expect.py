from __future__ import annotations

import pytest

from orchestrator.core.policy import values
from restore_drills.checks.sql import COMPARE
from restore_drills.model import Expect
from tests.asking import asked


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

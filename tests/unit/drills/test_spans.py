from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restore_drills.spans import duration, hours

UNITS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (13.2, "14 s"),
        (60, "1 min"),
        (90.5, "2 min"),
        (18700, "5 h 12 min"),
        (-60, "-1 min"),
    ],
)
def test_a_span_is_told_in_the_units_of_a_person(seconds: float, words: str) -> None:
    assert words == duration(timedelta(seconds=seconds))


def test_a_day_has_its_letter_in_every_language() -> None:
    assert "3 j 6 h" == duration(timedelta(days=3, hours=5, seconds=1), day="j")
    assert "-2 j" == duration(-timedelta(days=2), day="j")


@pytest.mark.parametrize(
    ("minutes", "words"), [(45, "45 min"), (1440, "24 h"), (4290, "71 h 30 min")]
)
def test_business_time_is_told_without_days(minutes: int, words: str) -> None:
    assert words == hours(timedelta(minutes=minutes))


@given(st.timedeltas(timedelta(0), timedelta(days=9999)))
def test_a_span_is_never_told_shorter_than_it_is(span: timedelta) -> None:
    words = duration(span).split()
    told = sum(int(n) * UNITS[unit] for n, unit in zip(words[::2], words[1::2], strict=True))

    assert span.total_seconds() <= told < span.total_seconds() + 3601

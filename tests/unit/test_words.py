from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.reports.words import ago, duration, size, when
from tests.records import NOW


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.01, "1 s"),
        (13.2, "14 s"),
        (60, "1 min"),
        (61, "61 s"),
        (90.5, "2 min"),
        (2400, "40 min"),
        (3600, "1 h"),
        (5400, "90 min"),
        (5401, "1 h 31 min"),
        (14400, "4 h"),
        (18700, "5 h 12 min"),
        (86400, "1 d"),
        (104400, "29 h"),
        (172800, "2 d"),
        (280000, "3 d 6 h"),
        (-60, "-1 min"),
    ],
)
def test_durations_are_rounded_up_to_what_a_person_says(seconds: float, words: str) -> None:
    assert words == duration(timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (999_960, "1 MB"),
        (1_456_701_499, "1.5 GB"),
        (3_000_000_000_000_000_000, "3000 PB"),
    ],
)
def test_sizes_are_decimal(count: int, words: str) -> None:
    assert words == size(count)


def test_an_instant_is_told_in_the_local_time_of_the_site() -> None:
    assert "2026-11-23 12:02" == when(NOW, "Europe/Paris")


def test_an_age_is_never_negative_but_says_that_the_clock_was_set_back() -> None:
    later = NOW + timedelta(hours=3)

    assert "3 h ago" == ago(NOW, later)
    assert "dated 3 h in the future (the clock was set back)" == ago(later, NOW)

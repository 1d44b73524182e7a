"""When a lock is due: at no relock's hour has anything less than half of its period."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as some

from orchestrator.core.locking import Forecast, due, forecast

MONTH = timedelta(days=30)
NINTH = MONTH / 9
LATE = 1 / 8 - 1 / 9


@given(
    age=some.floats(0, 0.5),
    late=some.lists(some.floats(0, LATE), min_size=1, max_size=30),
)
def test_relocks_a_ninth_apart_and_a_little_late_leave_half_of_the_period(
    age: float, late: list[float]
) -> None:
    left = MONTH - age * MONTH
    for lateness in late:
        left = MONTH if due(left, MONTH) else left
        left -= NINTH + lateness * MONTH

        assert left >= MONTH / 2 - timedelta(seconds=1)


def test_an_object_is_extended_at_every_fourth_relock() -> None:
    assert not due(MONTH - 3 * NINTH, MONTH)
    assert due(MONTH - 4 * NINTH, MONTH)


def test_the_forecast_counts_what_a_month_of_relocks_asks() -> None:
    assert Forecast(puts=266_667, gets=900_000, lists=900) == forecast(100_000, MONTH)
    assert Forecast(puts=0, gets=0, lists=0) == forecast(0, MONTH)

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as some

from orchestrator.core.events import BackedUp, Outcome
from orchestrator.core.fold import fold
from orchestrator.core.rpa import Worst, worst_case, worst_case_of
from tests.records import backed_up, recorded

if TYPE_CHECKING:
    from orchestrator.core.state import ServiceState

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
Points = list[tuple[datetime, datetime]]


def nightly(days: int, *, at: int = 2, lasting: timedelta = 5 * HOUR) -> Points:
    """A backup each night; its data is as old as its start."""
    starts = [MONDAY + number * DAY + at * HOUR for number in range(days)]
    return [(start, start + lasting) for start in starts]


def remembered(points: Points) -> ServiceState:
    """The state that the log of these backups adds up to."""
    facts = []
    for number, (data, usable) in enumerate(points):
        snapshot = BackedUp(source="till", id=str(number), tree="t", data_time=data)
        made = backed_up(f"r{number}")
        facts.append(replace(made, snapshots=(snapshot,), usable_at=usable))
    return fold(recorded(*facts)).service("bakery", "till")


def rpa(found: Worst | None) -> timedelta:
    assert found is not None
    return found.rpa


def test_a_nightly_backup_of_five_hours_may_cost_twenty_nine() -> None:
    points = nightly(7)

    found = worst_case(points, MONDAY + 2 * DAY, points[-1][1])

    assert Worst(rpa=29 * HOUR, period=4 * DAY + 7 * HOUR) == found
    assert found == worst_case_of(remembered(points), 4 * DAY, points[-1][1])


def test_the_open_end_counts_up_to_now() -> None:
    points = nightly(3)
    now = points[-1][1] + 40 * HOUR

    assert Worst(rpa=45 * HOUR, period=DAY) == worst_case(points, now - DAY, now)
    assert 45 * HOUR == rpa(worst_case_of(remembered(points), DAY, now))


def test_a_lost_weekend_counts_whole_though_it_began_before_the_period() -> None:
    friday, *_, monday = nightly(4)
    found = worst_case([friday, monday], monday[1] - HOUR, monday[1])

    assert Worst(rpa=3 * DAY + 5 * HOUR, period=HOUR) == found


def test_a_gap_that_ended_before_the_period_does_not_count() -> None:
    points = [*nightly(1), *((d + 9 * DAY, u + 9 * DAY) for d, u in nightly(4, lasting=HOUR))]
    now = points[-1][1]

    found = worst_case_of(remembered(points), 2 * DAY, now)

    assert Worst(rpa=25 * HOUR, period=2 * DAY + 3 * HOUR) == found


def test_before_the_first_point_nothing_is_known_and_the_period_says_so() -> None:
    points = nightly(2)
    now = points[-1][1]

    exact, kept = worst_case(points, now - 30 * DAY, now), remembered(points)

    assert Worst(rpa=29 * HOUR, period=DAY) == exact == worst_case_of(kept, 30 * DAY, now)


def test_a_service_without_a_usable_point_has_no_number() -> None:
    failed = backed_up("r1", outcome=Outcome.PARTIAL)
    state = fold(recorded(failed)).service("bakery", "till")

    assert worst_case_of(state, 30 * DAY, MONDAY) is None
    assert worst_case([], MONDAY, MONDAY + DAY) is None


def test_a_point_that_ended_later_with_older_data_makes_nothing_better() -> None:
    slow, quick = (MONDAY, MONDAY + 9 * HOUR), (MONDAY + 4 * HOUR, MONDAY + 5 * HOUR)
    next_one = (MONDAY + 12 * HOUR, MONDAY + 13 * HOUR)

    assert 9 * HOUR == rpa(worst_case([slow, quick, next_one], MONDAY, next_one[1]))


def test_a_clock_that_was_set_back_gives_no_negative_loss() -> None:
    points = nightly(1)

    found = worst_case_of(remembered(points), DAY, points[0][0] - HOUR)

    assert Worst(rpa=timedelta(), period=timedelta()) == found


def test_a_point_that_a_wrong_clock_dated_ahead_is_no_loss() -> None:
    first, second = nightly(2, lasting=HOUR)
    ahead = (second[0] + 3709 * DAY, second[1] + 3709 * DAY)
    now = second[1] + HOUR

    found = worst_case_of(remembered([first, ahead, second]), 30 * DAY, now)

    assert Worst(rpa=2 * HOUR, period=DAY + HOUR) == found


@some.composite
def histories(draw: some.DrawFn) -> Points:
    """Backups one after another, of any length and at any distance."""
    at, points = MONDAY, []
    for _ in range(draw(some.integers(1, 20))):
        data = at + timedelta(minutes=draw(some.integers(0, 4000)))
        at = data + timedelta(minutes=draw(some.integers(1, 600)))
        points.append((data, at))
    return points


@given(histories(), some.integers(1, 30), some.integers(0, 5000))
def test_the_kept_days_never_flatter_and_are_exact_from_a_days_beginning(
    points: Points, days: int, later: int
) -> None:
    now = points[-1][1] + timedelta(minutes=later)
    kept = worst_case_of(remembered(points), days * DAY, now)
    asked = worst_case(points, now - days * DAY, now)
    midnight = datetime.combine((now - days * DAY).date(), datetime.min.time(), tzinfo=UTC)

    assert rpa(kept) >= rpa(asked)
    assert kept == worst_case(points, midnight, now)


@given(histories(), some.integers(0, 20_000), some.integers(0, 20_000))
def test_the_worst_case_is_what_the_worst_minute_would_have_cost(
    points: Points, start_after: int, length: int
) -> None:
    start = points[0][1] + timedelta(minutes=start_after)
    end = start + timedelta(minutes=length)
    found = worst_case(points, start, end)
    edges = [start, end, *(at for _, at in points if start <= at <= end)]
    # Just before a point becomes usable, the one before it is still the newest.
    tried = [at - max(d for d, u in points if u < at or u == points[0][1]) for at in edges]

    assert max(tried) == rpa(found)

"""Which points the rules keep: by whole points, by data time, in the site's time zone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.policy.model import Retention
from orchestrator.core.retention.rules import chosen
from tests.points import DAY, NOW, held, nightly

PARIS = ZoneInfo("Europe/Paris")
HOUR = timedelta(hours=1)
RULES = ("last", "hourly", "daily", "weekly", "monthly", "yearly")

instants = st.lists(
    st.integers(min_value=0, max_value=3 * 365 * 24 * 4).map(
        lambda quarter: NOW - quarter * timedelta(minutes=15)
    ),
    max_size=60,
)
retentions = st.builds(Retention, **{name: st.integers(0, 12) for name in RULES})


def kept(at: list[datetime], retention: Retention, zone: ZoneInfo = PARIS) -> set[datetime]:
    points = [held(f"r{n:03}", one) for n, one in enumerate(at)]
    keep = chosen(points, retention, zone, NOW)
    return {p.data_time for p in points if p.run in keep}


def test_the_newest_point_is_kept_though_no_rule_does() -> None:
    assert {"r0": ("newest",)} == chosen(nightly(9), Retention(), PARIS, NOW)


def test_last_counts_points() -> None:
    assert ["r0", "r1", "r2"] == list(chosen(nightly(9), Retention(last=3), PARIS, NOW))


def test_a_day_keeps_its_newest_point() -> None:
    points = [held(f"h{n}", NOW - n * HOUR) for n in range(40)]

    # Noon in UTC is one in the afternoon in Paris: h13 is of midnight, h14 of eleven the day before
    keep = chosen(points, Retention(daily=2), PARIS, NOW)
    assert {"h0": ("newest", "daily"), "h14": ("daily",)} == keep


def test_every_rule_says_what_it_keeps() -> None:
    rules = Retention(last=1, hourly=1, daily=1, weekly=1, monthly=1, yearly=1)
    points = [held("only", NOW)]

    assert {"only": ("newest", "last", "hourly", "daily", "weekly", "monthly", "yearly")} == chosen(
        points, rules, PARIS, NOW
    )


def test_an_empty_day_does_not_use_up_a_place() -> None:
    points = [held("today", NOW), held("long ago", NOW - 300 * DAY)]

    assert {"today", "long ago"} == set(chosen(points, Retention(daily=2), PARIS, NOW))


def test_the_oldest_is_kept_until_the_count_is_reached_as_in_restic() -> None:
    month = [held(f"r{n}", NOW - n * DAY) for n in range(20)]  # of one month

    keep = chosen(month, Retention(daily=3, monthly=12), PARIS, NOW)

    assert ("oldest monthly",) == keep["r19"]
    assert "oldest daily" not in {why for reasons in keep.values() for why in reasons}


def test_a_week_is_that_of_the_iso_calendar() -> None:
    # 1 January 2027 is a Friday, of the last week of 2026.
    newyear = datetime(2027, 1, 1, 12, tzinfo=UTC)
    points = [held("friday", newyear), held("monday", newyear - 4 * DAY)]

    keep = chosen(points, Retention(weekly=1, yearly=2), PARIS, newyear)

    assert ("newest", "weekly", "yearly") == keep["friday"]
    assert ("yearly",) == keep["monday"]


def test_the_day_is_that_of_the_site() -> None:
    evening = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)  # half past midnight in Paris
    points = [held("late", evening), held("early", evening - HOUR)]

    assert {"late", "early"} == set(chosen(points, Retention(daily=2), PARIS, NOW))
    utc = chosen(points, Retention(daily=1), ZoneInfo("UTC"), NOW)
    assert {"late"} == set(utc)


def test_the_hour_that_the_end_of_summer_time_repeats_is_two_hours() -> None:
    twice = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30, and again an hour later
    points = [held("winter", twice + HOUR), held("summer", twice), held("before", twice - HOUR)]

    assert {"winter", "summer"} == set(chosen(points, Retention(hourly=2), PARIS, NOW))


def test_the_day_of_23_hours_is_a_day() -> None:
    spring = datetime(2026, 3, 28, 23, 30, tzinfo=UTC)  # 00:30 on the 29th; the day ends at 22:00
    points = [held(f"q{n:02}", spring + n * HOUR) for n in range(23)]
    after = held("after", spring + 22 * HOUR + timedelta(minutes=45))

    keep = chosen([*points, after], Retention(daily=2), PARIS, NOW)

    # q22 is half past eleven at night, `after` a quarter past midnight.
    assert {"after", "q22"} == set(keep)


def test_a_point_from_the_future_is_kept_and_counts_for_nothing() -> None:
    points = [*nightly(5), held("tomorrow", NOW + DAY)]

    keep = chosen(points, Retention(last=2), PARIS, NOW)

    assert {"tomorrow": ("future",), "r0": ("newest", "last"), "r1": ("last",)} == keep


def test_the_order_in_which_points_are_listed_does_not_matter() -> None:
    rules = Retention(last=2, daily=3, weekly=4)

    assert chosen(nightly(50), rules, PARIS, NOW) == chosen(
        reversed(nightly(50)), rules, PARIS, NOW
    )


def test_six_years_of_nights_are_thinned_to_what_the_policy_says() -> None:
    rules = Retention(daily=14, weekly=8, monthly=12, yearly=3)

    keep = chosen(nightly(6 * 365), rules, PARIS, NOW)

    # 14 days; of the 8 weeks two are among them, and so is the newest of one month and one year.
    assert (14, 8, 12, 3) == tuple(
        sum(name in why for why in keep.values())
        for name in ("daily", "weekly", "monthly", "yearly")
    )
    assert len(keep) < 14 + 8 + 12 + 3


@given(at=instants, rules=retentions)
def test_the_newest_is_always_kept_and_at_most_as_many_as_the_counts_allow(
    at: list[datetime], rules: Retention
) -> None:
    keep = kept(at, rules)

    assert not at or max(at) in keep
    counts = [getattr(rules, name) for name in RULES]
    assert len(keep) <= 1 + sum(counts) + len(RULES)


@given(at=instants, rules=retentions, name=st.sampled_from(RULES), more=st.integers(1, 5))
def test_who_asks_for_more_never_keeps_less(
    at: list[datetime], rules: Retention, name: str, more: int
) -> None:
    richer = replace(rules, **{name: getattr(rules, name) + more})

    assert kept(at, rules) <= kept(at, richer)


@given(at=instants, rules=retentions)
def test_what_is_removed_is_kept_by_no_rule_alone(at: list[datetime], rules: Retention) -> None:
    removed = set(at) - kept(at, rules)

    for name in RULES:
        alone = replace(Retention(), **{name: getattr(rules, name)})
        assert not removed & kept(at, alone), name


@given(at=instants, rules=retentions)
def test_what_was_kept_is_kept_again(at: list[datetime], rules: Retention) -> None:
    once = kept(at, rules)

    assert once == kept(sorted(once), rules)


@settings(max_examples=30)
@given(rules=retentions, zone=st.sampled_from(["Europe/Paris", "America/St_Johns", "Pacific/Apia"]))
def test_around_a_change_of_the_clocks_no_rule_keeps_too_few(rules: Retention, zone: str) -> None:
    for middle in (datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)):
        at = [middle + n * timedelta(minutes=30) for n in range(-200, 200)]
        points = [held(f"r{n:03}", one) for n, one in enumerate(at)]
        keep = chosen(points, rules, ZoneInfo(zone), NOW)
        # 200 hours: there are always as many hours, and eight days, as a rule here may ask for
        for name, most in (("hourly", 12), ("daily", 8)):
            wanted = min(getattr(rules, name), most)
            assert wanted <= sum(name in why for why in keep.values())


@pytest.mark.parametrize("count", [1, 7])
def test_removing_each_night_leaves_what_one_removal_at_the_end_would(count: int) -> None:
    rules = Retention(daily=count, weekly=4, monthly=3)
    nights = sorted(nightly(200), key=lambda p: p.data_time)
    stock = []
    for point in nights:
        stock.append(point)
        keep = chosen(stock, rules, PARIS, point.data_time)
        stock = [p for p in stock if p.run in keep]

    assert set(chosen(nights, rules, PARIS, NOW)) == {p.run for p in stock}

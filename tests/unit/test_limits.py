"""What a transfer may take of the line, by the time of day."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from orchestrator.core.limits import REST, SEED, lasting, rates
from orchestrator.core.policy.model import Limits, Window
from restore_drills.calendar import Hours

PARIS = "Europe/Paris"
OFFICE = Hours(days=frozenset(range(5)), start=time(8), end=time(19))
LUNCH = Hours(days=frozenset(range(5)), start=time(12), end=time(13))
BY_DAY = Limits(
    upload=2_500_000,
    download=None,
    windows=(Window(hours=OFFICE, upload=625_000, download=1_000_000),),
)


def at(hour: int, minute: int = 0, day: int = 23) -> datetime:
    """An instant of November 2026, when Paris is an hour ahead; the 23rd is a Monday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "upload", "download", "until"),
    [
        (at(6, 59), 2_500_000, None, at(7)),
        (at(7), 625_000, 1_000_000, at(18)),
        (at(17, 59), 625_000, 1_000_000, at(18)),
        (at(18), 2_500_000, None, at(7, day=24)),
        (at(12, day=28), 2_500_000, None, at(7, day=30)),  # a Saturday
    ],
)
def test_a_window_holds_at_its_local_hours(
    now: datetime, upload: int, download: int | None, until: datetime
) -> None:
    found = rates(BY_DAY, PARIS, now)

    assert (upload, download, until) == (found.upload, found.download, found.until)


def test_the_first_window_that_is_open_has_its_say() -> None:
    lunch = Window(hours=LUNCH, upload=5_000_000, download=None)
    both = Limits(upload=None, download=None, windows=(lunch, *BY_DAY.windows))

    assert 625_000 == rates(both, PARIS, at(10)).upload
    assert at(11) == rates(both, PARIS, at(10)).until
    assert 5_000_000 == rates(both, PARIS, at(11)).upload
    assert None is rates(both, PARIS, at(11)).download


def test_without_windows_nothing_ever_changes() -> None:
    found = rates(Limits(upload=9, download=8), PARIS, at(10))

    assert (9, 8, None) == (found.upload, found.download, found.until)


def test_what_cannot_be_interrupted_takes_the_lower_of_now_and_the_next_change() -> None:
    night, day = lasting(BY_DAY, PARIS, at(5)), lasting(BY_DAY, PARIS, at(10))

    assert (625_000, 1_000_000) == (night.upload, night.download)
    assert (625_000, 1_000_000) == (day.upload, day.download)
    assert night.until is day.until is None


def test_the_hours_follow_daylight_saving() -> None:
    summer = datetime(2026, 7, 6, 6, tzinfo=UTC)

    assert 625_000 == rates(BY_DAY, PARIS, summer).upload
    assert 2_500_000 == rates(BY_DAY, PARIS, at(6)).upload


def test_a_seed_and_the_others_share_the_line() -> None:
    whole = rates(BY_DAY, PARIS, at(10))

    assert 625_000 >= (whole.share(SEED).upload or 0) + (whole.share(REST).upload or 0)
    assert None is rates(Limits(upload=None, download=None), PARIS, at(10)).share(REST).upload

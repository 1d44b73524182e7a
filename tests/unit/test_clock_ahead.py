"""A clock that was ahead while a point was made, and what it must not do to a suspicion."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orchestrator.core import suspicion
from orchestrator.core.events import Outcome
from tests.keeping import bakery
from tests.suspected import DELETED, Attacked

YEARS = timedelta(days=4000)


@pytest.fixture
def night() -> Attacked:
    """One ordinary backup."""
    made = Attacked(bakery())
    made.made()
    return made


def test_a_clean_point_dated_in_the_future_makes_no_attacked_one_trusted(night: Attacked) -> None:
    night.made(data=YEARS)
    first = night.attacked()

    assert first.data_time is not None
    assert night.till.suspicion is not None
    assert first.data_time == night.till.suspicion.since
    assert suspicion.is_suspected(night.till, first.data_time)


def test_a_suspected_point_dated_in_the_future_takes_none_to_come_with_it(night: Attacked) -> None:
    first = night.attacked()
    night.attacked(data=YEARS)
    night.judge(first.run, false_alarm=False)
    new = night.made()

    assert new.data_time is not None
    assert first.data_time is not None
    assert suspicion.is_suspected(night.till, first.data_time)
    assert not suspicion.is_suspected(night.till, new.data_time)


def test_an_unusual_point_dated_in_the_future_takes_none_to_come_with_it(night: Attacked) -> None:
    odd = night.made(Outcome.COMPLETE, DELETED)
    night.made(data=YEARS)
    night.judge(odd.run, false_alarm=False)
    new = night.made()

    assert new.data_time is not None
    assert odd.data_time is not None
    assert suspicion.is_suspected(night.till, odd.data_time)
    assert not suspicion.is_suspected(night.till, new.data_time)


def test_a_clock_put_right_during_an_attack_leaves_no_point_of_it_trusted(night: Attacked) -> None:
    right = night.now
    night.now += YEARS
    night.attacked()
    night.now = right
    later = night.attacked()

    assert later.data_time is not None
    assert suspicion.is_suspected(night.till, later.data_time)

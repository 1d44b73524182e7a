from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.events import DaemonStopped
from orchestrator.daemon.alarm import Alarm
from orchestrator.log import Log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONG = timedelta(seconds=20)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    opened = Log.open(tmp_path / "state", clock=now)
    yield opened
    opened.close()


def waited(alarm: Alarm, tick: timedelta = LONG) -> float:
    began = time.monotonic()
    alarm.wait(tick)
    return time.monotonic() - began


@pytest.fixture
def alarm(log: Log) -> Iterator[Alarm]:
    with Alarm(log) as made:
        made.wait(timedelta(seconds=0.5))  # the listener's first look
        yield made


def test_it_rings_at_the_instant_that_was_set(alarm: Alarm) -> None:
    alarm.set(now() + timedelta(seconds=0.5))

    assert 0.3 < waited(alarm) < 2


def test_an_instant_that_has_passed_rings_at_once(alarm: Alarm) -> None:
    alarm.set(now() - timedelta(days=3))

    assert waited(alarm) < 1


def test_it_may_be_closed_while_it_rings(log: Log) -> None:
    for _ in range(12):  # an error in its thread fails the test
        with Alarm(log) as alarm:
            alarm.set(now() - timedelta(days=3))
            alarm.wait(LONG)


def test_the_last_instant_set_counts(alarm: Alarm) -> None:
    alarm.set(now() + timedelta(seconds=0.2))
    alarm.set(now() + timedelta(hours=1))
    alarm.set(None)

    assert waited(alarm, timedelta(seconds=1)) >= 1


def test_what_another_connection_appends_rings(alarm: Alarm, log: Log) -> None:
    other = Log.open(log.path.parent, clock=now)
    other.append(DaemonStopped(site="", note=""))
    other.close()

    assert waited(alarm) < 2


def test_many_rings_are_answered_by_one_turn(alarm: Alarm) -> None:
    for _ in range(100):
        alarm.ring()

    assert waited(alarm) < 1
    assert waited(alarm, timedelta(seconds=0.5)) >= 0.5


def test_the_tick_comes_whatever_the_wall_clock_does(alarm: Alarm) -> None:
    alarm.set(now() + timedelta(days=365))  # as after a clock that was set back by a year

    assert 0.4 < waited(alarm, timedelta(seconds=0.5)) < 2

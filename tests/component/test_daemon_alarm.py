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
QUIET = timedelta(seconds=0.3)
SOON_S = 15.0  # on a busy machine; what did not ring would take LONG


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    opened = Log.open(tmp_path / "state", clock=now)
    yield opened
    opened.close()


def appended(log: Log) -> None:
    """Have another connection append something."""
    other = Log.open(log.path.parent, clock=now)
    other.append(DaemonStopped(site="", note=""))
    other.close()


def waited(alarm: Alarm, tick: timedelta = LONG) -> float:
    began = time.monotonic()
    alarm.wait(tick)
    return time.monotonic() - began


@pytest.fixture
def alarm(log: Log) -> Iterator[Alarm]:
    with Alarm(log) as made:
        appended(log)
        made.wait(LONG)  # the listener is there
        while waited(made, QUIET) < QUIET.total_seconds():  # and has heard all that there was
            pass
        yield made


def test_it_rings_at_the_instant_that_was_set(alarm: Alarm) -> None:
    began = time.monotonic()
    alarm.set(now() + timedelta(seconds=0.5))
    alarm.wait(LONG)

    assert 0.4 < time.monotonic() - began < SOON_S


def test_an_instant_that_has_passed_rings_at_once(alarm: Alarm) -> None:
    alarm.set(now() - timedelta(days=3))

    assert waited(alarm) < SOON_S


def test_it_may_be_closed_while_it_rings(log: Log) -> None:
    for _ in range(12):  # an error in its thread fails the test
        with Alarm(log) as alarm:
            alarm.set(now() - timedelta(days=3))
            alarm.wait(LONG)


def test_the_last_instant_set_counts(alarm: Alarm) -> None:
    alarm.set(now() + timedelta(seconds=1.5))  # the next lines do not take so long
    alarm.set(now() + timedelta(hours=1))
    alarm.set(None)

    assert waited(alarm, timedelta(seconds=2)) >= 2


def test_what_another_connection_appends_rings(alarm: Alarm, log: Log) -> None:
    appended(log)

    assert waited(alarm) < SOON_S


def test_many_rings_are_answered_by_one_turn(alarm: Alarm) -> None:
    for _ in range(100):
        alarm.ring()

    assert waited(alarm) < SOON_S
    assert waited(alarm, timedelta(seconds=0.5)) >= 0.5


def test_the_tick_comes_whatever_the_wall_clock_does(alarm: Alarm) -> None:
    alarm.set(now() + timedelta(days=365))  # as after a clock that was set back by a year

    assert 0.4 < waited(alarm, timedelta(seconds=0.5)) < SOON_S

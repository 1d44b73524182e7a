from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.decide.wrong.conditions import Condition
from orchestrator.core.fold import fold
from orchestrator.core.state import State
from orchestrator.daemon import senses
from orchestrator.errors import StateUnusable
from tests.records import NOW, recorded

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from orchestrator.core.events import Observed

ALL = frozenset({Condition.POLICY_BROKEN, Condition.DISK_SHORT, Condition.CLOCK_WRONG})
MINUTE = timedelta(minutes=1)


def seen(
    site: str = "", condition: Condition = Condition.DISK_SHORT, detail: str = "full"
) -> senses.Seen:
    return senses.Seen(site=site, condition=condition, detail=detail, remedy="free space")


def after(*events: Observed) -> State:
    return fold(recorded(*events))


def test_what_begins_and_what_ends_is_said_once() -> None:
    (began,) = senses.changes(State(), [seen()], ALL)
    state = after(began)

    assert (True, "full", "free space") == (began.present, began.detail, began.remedy)
    assert [] == senses.changes(state, [seen()], ALL)
    (ended,) = senses.changes(state, [], ALL)
    assert ("", "disk-short", False) == (ended.site, ended.condition, ended.present)
    assert [] == senses.changes(after(began, ended), [], ALL)


def test_figures_that_move_are_not_said_again_and_another_fault_is() -> None:
    state = after(*senses.changes(State(), [seen(detail="short: 400 MiB")], ALL))

    assert [] == senses.changes(state, [seen(detail="short: 399 MiB")], ALL)
    (other,) = senses.changes(state, [seen(detail="read-only: 399 MiB")], ALL)
    assert other.present


def test_what_was_not_looked_for_does_not_end() -> None:
    state = after(*senses.changes(State(), [seen()], ALL))

    assert [] == senses.changes(state, [], frozenset({Condition.CLOCK_WRONG}))


def test_each_broken_policy_is_told_with_its_first_fault() -> None:
    faults = {"acme": "acme.yaml:3: a\nacme.yaml:4: b", "": "provider.yaml:1: c"}

    acme, shared = senses.broken(faults)

    assert ("acme", "acme.yaml:3: a (and 1 more)") == (acme.site, acme.detail)
    assert ("", "provider.yaml:1: c") == (shared.site, shared.detail)


def test_a_disk_with_room_is_not_told_and_a_short_one_must_win_half_as_much_again(
    tmp_path: Path,
) -> None:
    found = os.statvfs(tmp_path)
    free = found.f_bavail * found.f_frsize
    assert [] == list(senses.disk(tmp_path, State(), free // 2))
    (short,) = senses.disk(tmp_path, State(), free * 2)
    assert str(tmp_path) in short.detail

    state = after(*senses.changes(State(), [short], ALL))
    assert [] == list(senses.disk(tmp_path, State(), free * 9 // 10))
    assert 1 == len(list(senses.disk(tmp_path, state, free * 9 // 10)))


@pytest.mark.parametrize(
    ("latest", "skew", "words"),
    [
        (None, None, ""),
        (NOW, timedelta(seconds=90), ""),
        (NOW + 10 * MINUTE, None, "the clock is behind: the log was last written 10 min after now"),
        (NOW, 16 * MINUTE, "the clock is off: 16 min ahead of the storage's"),
        (NOW, -16 * MINUTE, "the clock is off: 16 min behind the storage's"),
    ],
)
def test_a_clock_is_held_against_the_log_and_the_storage(
    latest: datetime | None, skew: timedelta | None, words: str
) -> None:
    told = list(senses.clock(NOW, State(), latest, skew))

    assert words == "".join(one.detail for one in told)


def test_a_clock_that_was_wrong_must_be_right_within_a_minute() -> None:
    wrong = list(senses.clock(NOW, State(), NOW + 10 * MINUTE, None))
    state = after(*senses.changes(State(), wrong, ALL))

    assert 1 == len(list(senses.clock(NOW, state, NOW + timedelta(seconds=90), None)))
    assert [] == list(senses.clock(NOW, state, NOW + timedelta(seconds=30), None))


def test_a_storage_that_agrees_with_the_clock_says_that_it_was_ahead_and_is_right_by_now() -> None:
    year = timedelta(days=365)

    assert [] == list(senses.clock(NOW, State(), NOW + year, timedelta(seconds=1)))
    assert 1 == len(list(senses.clock(NOW, State(), NOW + year, None)))
    (off,) = senses.clock(NOW, State(), NOW + year, -year)
    assert off.detail.startswith("the clock is behind")


def test_a_state_folder_that_is_gone_is_a_log_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(StateUnusable):
        list(senses.disk(tmp_path / "gone", State()))

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.events import RunKind
from orchestrator.core.fold import fold
from tests.records import (
    NOW,
    backed_up,
    copied,
    interrupted,
    observed,
    recorded,
    relocked,
    repaired,
    retained,
    rewound,
    run_failed,
    started,
    upkeep_started,
    verified,
)

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.core.events import Event
    from orchestrator.core.state import RepositoryState, State

VERIFY = RunKind.VERIFY
SECOND = timedelta(seconds=1)


def repository(*facts: Event, start: State | None = None) -> RepositoryState:
    after = start.seq if start else 0
    return fold(recorded(*facts, after=after), start).repository("bakery", "offsite")


def read(run: str, part: int, parts: int = 4, *, sound: bool = True) -> list[Event]:
    """One reading by the schedule; it begins a second before it ends."""
    return [upkeep_started(run, VERIFY), verified(run, part, parts, sound=sound)]


def at(seq: int) -> datetime:
    return NOW + seq * SECOND


def test_a_part_was_read_when_its_run_began() -> None:
    known = repository(*read("v1", 2), *read("v2", 3))

    assert (4, {"2": at(1), "3": at(3)}) == (known.parts, known.read)
    assert known.oldest_read is None


def test_what_was_read_longest_ago_is_known_when_every_part_was_read() -> None:
    facts = [event for n in (2, 3, 1, 4) for event in read(f"v{n}", n)]

    assert at(1) == repository(*facts).oldest_read
    assert at(3) == repository(*facts, *read("v5", 2)).oldest_read


def test_a_run_that_nobody_saw_starting_began_as_long_ago_as_it_took() -> None:
    known = repository(verified("v1", 1, 4))

    assert {"1": at(1) - 4 * SECOND} == known.read


def test_another_division_keeps_what_is_known_of_the_packs() -> None:
    whole = [event for n in (1, 2, 3, 4) for event in read(f"v{n}", n)]

    finer = repository(*whole, *read("w1", 5, parts=8))
    coarser = repository(*whole, *read("w1", 1, parts=2))
    other = repository(*whole, *read("w1", 1, parts=3))

    # restic divides by the first byte of an id: 1/4 is 1/8 and 5/8.
    assert {"1": at(1), "2": at(3), "3": at(5), "4": at(7), "6": at(3), "7": at(5), "8": at(7)} == {
        part: when for part, when in finer.read.items() if part != "5"
    }
    assert at(9) == finer.read["5"]
    assert {"1": at(9), "2": at(3)} == coarser.read
    assert {"1": at(9), "2": at(1), "3": at(1)} == other.read


def test_packs_that_were_never_read_are_so_in_another_division_too() -> None:
    known = repository(*read("v1", 1), *read("v2", 3), *read("w1", 2, parts=2))

    assert (2, {"1": at(1), "2": at(5)}) == (known.parts, known.read)
    none = repository(*read("v1", 1), *read("w1", 2, parts=2))
    assert {"2": at(3)} == none.read


def test_what_a_person_reads_by_another_division_counts_for_what_it_covers() -> None:
    def by_hand(part: int, parts: int) -> list[Event]:
        begun = replace(upkeep_started("h1", VERIFY), slot=None)
        return [begun, verified("h1", part, parts)]

    half = repository(*read("v1", 1), *by_hand(1, 2))
    everything = repository(*read("v1", 1), *by_hand(1, 1))
    part_of_one = repository(*read("v1", 1), *by_hand(1, 8))

    assert (4, {"1": at(3), "3": at(3)}) == (half.parts, half.read)
    assert dict.fromkeys("1234", at(3)) == everything.read
    assert {"1": at(1)} == part_of_one.read
    assert (8, {"1": at(1)}) == (repository(*by_hand(1, 8)).parts, repository(*by_hand(1, 8)).read)


def test_a_damage_stays_until_its_part_is_sound() -> None:
    hurt = read("v1", 2, sound=False)

    assert "v1" == getattr(repository(*hurt).damaged, "run", None)
    assert "v1" == getattr(repository(*hurt, *read("v2", 3)).damaged, "run", None)
    assert "v2" == getattr(repository(*hurt, *read("v2", 2, sound=False)).damaged, "run", None)
    assert repository(*hurt, *read("v2", 2)).damaged is None
    assert repository(*hurt, *read("v2", 1, parts=1)).damaged is None


def test_each_damaged_part_must_be_found_sound() -> None:
    hurt = [*read("v1", 2, sound=False), *read("v2", 3, sound=False)]

    assert ["2/4", "3/4"] == list(repository(*hurt).damages)
    assert "v1" == getattr(repository(*hurt, *read("v3", 3)).damaged, "run", None)
    assert ["3/4", "2/4"] == list(repository(*hurt, *read("v3", 2, sound=False)).damages)
    assert repository(*hurt, *read("v3", 3), *read("v4", 2)).damaged is None


def test_a_damage_is_looked_for_again_by_the_division_that_found_it() -> None:
    hurt = [*read("v1", 2, sound=False), *read("w1", 5, parts=8)]

    again = repository(*hurt, *read("v2", 2))

    assert again.damaged is None
    assert 8 == again.parts
    assert {"2": at(5), "6": at(5)} == {part: again.read[part] for part in ("2", "6")}


@pytest.mark.parametrize("sound", [True, False])
def test_a_repair_or_a_rewind_ends_it_where_nothing_damaged_is_left(*, sound: bool) -> None:
    hurt = [*read("v1", 2, sound=False), *read("v2", 3, sound=False)]

    assert sound == (repository(*hurt, repaired("p1", sound=sound)).damaged is None)
    assert sound == (repository(*hurt, rewound("w1", sound=sound)).damaged is None)


def test_locks_and_retention_are_as_their_last_run_left_them() -> None:
    known = repository(
        upkeep_started("l1", RunKind.RELOCK),
        relocked("l1", "config: governance"),
        upkeep_started("t1", RunKind.RETAIN),
        retained("t1", "too many"),
    )

    assert ("l1", "t1") == (getattr(known.relocked, "run", 0), getattr(known.retained, "run", 0))
    outcomes = {kind: series.last and series.last.outcome for kind, series in known.series.items()}
    assert {"relock": "weak", "retain": "held"} == outcomes
    assert {0} == {series.failures for series in known.series.values()}


@pytest.mark.parametrize("kind", [VERIFY, RunKind.RELOCK, RunKind.RETAIN])
def test_failures_are_counted_by_kind_and_repository(kind: RunKind) -> None:
    failed = run_failed("u1", kind=kind, service="")
    cut = interrupted("u2", kind=kind, service="")
    known = repository(upkeep_started("u1", kind), failed, upkeep_started("u2", kind), cut)

    series = known.of(kind)
    assert (1, 1) == (series.failures, series.interruptions)
    assert ("u2", "u1") == (getattr(series.last, "run", ""), getattr(series.answered, "run", ""))
    assert {str(kind)} == set(known.series)


@pytest.mark.parametrize("kind", [RunKind.COPY, VERIFY, RunKind.RELOCK, RunKind.RETAIN])
def test_an_end_of_which_nobody_knows_what_it_was_of_changes_nothing(kind: RunKind) -> None:
    state = fold(recorded(run_failed("u1", kind=kind)))

    assert {} == state.sites


def test_what_people_do_to_repositories_is_remembered_by_site() -> None:
    begun = upkeep_started("p1", RunKind.REPAIR)
    open_ = fold(recorded(begun))
    state = fold(recorded(repaired("p1"), after=1), open_)

    assert ["p1"] == list(open_.open)
    last = state.sites["bakery"].repairs.last
    assert last is not None
    assert ("p1", "complete", RunKind.REPAIR) == (last.run, last.outcome, last.kind)
    rewinding = fold(recorded(upkeep_started("w1", RunKind.REWIND), rewound("w1", sound=False)))
    assert "lost" == getattr(rewinding.sites["bakery"].repairs.last, "outcome", None)


def test_a_repository_counts_from_its_first_usable_point_on() -> None:
    state = fold(recorded(backed_up("b1"), backed_up("b2"), copied("c1", "b1"), copied("c2", "b2")))

    assert at(1) == state.repository("bakery", "offsite").since
    assert at(3) == state.repository("bakery", "nas").since
    assert fold(recorded(*read("v1", 1))).repository("bakery", "offsite").since is None


def test_a_copy_says_what_is_there_since_when_and_how_old_it_became() -> None:
    hour = timedelta(hours=1)
    facts: list[Event] = [
        upkeep_started("c1", RunKind.COPY, "nas"),
        copied("c1", "b1", NOW + hour),
        upkeep_started("c2", RunKind.COPY, "nas"),
        copied("c2", "b2", NOW + 3 * hour),
        upkeep_started("c3", RunKind.COPY, "nas"),
        copied("c3", "b2", NOW + 5 * hour),  # nothing new
    ]

    known = fold(recorded(*facts)).copy("bakery", "till", "nas")

    assert "c2" == getattr(known.complete, "run", None)
    assert NOW + hour == known.since
    assert {"2026-11-23": 3 * 3600.0} == known.gaps
    assert (3.0, 3.0) == known.seconds
    assert ("c3", "complete") == (
        getattr(known.copies.last, "run", None),
        getattr(known.copies.last, "outcome", None),
    )


def test_it_keeps_400_days_of_a_copy() -> None:
    day = timedelta(days=1)
    facts = [copied(f"c{n}", f"b{n}", NOW + n * day) for n in range(402)]

    known = fold(recorded(*facts)).copy("bakery", "till", "nas")

    assert 400 == len(known.gaps)
    assert "2026-11-25" == min(known.gaps)
    assert 5 == len(known.seconds)


def test_the_clock_is_doubted_from_when_it_was_last_said_to_be_wrong_or_right() -> None:
    wrong, right = observed("clock-wrong"), observed("clock-wrong", present=False)

    assert fold(recorded(observed("disk-short"))).clock_doubted_at is None
    assert at(1) == fold(recorded(wrong)).clock_doubted_at
    assert at(2) == fold(recorded(wrong, right)).clock_doubted_at


def test_applying_to_a_state_leaves_the_one_it_came_from_alone() -> None:
    first = fold(recorded(*read("v1", 2, sound=False), backed_up("b1"), copied("c1", "b1")))
    before = first.repository("bakery", "offsite")
    was = (dict(before.read), list(before.damages), before.seq)

    repository(*read("v2", 2), copied("c2", "b2"), started("b3"), start=first)

    assert was == (before.read, list(before.damages), before.seq)
    assert "c1" == getattr(first.copy("bakery", "till", "nas").complete, "run", None)

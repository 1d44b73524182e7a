"""What holds a retention back: each with its words, and nothing removed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from orchestrator.core.copies.snapshots import Contents
from orchestrator.core.events import (
    CopyFinished,
    Event,
    Outcome,
    RetainFinished,
    RunFailed,
    RunInterrupted,
    RunKind,
)
from orchestrator.core.retention import past
from orchestrator.core.retention.guards import Before, allowance, held
from orchestrator.core.retention.thinning import Thinned
from tests.points import DAY, NOW, backed_up, nightly, recorded, started


def contents(there: int, *, until: datetime = NOW) -> Contents:
    points = tuple(reversed(nightly(there, until=until)))
    return Contents(points=points, broken=(), leftovers=(), adopted=(), foreign=())


def going(count: int) -> list[Thinned]:
    return [Thinned(service="till", kept=(), removed=tuple(nightly(count)))]


def finished(run: str, *, kept: int = 10, held: str = "", freed: int | None = 0) -> RetainFinished:
    return RetainFinished(
        run=run,
        site="bakery",
        repository="offsite",
        held=held,
        kept=kept,
        removed=0,
        removable=7,
        foreign=0,
        freed_bytes=freed,
        seconds=1.0,
    )


def copied(points: int) -> CopyFinished:
    return CopyFinished(
        run="c",
        site="bakery",
        service="till",
        origin="nas",
        repository="offsite",
        point="p",
        snapshots=(),
        usable_at=NOW,
        points=points,
        seconds=1.0,
    )


def ended(kind: type[RunFailed | RunInterrupted], run: str) -> Event:
    if kind is RunFailed:
        return RunFailed(
            run=run,
            kind=RunKind.RETAIN,
            site="bakery",
            service="",
            error="e",
            remedy="r",
            retryable=True,
        )
    return RunInterrupted(
        run=run, kind=RunKind.RETAIN, site="bakery", service="", swept=0, note="n"
    )


def before(*events: Event, at: datetime = NOW) -> Before:
    return past.before(recorded(events, at), "offsite", NOW)


@pytest.mark.parametrize(
    ("there", "added", "allowed", "limit"),
    [
        (10, 0, None, 5),  # at least five
        (1000, 0, None, 100),  # a tenth
        (1000, 96, None, 196),  # and what was added
        (1000, 96, 700, 796),  # a person let 700 go, and 96 came since
        (1000, 96, 3, 196),  # his word takes nothing back
    ],
)
def test_a_run_may_remove_so_many(there: int, added: int, allowed: int | None, limit: int) -> None:
    assert limit == allowance(there, Before(kept=there, added=added), allowed)


def test_one_more_than_allowed_holds_everything_back() -> None:
    known = Before(kept=100, added=0)

    assert "" == held(contents(100), going(10), known, NOW)
    why = held(contents(100), going(11), known, NOW)
    assert "would remove 11 of 100 points" in why
    assert "at most 10" in why
    assert "" == held(contents(100), going(11), known, NOW, allowed=11)


def test_a_point_that_somebody_else_took_away_holds_it_back() -> None:
    why = held(contents(12), [], Before(kept=10, added=3), NOW)

    assert why.startswith("1 point of ours that should be there is gone or not whole")
    assert "3 points of ours that should be there are gone" in held(
        contents(10), [], Before(kept=10, added=3), NOW
    )
    assert "" == held(contents(12), [], Before(kept=10, added=3), NOW, allowed=0)


def test_what_a_retention_that_was_cut_short_removed_is_not_called_gone() -> None:
    known = Before(kept=10, added=3, is_cut=True)

    assert "" == held(contents(8), [], known, NOW)
    assert "1 point of ours" in held(contents(7), [], known, NOW)


def test_a_first_retention_has_nothing_to_compare_with() -> None:
    assert "" == held(contents(3), [], Before(kept=None, added=50), NOW)


def test_a_newest_point_from_the_future_holds_it_back() -> None:
    ahead = contents(5, until=NOW + timedelta(minutes=6))

    assert "the newest point of till is dated 2026-11-23 12:06 UTC, in the future" in held(
        ahead, going(1), Before(), NOW, allowed=99
    )


def test_what_came_since_the_last_one_that_was_done_counts_as_added() -> None:
    nights = [backed_up(f"r{n}", NOW) for n in range(4)]

    assert Before(kept=10, added=5) == before(
        nights[0], finished("a"), nights[1], finished("b", held="no"), nights[2], copied(3)
    )


def test_only_complete_points_of_this_repository_count() -> None:
    assert (
        0
        == before(
            finished("a"),
            backed_up("p", NOW, outcome=Outcome.PARTIAL),
            backed_up("f", NOW, outcome=Outcome.FAILED),
            backed_up("n", NOW, repository="nas"),
        ).added
    )


def test_where_no_retention_was_made_yet_a_month_counts_as_added() -> None:
    nights = [backed_up("r0", NOW), backed_up("r1", NOW)]

    assert Before(kept=None, added=2) == before(*nights, at=NOW - 30 * DAY)
    assert Before(kept=None, added=0) == before(*nights, at=NOW - 32 * DAY)


@pytest.mark.parametrize("kind", [RunFailed, RunInterrupted])
def test_one_that_was_cut_short_owes_a_prune(kind: type[RunFailed | RunInterrupted]) -> None:
    cut: list[Event] = [finished("a"), started("b", kind=RunKind.RETAIN), ended(kind, "b")]

    assert Before(kept=10, is_cut=True, owes_prune=True) == before(*cut)
    assert Before(kept=10, is_cut=True, owes_prune=True) == before(*cut, finished("c", held="no"))
    assert Before(kept=10) == before(*cut, finished("c"))


def test_one_that_gave_way_owes_a_prune() -> None:
    assert before(finished("a", freed=None)).owes_prune


def test_the_failure_of_another_repository_owes_nothing() -> None:
    assert Before(kept=10) == before(finished("a"), ended(RunFailed, "elsewhere"))

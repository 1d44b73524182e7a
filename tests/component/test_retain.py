"""Thinning a repository out: whole points, only ours, never when something is wrong."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.adapters.leases import lease
from orchestrator.core.events import (
    Observed,
    Outcome,
    RunFailed,
    RunInterrupted,
    RunKind,
)
from orchestrator.errors import Interrupted, Misused, RepositoryRefused
from orchestrator.jobs.retain import retain
from orchestrator.jobs.sweep import recover
from orchestrator.jobs.upkeep import begin_upkeep
from tests.component.retaining import NOW, SERVICES, Stocked, on_path, slow_prune
from tests.points import DAY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stocked]:
    """A site whose repository has one foreign snapshot."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PATH", on_path())
        yield Stocked(tmp_path_factory.mktemp("stocked"))


@pytest.fixture
def house(tmp_path: Path, stocked: Stocked) -> Stocked:
    """The same for a test of its own; the policy keeps three days."""
    return Stocked(tmp_path, stocked)


def test_whole_points_go_and_the_foreign_snapshot_stays(house: Stocked) -> None:
    house.nights(6)

    done = house.retain()

    assert ["", "r0", "r1", "r2"] == house.runs()
    assert [2, 2, 2] == [house.parts(run) for run in ("r0", "r1", "r2")]
    assert ("", 3, 3, 3, 1) == (done.held, done.kept, done.removed, done.removable, done.foreign)
    assert done == house.events()[-1]
    assert done.freed_bytes is not None
    assert "no errors were found" in house.check()


def test_a_second_one_has_nothing_to_do_and_does_not_prune(house: Stocked) -> None:
    house.nights(4)
    house.retain()
    house.heard.lines.clear()

    done = house.retain()

    assert (3, 0, 0) == (done.kept, done.removed, done.freed_bytes)
    assert [] == house.heard.lines


def test_a_thousand_forged_snapshots_push_nothing_out(house: Stocked) -> None:
    house.nights(4)
    for number in range(1_000):
        house.snapshot(f"forged-{number // 2}", "partage", NOW - number * 7 * MINUTE)

    done = house.retain()

    assert ("", 3, 1, 1_001) == (done.held, done.kept, done.removed, done.foreign)
    listing = house.listing()
    assert 1_001 + 3 * 2 == len(listing)
    assert {"r0", "r1", "r2"} <= {one.tag("run") for one in listing}


def test_a_forged_snapshot_from_the_future_holds_everything_back(house: Stocked) -> None:
    house.nights(6)
    late = house.snapshot("forged", "partage", NOW + 6 * MINUTE)

    done = house.retain(allowed=100)

    assert late[:8] in done.held
    assert (6, 0, 3) == (done.kept, done.removed, done.removable)
    assert 6 * 2 + 2 == len(house.listing())


def test_points_that_somebody_took_away_hold_everything_back(house: Stocked) -> None:
    house.nights(4)
    house.retain()
    house.site.restic("forget", *(one.id for one in house.listing() if one.tag("run") == "r2"))
    house.now += DAY
    house.point("new", house.now)

    done = house.retain()

    assert done.held.startswith("1 point of ours that should be there is gone")
    again = house.retain()
    assert done.held == again.held
    assert "" == house.retain(allowed=again.removable).held
    assert "" == house.retain().held


def test_too_many_at_once_are_held_until_a_person_resolves_the_incident(house: Stocked) -> None:
    house.policy("retention: {daily: 40}\n")
    house.nights(40)
    assert "" == house.retain().held
    house.policy("retention: {daily: 3}\n")

    held = house.retain()

    assert "would remove 37 of 40 points" in held.held
    assert (40, 0, 37) == (held.kept, held.removed, held.removable)
    house.resolve(held)
    done = house.retain()
    assert ("", 3, 37) == (done.held, done.kept, done.removed)


@pytest.mark.parametrize("condition", ["clock-wrong", "log-restored"])
def test_while_something_is_in_doubt_nothing_is_removed(house: Stocked, condition: str) -> None:
    house.nights(6)
    house.app.log.append(
        Observed(site="", condition=condition, present=True, detail="it is", remedy="Look.")
    )

    done = house.retain()

    assert condition in done.held
    assert 0 == done.removed


def test_leftovers_of_failed_runs_go_with_time(house: Stocked) -> None:
    house.point("old", NOW - 9 * DAY, outcome=Outcome.FAILED)
    house.point("half", NOW - 8 * DAY, outcome=Outcome.PARTIAL)
    house.point("young", NOW - 6 * DAY, outcome=Outcome.FAILED)
    house.nights(1)

    done = house.retain()

    assert ["", "r0", "young"] == house.runs()
    assert (1, 0, 1) == (done.kept, done.removed, done.foreign)


def test_points_of_a_service_that_is_gone_are_kept(house: Stocked) -> None:
    house.nights(6)
    house.policy("retention: {daily: 3}\n", SERVICES.replace("partage", "autre"))

    assert (6, 0) == (house.retain().kept, house.retain().removed)


def test_a_point_of_which_only_the_seal_was_removed_is_removed_next_time(house: Stocked) -> None:
    house.nights(6)
    (seal,) = (one for one in house.listing() if one.tags[1:3] == ("run=r5", "source=seal"))
    house.site.restic("forget", seal.id)

    done = house.retain()

    assert (3, 2) == (done.kept, done.removed)
    assert ["", "r0", "r1", "r2"] == house.runs()


def test_after_one_that_was_killed_the_next_one_frees_what_it_forgot(house: Stocked) -> None:
    house.nights(4)
    site = house.app.site("acme")
    killed = begin_upkeep(house.app, site, RunKind.RETAIN, "far")
    assert killed is not None
    killed.lock.release()  # as the kernel does for the dead
    recover(house.app)
    house.site.restic("forget", *(one.id for one in house.listing() if one.tag("run") == "r3"))

    done = house.retain()

    assert ("", 0) == (done.held, done.removed)
    assert "far: freeing the space that nothing needs" in "\n".join(house.heard.lines)
    assert any(isinstance(event, RunInterrupted) for event in house.events())


def test_a_prune_gives_way_to_a_backup_that_has_waited_and_is_made_up_for(
    house: Stocked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", slow_prune(tmp_path))
    house.nights(4)
    house.now -= 4 * MINUTE
    backup = begin_upkeep(house.app, house.app.site("acme"), RunKind.BACKUP, "far", service="till")
    assert backup is not None
    house.now += 4 * MINUTE

    first = house.retain()
    backup.stop()
    with pytest.raises(Interrupted), backup:
        raise Interrupted("stopped")
    second = house.retain()

    assert ("", 1, None) == (first.held, first.removed, first.freed_bytes)
    assert "gave way to the backup of till" in "\n".join(house.heard.lines)
    assert ("", 0) == (second.held, second.removed)
    assert second.freed_bytes is not None
    assert "" == house.locks()
    assert "no errors were found" in house.check()


def test_a_policy_without_retention_removes_nothing(house: Stocked) -> None:
    house.policy("")

    with pytest.raises(Misused, match="the policy has no retention"):
        house.retain()
    failed = house.events()[-1]
    assert isinstance(failed, RunFailed)


def test_an_append_only_repository_is_refused_with_a_hint(house: Stocked) -> None:
    house.nights(6)
    policy = house.site.policies / "acme.yaml"
    policy.write_text(
        policy.read_text().replace("location: offsite", "location: offsite, append_only: true")
    )
    house.reopen()

    with pytest.raises(RepositoryRefused) as caught:
        house.retain()

    assert "append_only" in str(caught.value)
    assert "keys may delete" in caught.value.hint


def test_stopped_before_it_begins_it_says_so_and_removes_nothing(house: Stocked) -> None:
    house.nights(6)
    site = house.app.site("acme")
    begun = begin_upkeep(house.app, site, RunKind.RETAIN, "far")
    assert begun is not None
    begun.stop()

    with pytest.raises(Interrupted):
        retain(house.app, site, "far", begun, house.heard)

    assert isinstance(house.events()[-1], RunInterrupted)
    assert 6 * 2 + 1 == len(house.listing())


def test_it_waits_until_it_is_alone_in_the_repository(house: Stocked) -> None:
    house.nights(4)
    url = house.app.site("acme").repositories["far"].url
    with ThreadPoolExecutor(1) as pool:
        with lease(house.site.state, url, exclusive=False):
            future = pool.submit(house.retain)
            wait([future], timeout=1.5)
            waited = not future.done()
        done = future.result()

    assert waited
    assert 1 == done.removed

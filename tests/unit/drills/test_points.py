from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from restore_drills.model import Selection, SourceKind, SourcePlan
from restore_drills.points import find, space, usable_at
from tests.builders import DATA_TIME, NOW, RUN, seal, sealed, seconds, service, snapshot

if TYPE_CHECKING:
    from restore_drills.model import Snapshot

LATER = "20261123T112000Z-bbbbbb"


def test_a_sealed_run_with_every_part_is_a_point_as_old_as_its_oldest_part() -> None:
    late_roles = snapshot("till.roles", at=DATA_TIME + seconds(40))

    found = find([late_roles, snapshot("till"), seal(at=DATA_TIME + seconds(40))], service())

    assert [DATA_TIME] == [p.data_time for p in found.usable]
    assert {"till", "till.roles"} == set(found.usable[0].snapshots)
    assert 2000 == found.usable[0].bytes


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        (sealed()[:2], "not sealed, its backup failed or is still under way"),
        (sealed()[1:], "lacks till"),
        (sealed(outcome="partial"), "sealed as partial, not as complete"),
        ([*sealed()[:2], snapshot("seal")], "sealed as of no outcome, not as complete"),
    ],
)
def test_a_run_that_is_not_whole_is_no_point_and_says_why(parts: list[Snapshot], why: str) -> None:
    found = find(parts, service())

    assert () == found.usable
    assert (f"{RUN}: {why}",) == found.unusable


@pytest.mark.parametrize(
    "foreign",
    [
        [replace(s, host="another") for s in sealed()],
        [replace(s, tags=("service=files", *s.tags[1:])) for s in sealed()],
        [replace(s, tags=("service=till",)) for s in sealed()],
        [replace(s, tags=("service=till", "run=", "source=")) for s in sealed()],
    ],
)
def test_snapshots_of_others_are_not_looked_at(foreign: list[Snapshot]) -> None:
    found = find(foreign, service())

    assert ((), ()) == (found.usable, found.unusable)


def test_what_was_rewritten_later_does_not_stand_in_for_the_original() -> None:
    rewritten = snapshot("till", id="00" * 32, original=snapshot("till").id, tree="dead" * 16)

    found = find([rewritten, *sealed()], service())

    assert snapshot("till") == found.usable[0].snapshots["till"]


def test_the_newest_point_before_the_disaster_is_used() -> None:
    found = find([*sealed(LATER, NOW), *sealed()], service())

    assert LATER == getattr(found.before(NOW + seconds(10)), "run", None)
    assert RUN == getattr(found.before(NOW - seconds(10)), "run", None)
    assert None is found.before(DATA_TIME - seconds(10))


def test_a_point_made_in_the_second_after_a_chosen_disaster_is_of_no_use() -> None:
    found = find([*sealed(LATER, NOW), *sealed()], service())
    disaster = usable_at(found.usable[-1]) - seconds(1)

    assert RUN == getattr(found.before(disaster, chosen=True), "run", None)
    assert LATER == getattr(found.before(disaster), "run", None)  # now, by another clock


def test_a_backup_that_was_still_running_at_the_disaster_is_of_no_use() -> None:
    parts = [*sealed()[:2], seal(at=DATA_TIME + timedelta(hours=5))]

    found = find(parts, service())

    assert None is found.before(DATA_TIME + timedelta(hours=4))
    assert found.usable[0] == found.before(DATA_TIME + timedelta(hours=6))


def test_a_point_dated_in_the_future_is_told_and_a_blink_of_two_clocks_is_not() -> None:
    found = find(sealed(at=NOW), service())

    assert found.usable == found.after(NOW - timedelta(minutes=1))
    assert () == found.after(NOW + seconds(4))


def adopting() -> tuple[SourcePlan, Selection]:
    return (
        SourcePlan(name="old", kind=SourceKind.FILES),
        Selection(host="SRV", tags=("sage",), sealed=False),
    )


def test_every_adopted_snapshot_is_a_point_of_its_own_without_a_seal() -> None:
    source, selection = adopting()
    theirs = snapshot("x", host="SRV", tags=("sage",))
    others = snapshot("y", host="SRV")

    found = find([theirs, others], service(sources=(source,), selection=selection))

    assert [(theirs.id[:8], {"old": theirs}, None)] == [
        (p.run, p.snapshots, p.seal) for p in found.usable
    ]
    assert theirs.time == usable_at(found.usable[0])


@given(
    st.lists(
        st.sampled_from(
            [
                s
                for run in (RUN, LATER)
                for outcome in ("complete", "partial")
                for s in sealed(run, outcome=outcome)
            ]
        )
    )
)
def test_no_point_is_usable_without_all_its_parts_and_a_seal_that_says_complete(
    listing: list[Snapshot],
) -> None:
    found = find(listing, service())

    for point in found.usable:
        assert {"till", "till.roles"} == set(point.snapshots)
        assert point.seal is not None
        assert "complete" == point.seal.tag("outcome")
        assert {point.run} == {s.tag("run") for s in (*point.snapshots.values(), point.seal)}
    assert found == find(listing[::-1], service())


def test_a_dump_takes_three_times_its_size_once_loaded_and_a_cluster_beside() -> None:
    snapshots = {name: snapshot(name, bytes=1000) for name in ("till", "till.roles")}
    files = replace(service(), sources=(SourcePlan(name="till", kind=SourceKind.FILES),))

    assert 6000 + (128 << 20) == space(service(), snapshots)
    assert 2000 == space(files, snapshots)
    assert 0 == space(files, {"till": replace(snapshots["till"], bytes=None)})

"""What a copy brings, from two listings."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from orchestrator.core.copies.lacking import There, wholes
from restore_drills.model import Snapshot

AT = datetime(2026, 11, 23, 13, 45, tzinfo=UTC)


def snapshot(source: str, run: str, minutes: int) -> Snapshot:
    tags = ("service=till", f"run={run}", f"source={source}")
    return Snapshot(
        id=f"{run}-{source}",
        tree=f"tree of {run}-{source}",
        time=AT + timedelta(minutes=minutes),
        host="acme",
        tags=(*tags, "outcome=complete") if source == "seal" else tags,
        paths=("/x",),
        original=None,
        bytes=1,
        files=1,
    )


def point(run: str = "r1", minutes: int = 0) -> list[Snapshot]:
    return [snapshot(s, run, minutes) for s in ("till", "till.roles", "seal")]


def copied(one: Snapshot) -> Snapshot:
    return replace(one, id=f"copy of {one.id}", original=one.id)


def test_only_what_is_sealed_and_complete_is_a_point_and_the_newest_is_first() -> None:
    unsealed = point("r2", 10)[:2]
    partial = point("r3", 20)
    partial[2] = replace(partial[2], tags=(*partial[2].tags[:3], "outcome=partial"))
    others = [replace(s, host="globex") for s in point("r4", 30)]
    seal_alone = point("r5", 40)[2:]

    found = wholes(
        [*point("r0"), *unsealed, *partial, *others, *seal_alone, *point("r6", 50)], "acme", "till"
    )

    assert ["r6", "r0"] == [p.run for p in found]
    assert ["r6-till", "r6-till.roles"] == [s.id for s in found[0].snapshots]
    assert AT + timedelta(minutes=50) == found[0].data_time
    assert () == wholes(point(), "acme", "shop")


def test_a_point_is_there_when_every_tree_of_it_is_and_its_seal() -> None:
    (whole,) = wholes(point(), "acme", "till")
    there = [copied(s) for s in point()]

    assert not There(there).lacks(whole, resealed=False)
    for missing in range(3):
        assert There(there[:missing] + there[missing + 1 :]).lacks(whole, resealed=False)
    assert There([]).lacks(whole, resealed=False)


def test_a_copy_of_a_copy_is_known_by_the_first_original() -> None:
    (whole,) = wholes([copied(s) for s in point()], "acme", "till")

    assert not There(point()).lacks(whole, resealed=False)


def test_a_copy_that_was_rewritten_is_none_even_beside_a_good_one() -> None:
    (whole,) = wholes(point(), "acme", "till")
    good = [copied(s) for s in point()]
    rewritten = replace(good[0], id="repaired", tree="another tree")

    assert There([rewritten, *good[1:]]).lacks(whole, resealed=False)
    assert not There([rewritten, *good]).lacks(whole, resealed=False)
    assert good[0] == There([rewritten, *good]).copy_of(whole.snapshots[0])


def test_a_seal_that_was_made_there_counts_by_its_run() -> None:
    (whole,) = wholes(point(), "acme", "till")
    *there, seal = [copied(s) for s in point()]
    own = replace(seal, id="new", original=None, tree="signed anew")

    assert not There([*there, own]).lacks(whole, resealed=True)
    assert There([*there, own]).lacks(whole, resealed=False)
    assert There(there).lacks(whole, resealed=True)
    assert There([*there, replace(own, tags=(*own.tags[:3], "outcome=partial"))]).lacks(
        whole, resealed=True
    )

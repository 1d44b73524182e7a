"""A copy: what it brings, in which order, and what it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.events import CopyFinished

if TYPE_CHECKING:
    from tests.copying import Places


def test_a_copy_has_the_trees_of_the_source_and_a_seal_of_its_own_password(places: Places) -> None:
    done = places.copy()

    near, far = places.snapshots("near"), places.snapshots("far")
    here = {s["id"]: s["tree"] for s in near if "source=seal" not in s["tags"]}
    there = {s["original"]: s["tree"] for s in far if "source=seal" not in s["tags"]}
    assert here == there
    assert {s.tree for s in done.snapshots} == set(here.values())
    assert ["partage"] == [s.source for s in done.snapshots]
    (seal,) = [s for s in far if "source=seal" in s["tags"]]
    assert {"service=partage", "outcome=complete", f"run={done.point}"} < set(seal["tags"])
    assert (1, "near", "far") == (done.points, done.origin, done.repository)
    assert ["partage: new repository made at " + places.far] == places.heard.lines
    assert places.heard.packs[-1][0] == places.heard.packs[-1][1]
    config = [places.restic(name, "cat", "config") for name in ("near", "far")]
    assert config[0].split("chunker_polynomial")[1] == config[1].split("chunker_polynomial")[1]
    assert "" == places.restic("far", "list", "locks")
    assert "" == places.restic("near", "list", "locks")


def test_under_one_password_the_seal_is_copied_as_it_is(places: Places) -> None:
    places.site.secret("far", "the near password")

    places.copy()

    near, far = places.snapshots("near"), places.snapshots("far")
    assert {s["id"] for s in near} == {s["original"] for s in far}
    assert {s["tree"] for s in near} == {s["tree"] for s in far}


def test_the_newest_point_comes_first_and_what_is_there_is_not_copied_again(
    both: Places,
) -> None:
    both.grow()
    second = both.back_up()
    both.grow()
    third = both.back_up()

    done = both.copy()
    again = both.copy()

    assert (third, 3) == (done.point, done.points)
    assert second in {tag[4:] for s in both.snapshots("far") for tag in s["tags"]}
    assert (third, 0, done.usable_at) == (again.point, again.points, again.usable_at)
    assert [s.id for s in done.snapshots] == [s.id for s in again.snapshots]
    assert 6 == len(both.snapshots("far"))
    ends = [e for e in both.events() if isinstance(e, CopyFinished)]
    assert [done, again] == ends


def test_a_copy_that_was_forgotten_is_brought_again(both: Places) -> None:
    both.copy()
    (lost,) = [s for s in both.snapshots("far") if "source=partage" in s["tags"]]
    both.restic("far", "forget", lost["id"])

    done = both.copy()

    assert 1 == done.points
    assert done.snapshots[0].tree == lost["tree"]


def test_what_the_policy_does_not_keep_is_not_brought(both: Places) -> None:
    for _ in range(2):
        both.grow()
        last = both.back_up()
    both.write("retention: {last: 2}\n")

    done = both.copy()

    assert (last, 2) == (done.point, done.points)

"""A copy: what it brings, in which order, and what it says when the other place is not right."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.events import CopyFinished, RunFailed
from orchestrator.errors import (
    Misused,
    RepositoryAbsent,
    RepositoryDamaged,
    RepositoryRefused,
    RepositoryUnreachable,
)
from tests.copying import Places
from tests.site import TOOLS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIAR = """\
#!/bin/sh
# Says that it copied, and did not.
if [ "$1" = copy ]; then echo "snapshot 0123abcd saved"; exit 0; fi
exec "%s" "$@"
"""


@pytest.fixture(scope="module", autouse=True)
def _our_restic() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PATH", f"{TOOLS / 'bin'}:{os.environ['PATH']}")
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site with one point in the near repository, made once."""
    places = Places(tmp_path_factory.mktemp("made") / "home")
    places.site.fill(12, 5_000)
    places.write()
    places.back_up()
    return places.site.home


@pytest.fixture
def places(made: Path, tmp_path: Path) -> Places:
    """A site of its own with that point; the log is another one, and knows of none."""
    home = tmp_path / "home"
    shutil.copytree(made, home, ignore=shutil.ignore_patterns("state"))
    found = Places(home)
    found.write()
    return found


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
    places: Places,
) -> None:
    places.grow()
    second = places.back_up()
    places.grow()
    third = places.back_up()

    done = places.copy()
    again = places.copy()

    assert (third, 3) == (done.point, done.points)
    assert second in {tag[4:] for s in places.snapshots("far") for tag in s["tags"]}
    assert (third, 0, done.usable_at) == (again.point, again.points, again.usable_at)
    assert [s.id for s in done.snapshots] == [s.id for s in again.snapshots]
    assert 6 == len(places.snapshots("far"))
    ends = [e for e in places.events() if isinstance(e, CopyFinished)]
    assert [done, again] == ends


def test_a_copy_that_was_forgotten_is_brought_again(places: Places) -> None:
    places.copy()
    (lost,) = [s for s in places.snapshots("far") if "source=partage" in s["tags"]]
    places.restic("far", "forget", lost["id"])

    done = places.copy()

    assert 1 == done.points
    assert done.snapshots[0].tree == lost["tree"]


def test_what_the_policy_does_not_keep_is_not_brought(places: Places) -> None:
    for _ in range(2):
        places.grow()
        last = places.back_up()
    places.write("retention: {last: 2}\n")

    done = places.copy()

    assert (last, 2) == (done.point, done.points)


def test_a_repository_that_held_copies_and_vanished_is_not_made_again(places: Places) -> None:
    places.copy()
    shutil.rmtree(places.far)

    with pytest.raises(RepositoryAbsent, match="far: the repository has vanished"):
        places.copy()

    assert not (places.site.home / "far").exists()
    failed = places.events()[-1]
    assert isinstance(failed, RunFailed)
    assert ("partage", "repository-absent") == (failed.service, failed.code)


def test_a_place_that_is_not_empty_gets_no_repository(places: Places) -> None:
    folder = places.site.home / "far"
    folder.mkdir()
    (folder / "somebody's").touch()

    with pytest.raises(RepositoryRefused, match=r"far: .*not empty"):
        places.copy()


def test_a_far_place_that_is_down_is_said_at_once(places: Places) -> None:
    places.far = str(places.site.home / "unplugged" / "disk" / "far")
    places.write()

    with pytest.raises(RepositoryUnreachable, match="not there"):
        places.copy()

    failed = places.events()[-1]
    assert isinstance(failed, RunFailed)
    assert failed.retryable


def test_a_far_place_that_does_not_list_what_it_took_is_damaged(
    places: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places.copy()
    places.grow()
    places.back_up()
    liar = tmp_path / "liar"
    liar.mkdir()
    (liar / "restic").write_text(LIAR % (TOOLS / "bin" / "restic"))
    (liar / "restic").chmod(0o755)
    monkeypatch.setenv("PATH", f"{liar}:{os.environ['PATH']}")

    with pytest.raises(RepositoryDamaged, match="far: restic said that it copied"):
        places.copy()


def test_damage_is_that_of_the_repository_that_was_read(places: Places) -> None:
    packs = [p for p in (places.site.home / "near" / "data").rglob("*") if p.is_file()]
    largest = max(packs, key=lambda p: p.stat().st_size)
    largest.chmod(0o600)
    os.truncate(largest, 1_000)

    with pytest.raises(RepositoryDamaged, match=r"^near: damaged, found while copying to far"):
        places.copy()

    assert not any("partage" in str(s["tags"]) for s in places.snapshots("far"))


def test_a_repository_that_was_not_made_for_copies_is_said_once(places: Places) -> None:
    places.restic("far", "init")

    places.copy()
    places.copy()

    (line,) = places.heard.lines
    assert "far was not made to receive copies" in line


def test_a_point_whose_seal_does_not_fit_is_not_sealed_there(places: Places) -> None:
    (genuine,) = [s for s in places.snapshots("near") if "source=seal" in s["tags"]]
    places.restic("near", "forget", genuine["id"])
    tags = " ".join(f"--tag={tag}" for tag in genuine["tags"])
    places.site.shell("echo '{}' > pra-seal.json")
    places.restic(
        "near", "backup", "--host=acme", tags, "--stdin", "--stdin-filename=pra-seal.json",
        "< pra-seal.json",
    )  # fmt: skip

    with pytest.raises(RepositoryDamaged, match=r"near: the point .* is not to be trusted"):
        places.copy()

    assert not any("source=seal" in s["tags"] for s in places.snapshots("far"))


def test_without_a_point_there_is_nothing_to_copy(tmp_path: Path) -> None:
    places = Places(tmp_path / "home")
    places.write()
    places.restic("near", "init")

    with pytest.raises(Misused, match="near has no usable recovery point yet"):
        places.copy()

    assert not (places.site.home / "far").exists()

"""What a copy says when the other place, or the source, is not right."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.events import RunFailed
from orchestrator.errors import (
    Misused,
    RepositoryAbsent,
    RepositoryDamaged,
    RepositoryRefused,
    RepositoryUnreachable,
)
from tests.quick import make
from tests.site import TOOLS

if TYPE_CHECKING:
    from tests.copying import Places

LIAR = """\
#!/bin/sh
# Says that it copied, and did not.
if [ "$1" = copy ]; then echo "snapshot 0123abcd saved"; exit 0; fi
exec "%s" "$@"
"""


def test_a_repository_that_held_copies_and_vanished_is_not_made_again(both: Places) -> None:
    both.copy()
    shutil.rmtree(both.far)

    with pytest.raises(RepositoryAbsent, match="far: the repository has vanished"):
        both.copy()

    assert not (both.site.home / "far").exists()
    failed = both.events()[-1]
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
    both: Places, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both.copy()
    both.grow()
    both.back_up()
    liar = tmp_path / "liar"
    liar.mkdir()
    (liar / "restic").write_text(LIAR % (TOOLS / "bin" / "restic"))
    (liar / "restic").chmod(0o755)
    monkeypatch.setenv("PATH", f"{liar}:{os.environ['PATH']}")

    with pytest.raises(RepositoryDamaged, match="far: restic said that it copied"):
        both.copy()


def test_damage_is_that_of_the_repository_that_was_read(both: Places) -> None:
    packs = [p for p in (both.site.home / "near" / "data").rglob("*") if p.is_file()]
    largest = max(packs, key=lambda p: p.stat().st_size)
    largest.chmod(0o600)
    os.truncate(largest, 1_000)

    with pytest.raises(RepositoryDamaged, match=r"^near: damaged, found while copying to far"):
        both.copy()

    assert not any("partage" in str(s["tags"]) for s in both.snapshots("far"))


def test_a_repository_that_was_not_made_for_copies_is_said_once(places: Places) -> None:
    places.restic("far", "init")

    places.copy()
    places.copy()

    (line,) = places.heard.lines
    assert "far was not made to receive copies" in line


def test_a_point_whose_seal_does_not_fit_is_not_sealed_there(both: Places) -> None:
    (genuine,) = [s for s in both.snapshots("near") if "source=seal" in s["tags"]]
    both.restic("near", "forget", genuine["id"])
    tags = " ".join(f"--tag={tag}" for tag in genuine["tags"])
    both.site.shell("echo '{}' > pra-seal.json")
    both.restic(
        "near", "backup", "--host=acme", tags, "--stdin", "--stdin-filename=pra-seal.json",
        "< pra-seal.json",
    )  # fmt: skip

    with pytest.raises(RepositoryDamaged, match=r"near: the point .* is not to be trusted"):
        both.copy()

    assert not any("source=seal" in s["tags"] for s in both.snapshots("far"))


def test_without_a_point_there_is_nothing_to_copy(places: Places) -> None:
    shutil.rmtree(places.near)
    make(Path(places.near), "the near password")

    with pytest.raises(Misused, match="near has no usable recovery point yet"):
        places.copy()

    assert not (places.site.home / "far").exists()

"""Repositories that are absent, refused or damaged: each has its own error."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import (
    RepositoryAbsent,
    RepositoryDamaged,
    RepositoryRefused,
    RepositoryUnreachable,
    ResticFailed,
)
from tests.repositories import TAGS, flip_a_byte, scene

if TYPE_CHECKING:
    from pathlib import Path

    from tests.repositories import Scene


def test_only_an_empty_place_is_initialised(here: Scene) -> None:
    here.restic.initialise()

    with pytest.raises(RepositoryRefused, match="the place is not empty"):
        here.restic.initialise()


def test_a_place_with_anything_in_it_is_not_initialised(here: Scene) -> None:
    here.place.mkdir()
    (here.place / "somebody's file").touch()

    with pytest.raises(RepositoryRefused, match=r"nas: .* the place is not empty"):
        here.restic.initialise()

    assert ["somebody's file"] == [entry.name for entry in here.place.iterdir()]


def test_a_repository_on_a_disk_that_is_not_mounted_is_unreachable(
    tmp_path: Path, binary: Path
) -> None:
    with (
        scene(tmp_path, binary, url=str(tmp_path / "not-mounted" / "repository")) as here,
        pytest.raises(RepositoryUnreachable, match="not there"),
    ):
        here.restic.initialise()


def test_no_repository_is_said_and_none_is_made(here: Scene) -> None:
    with pytest.raises(RepositoryAbsent, match="nas: there is no restic repository"):
        here.restic.backup([str(here.source)], host="bakery", tags=TAGS)

    assert not here.place.exists()


@pytest.mark.usefixtures("empty")
def test_a_wrong_password_is_refused(binary: Path, tmp_path: Path) -> None:
    with (
        scene(tmp_path, binary, password="another one") as stranger,
        pytest.raises(RepositoryRefused, match="nas: the password opens no key"),
    ):
        stranger.restic.snapshots()


def test_a_flipped_byte_is_damage_and_names_the_file(
    here: Scene, snapshot: str, tmp_path: Path
) -> None:
    flip_a_byte(here.largest_pack())

    with pytest.raises(RepositoryDamaged, match=r"/source/\w+: .*ciphertext verification failed"):
        here.restic.restore(snapshot, tmp_path / "out")


def test_a_missing_pack_is_damage_and_is_named(here: Scene, snapshot: str, tmp_path: Path) -> None:
    pack = here.largest_pack()
    pack.unlink()

    with pytest.raises(RepositoryDamaged, match=f"data/{pack.name[:10]}"):
        here.restic.restore(snapshot, tmp_path / "out")


def test_a_truncated_pack_is_damage(here: Scene, snapshot: str, tmp_path: Path) -> None:
    here.largest_pack().chmod(0o600)
    os.truncate(here.largest_pack(), 1000)

    with pytest.raises(RepositoryDamaged, match="file is too short"):
        here.restic.restore(snapshot, tmp_path / "out")


def test_a_lost_index_is_damage(here: Scene, snapshot: str, tmp_path: Path) -> None:
    for entry in (here.place / "index").iterdir():
        entry.unlink()

    with pytest.raises(RepositoryDamaged, match="not found in repository"):
        here.restic.restore(snapshot, tmp_path / "out")


@pytest.mark.usefixtures("snapshot")
def test_a_damaged_snapshot_is_not_left_out_in_silence(here: Scene, tmp_path: Path) -> None:
    flip_a_byte(next(iter((here.place / "snapshots").iterdir())), at=50)

    with pytest.raises(RepositoryDamaged, match="failed to load snapshot"):
        here.restic.snapshots(cache=tmp_path / "fresh")


def test_a_repository_that_vanishes_whole_is_not_called_damaged(
    here: Scene, snapshot: str, tmp_path: Path
) -> None:
    for name in ("data", "config"):
        (here.place / name).rename(tmp_path / name)

    with pytest.raises((RepositoryAbsent, RepositoryUnreachable)):
        here.restic.restore(snapshot, tmp_path / "out")


@pytest.mark.usefixtures("snapshot")
def test_a_snapshot_that_is_not_there_proves_nothing(here: Scene, tmp_path: Path) -> None:
    with pytest.raises(ResticFailed, match="has no such snapshot"):
        here.restic.restore("0" * 64, tmp_path / "out")

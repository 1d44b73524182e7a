"""What the adapter promises of backups and restores, with each restic that we support."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import (
    Misused,
    ResticFailed,
)
from restore_drills import seal
from tests.repositories import PASSWORD, TAGS

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.adapters.restic import Progress
    from tests.repositories import Scene


def test_a_snapshot_comes_back_byte_for_byte_and_verified(here: Scene, tmp_path: Path) -> None:
    here.restic.initialise()
    before = datetime.now(UTC)

    made = here.restic.backup([str(here.source)], host="bakery", tags=TAGS)
    (listed,) = here.restic.snapshots()
    restored = here.restic.restore(made.snapshot, tmp_path / "out")

    assert made.complete
    assert (5, 0, 0, 1_200_000) == (
        made.files_new,
        made.files_changed,
        made.files_unmodified,
        made.total_bytes,
    )
    assert made.snapshot == listed.id
    assert ("bakery", TAGS, (str(here.source),)) == (listed.host, listed.tags, listed.paths)
    assert before - timedelta(seconds=1) <= listed.time <= datetime.now(UTC)
    assert (1_200_000, 5, None) == (listed.bytes, listed.files, listed.original)
    assert restored.verified
    assert 900_000 == restored.bytes  # twins are fetched once
    out = tmp_path / "out" / str(here.source).lstrip("/")
    assert (here.source / "one").read_bytes() == (out / "one").read_bytes()
    assert "one" == str((out / "link").readlink())
    assert (out / "twin").samefile(out / "two")


def test_a_second_backup_adds_only_what_changed(here: Scene) -> None:
    first = here.backed_up()
    (here.source / "one").write_bytes(os.urandom(50_000))

    made = here.restic.backup([str(here.source)], host="bakery", tags=TAGS)

    assert (0, 1, 4) == (made.files_new, made.files_changed, made.files_unmodified)
    assert 50_000 <= made.data_added_bytes < 60_000
    assert [first, made.snapshot] == [found.id for found in here.restic.snapshots()]
    assert [first] == [found.id for found in here.restic.snapshots([first, "0" * 64])]


def test_a_path_that_is_missing_makes_the_backup_incomplete(empty: Scene, tmp_path: Path) -> None:
    made = empty.restic.backup(
        [str(empty.source), str(tmp_path / "nowhere")], host="bakery", tags=TAGS
    )

    assert not made.complete
    assert str(tmp_path / "nowhere") in [entry.path for entry in made.skipped]


def test_excluded_files_and_caches_are_left_out(empty: Scene) -> None:
    cache = empty.source / "cache"
    cache.mkdir()
    (cache / "CACHEDIR.TAG").write_text("Signature: 8a477f597d28d172789f06886806bc55")
    (cache / "thumbnail").write_text("x")

    made = empty.restic.backup(
        [str(empty.source)], host="bakery", tags=TAGS, exclude=["two", "tw*"], exclude_caches=True
    )

    assert 4 == made.total_files  # one, three, empty and the tag itself
    assert made.complete


def test_progress_is_told_while_it_runs(empty: Scene) -> None:
    told: list[Progress] = []

    def produce(writer: int) -> None:
        for _ in range(20):
            os.write(writer, os.urandom(1 << 20))
            time.sleep(0.1)

    empty.restic.backup_stdin(
        produce, filename="till.dump", host="bakery", tags=TAGS, on_progress=told.append
    )

    assert 0 < max(entry.done_bytes for entry in told) <= 20 << 20


def test_a_restore_needs_a_full_id_and_an_empty_folder(here: Scene, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "file").touch()

    with pytest.raises(Misused, match="not the full id"):
        here.restic.restore("latest", tmp_path / "new")
    with pytest.raises(Misused, match="not empty"):
        here.restic.restore("0" * 64, tmp_path / "out")


def test_one_file_is_read_up_to_a_limit(here: Scene) -> None:
    snapshot = here.backed_up()
    content = (here.source / "one").read_bytes()

    assert content == here.restic.dump(snapshot, str(here.source / "one"))
    with pytest.raises(ResticFailed, match="larger than 1000 bytes"):
        here.restic.dump(snapshot, str(here.source / "one"), limit=1000)


def test_the_seal_s_key_comes_from_the_password_alone(here: Scene) -> None:
    assert seal.key(PASSWORD.encode()) == here.restic.seal_key()

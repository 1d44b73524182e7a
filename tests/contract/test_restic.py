"""What the adapter promises of real repositories, with each restic that we support."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import (
    Interrupted,
    Misused,
    RepositoryAbsent,
    RepositoryDamaged,
    RepositoryLocked,
    RepositoryRefused,
    RepositoryUnreachable,
    ResticFailed,
)
from restore_drills import seal
from restore_drills.process import Processes
from tests.repositories import PASSWORD, TAGS, Stock, flip_a_byte, scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestrator.adapters.restic import Progress
    from tests.repositories import Scene


@pytest.fixture(params=["0.18.0", "0.19.1"])
def binary(request: pytest.FixtureRequest, restic_binaries: dict[str, Path]) -> Path:
    return restic_binaries[request.param]


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    return Stock(tmp_path_factory.mktemp("stock"))


@pytest.fixture
def here(tmp_path: Path, binary: Path) -> Iterator[Scene]:
    with scene(tmp_path, binary) as found:
        yield found


@pytest.fixture
def empty(here: Scene, binary: Path, stock: Stock) -> Scene:
    stock.empty(binary, here.place)
    return here


@pytest.fixture
def snapshot(here: Scene, binary: Path, stock: Stock) -> str:
    return stock.backed_up(binary, here.place)


def restic_by_hand(here: Scene, binary: Path, *argv: str) -> tuple[str, ...]:
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(here.folder),
        "RESTIC_PASSWORD": PASSWORD,
        "RESTIC_REPOSITORY": here.repository.url,
    }
    ended = Processes("by-hand").run([str(binary), *argv], env=env, timeout=timedelta(seconds=30))
    return (str(ended.code), ended.stdout.decode())


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


def test_progress_is_told_while_it_runs(empty: Scene, tmp_path: Path) -> None:
    told: list[Progress] = []
    with (empty.source / "large").open("wb") as file:
        file.write(os.urandom(1 << 20) * 256)

    made = empty.restic.backup(
        [str(empty.source)], host="bakery", tags=TAGS, on_progress=told.append
    )
    empty.restic.restore(made.snapshot, tmp_path / "out", on_progress=told.append)

    assert told
    assert max(entry.done_bytes for entry in told) > 0


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


def test_a_wrong_password_is_refused(empty: Scene, binary: Path, tmp_path: Path) -> None:

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


def test_a_damaged_snapshot_is_not_left_out_in_silence(
    here: Scene, snapshot: str, tmp_path: Path
) -> None:
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


def test_a_snapshot_that_is_not_there_proves_nothing(
    here: Scene, snapshot: str, tmp_path: Path
) -> None:

    with pytest.raises(ResticFailed, match="has no such snapshot"):
        here.restic.restore("0" * 64, tmp_path / "out")


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


def test_an_interrupted_backup_leaves_no_lock(empty: Scene) -> None:
    started = threading.Event()

    def cancel() -> None:
        started.wait(20)
        empty.processes.cancel("somebody pressed Ctrl-C")

    threading.Thread(target=cancel, daemon=True).start()

    def endless(writer: int) -> None:
        for _ in range(10_000):
            os.write(writer, os.urandom(1 << 16))
            if empty.locks():
                started.set()
            time.sleep(0.005)

    with pytest.raises(Interrupted, match="somebody pressed Ctrl-C"):
        empty.restic.backup_stdin(endless, filename="dump", host="bakery", tags=TAGS)

    assert started.is_set()
    assert [] == empty.locks()
    assert [] == list((empty.place / "snapshots").iterdir())


def test_nothing_is_started_after_a_cancellation(here: Scene) -> None:
    here.processes.cancel("somebody pressed Ctrl-C")

    with pytest.raises(Interrupted, match=r"nas: .*somebody pressed Ctrl-C"):
        here.restic.snapshots()


def kill_a_backup(here: Scene, binary: Path) -> None:
    """Leave a lock behind, as a power cut does."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(here.folder),
        "RESTIC_PASSWORD": PASSWORD,
        "RESTIC_REPOSITORY": here.repository.url,
    }
    reader, writer = os.pipe()
    argv = [str(binary), "backup", "--stdin"]
    with Processes("killed").start(argv, env=env, stdin=reader) as child:
        os.close(reader)
        until = time.monotonic() + 20
        while not here.locks() and time.monotonic() < until:
            time.sleep(0.02)
        os.kill(child.pid, 9)
        assert child.poll(10)
    os.close(writer)


def test_a_stale_lock_is_removed_by_unlock_alone(empty: Scene, binary: Path) -> None:
    kill_a_backup(empty, binary)
    assert 1 == len(empty.locks())

    assert "11" == restic_by_hand(empty, binary, "check")[0]
    empty.restic.unlock()

    assert [] == empty.locks()
    assert "0" == restic_by_hand(empty, binary, "check")[0]


@pytest.mark.usefixtures("snapshot")
def test_a_repository_in_exclusive_use_is_locked_to_a_backup_and_open_to_reads(
    here: Scene, binary: Path, tmp_path: Path
) -> None:
    with (here.source / "large").open("wb") as file:
        file.write(os.urandom(1 << 20) * 8)
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "RESTIC_PASSWORD": PASSWORD,
        "RESTIC_REPOSITORY": here.repository.url,
    }
    # Stopped in the middle, it holds its exclusive lock for as long as we want.
    argv = [str(binary), "check", "--read-data"]
    with Processes("checks").start(argv, env=env) as child:
        until = time.monotonic() + 20
        while not here.locks() and time.monotonic() < until:
            time.sleep(0.005)
        os.kill(child.pid, 19)
        try:
            with pytest.raises(RepositoryLocked, match="nas: another restic") as raised:
                here.restic.backup([str(here.source)], host="bakery", tags=TAGS)
            assert 1 == len(here.restic.snapshots())
        finally:
            os.kill(child.pid, 18)
    assert raised.value.retryable

"""`restic copy` in both versions: order, identity, words, and the way through our gateway."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING

import pytest

from orchestrator.adapters import s3 as adapter
from orchestrator.adapters.restic import copying
from orchestrator.adapters.s3.gateway import gateway
from orchestrator.adapters.secrets import SecretFiles
from orchestrator.core.policy.model import Limits
from orchestrator.errors import RepositoryDamaged, RepositoryUnreachable
from tests.faults import Relay
from tests.quick import make
from tests.repositories import TAGS, scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestrator.adapters.restic import Progress
    from orchestrator.demo.servers import S3Server
    from tests.conftest import Bucket
    from tests.repositories import Scene

OTHER = "another password"


@pytest.fixture
def there(tmp_path: Path, binary: Path) -> Iterator[Scene]:
    """A scene with a repository of its own, another password, and none made yet."""
    folder = tmp_path / "there"
    folder.mkdir()
    with scene(folder, binary, password=OTHER) as found:
        yield found


@pytest.fixture
def made(there: Scene) -> Scene:
    """The same, made and empty."""
    make(there.place, OTHER)
    return there


@contextlib.contextmanager
def origin(here: Scene, url: str | None = None) -> Iterator[copying.Origin]:
    with SecretFiles(f"origin-{here.processes.run_id}") as secrets:
        yield copying.Origin.of(here.restic, secrets, url or here.repository.url)


def test_copies_appear_in_the_order_asked_for_with_the_same_trees(
    here: Scene, there: Scene, snapshot: str
) -> None:
    (here.source / "later").write_bytes(b"later")
    second = here.restic.backup([str(here.source)], host="bakery", tags=TAGS).snapshot
    seen: list[Progress] = []

    with origin(here) as source:
        copying.initialise(there.restic, source)
        copying.copy(there.restic, source, [second], on_progress=seen.append)
        assert [second] == [s.original for s in there.restic.snapshots()]
        copying.copy(there.restic, source, [snapshot, second])
        copying.copy(there.restic, source, [snapshot, second])

    trees = {s.id: s.tree for s in here.restic.snapshots()}
    copies = there.restic.snapshots()
    assert trees == {s.original: s.tree for s in copies}
    assert not trees.keys() & {s.id for s in copies}
    assert [[*TAGS]] * 2 == [[*s.tags] for s in copies]
    assert copying.chunker(here.restic) == copying.chunker(there.restic)
    assert seen[-1].packs is not None
    assert seen[-1].packs[0] == seen[-1].packs[1] > 0
    assert [] == here.locks() + there.locks()


def test_a_repository_made_by_hand_cuts_files_in_its_own_way(here: Scene, there: Scene) -> None:
    here.restic.initialise()
    there.restic.initialise()

    assert copying.chunker(here.restic) != copying.chunker(there.restic)


def test_damage_that_a_copy_meets_is_the_source_s(here: Scene, made: Scene, snapshot: str) -> None:
    here.largest_pack().unlink()

    with (
        origin(here) as source,
        pytest.raises(RepositoryDamaged, match=r"^nas: damaged, found while copying to nas"),
    ):
        copying.copy(made.restic, source, [snapshot])

    assert () == made.restic.snapshots()


def test_each_end_of_the_line_has_its_own_limit(here: Scene, made: Scene, snapshot: str) -> None:
    down = dataclasses.replace(here.repository, limits=Limits(upload=1, download=2_000_000))
    up = dataclasses.replace(made.repository, limits=Limits(upload=3_000_000, download=4))
    here.restic.call.line = type(here.restic.call.line)(down, "UTC")
    made.restic.call.line = line = type(made.restic.call.line)(up, "UTC")

    both = copying.Between(here.restic.call.line, line).now(restartable=True, seed=False)

    assert (3_000_000, 2_000_000) == (both.upload, both.download)
    with origin(here) as source:
        copying.copy(made.restic, source, [snapshot])
    assert made.restic.call.line is line


def test_a_copy_takes_memory_where_it_is_free_and_leaves_nothing_of_it(
    here: Scene, made: Scene, snapshot: str
) -> None:
    assert {} == copying.unhurried(copying.AMPLE - 1)
    assert {"GOGC": "200", "GOMEMLIMIT": str(1 << 30)} == copying.unhurried(2 << 30)
    made.restic.call.more = mine = {"RESTIC_PROGRESS_FPS": "1"}

    with origin(here) as source:
        copying.copy(made.restic, source, [snapshot])

    assert made.restic.call.more is mine


def test_a_bucket_is_copied_without_its_keys(
    in_bucket: Scene, uploaded: str, s3: S3Server, bucket: Bucket, there: Scene
) -> None:
    here, keys = in_bucket, (s3.access_key.encode(), s3.secret_key.encode())
    place = adapter.Bucket(here.repository, keys, here.processes)
    before = s3.client().list_objects_v2(Bucket=bucket.name)
    with gateway(place, here.processes) as served, origin(here, served.url) as source:
        copying.initialise(there.restic, source)
        copying.copy(there.restic, source, [uploaded])
    after = s3.client().list_objects_v2(Bucket=bucket.name)

    assert [uploaded] == [s.original for s in there.restic.snapshots()]
    assert [o["Key"] for o in before["Contents"]] == [o["Key"] for o in after["Contents"]]
    assert served.requests is not None
    assert served.bytes is not None
    assert served.requests > 5
    assert served.bytes > 900_000
    assert "@" not in repr(served)


@pytest.mark.usefixtures("uploaded")
def test_a_source_that_goes_away_is_the_one_that_is_named(
    tmp_path: Path, binary: Path, s3: S3Server, bucket: Bucket, made: Scene
) -> None:
    folder = tmp_path / "bucket"
    folder.mkdir()
    keys = (s3.access_key, s3.secret_key)
    with (
        Relay(s3.endpoint) as relay,
        scene(folder, binary, url=relay.url(bucket.name, "acme"), keys=keys) as here,
    ):
        place = adapter.Bucket(
            here.repository, (keys[0].encode(), keys[1].encode()), here.processes
        )
        with gateway(place, here.processes) as served, origin(here, served.url) as source:
            (snapshot,) = here.restic.snapshots()
            relay.refuse()
            with pytest.raises(RepositoryUnreachable, match=relay.endpoint):
                copying.copy(made.restic, source, [snapshot.id])

"""A repository in a bucket that is damaged, and on links that fail."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import (
    RepositoryAbsent,
    RepositoryDamaged,
    RepositoryRefused,
    RepositoryUnreachable,
)
from tests.faults import Relay
from tests.quick import make_in
from tests.repositories import PASSWORD, TAGS, scene

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.demo.servers import S3Server
    from tests.conftest import Bucket

AT_MOST_S = 60.0  # on a busy machine; restic by itself tries for a quarter of an hour


@pytest.fixture(params=["0.18.0", "0.19.1"])
def binary(request: pytest.FixtureRequest, restic_binaries: dict[str, Path]) -> Path:
    return restic_binaries[request.param]


@pytest.fixture
def relay(s3: S3Server) -> Iterator[Relay]:
    with Relay(s3.endpoint) as found:
        yield found


@pytest.fixture
def keys(s3: S3Server) -> tuple[str, str]:
    return (s3.access_key, s3.secret_key)


def test_a_bucket_holds_a_repository_from_end_to_end(
    tmp_path: Path, binary: Path, bucket: Bucket, keys: tuple[str, str]
) -> None:
    with scene(tmp_path, binary, url=bucket.url + "/till", keys=keys) as here:
        snapshot = here.backed_up()

        restored = here.restic.restore(snapshot, tmp_path / "out")

        assert (900_000, True) == (restored.bytes, restored.verified)
        with pytest.raises(RepositoryRefused, match="the place is not empty"):
            here.restic.initialise()
    with (
        scene(tmp_path, binary, url=bucket.url + "/til", keys=keys) as here,
        pytest.raises(RepositoryAbsent),
    ):
        here.restic.snapshots()
    with (
        scene(tmp_path, binary, url=bucket.url + "/till", keys=(keys[0], "another")) as here,
        pytest.raises(RepositoryRefused, match="nas: access is denied"),
    ):
        here.restic.snapshots()


@pytest.fixture
def made(s3: S3Server, bucket: Bucket) -> str:
    """The address of an empty repository in the bucket, `till`."""
    make_in(s3.client(), bucket.name, "till/", PASSWORD)
    return f"{bucket.url}/till"


@pytest.mark.parametrize("harm", ["flip", "remove", "truncate"])
def test_damage_in_a_bucket_is_damage(  # noqa: PLR0913, PLR0917 - fixtures
    tmp_path: Path,
    binary: Path,
    s3: S3Server,
    bucket: Bucket,
    made: str,
    keys: tuple[str, str],
    harm: str,
) -> None:
    with scene(tmp_path, binary, url=made, keys=keys) as here:
        snapshot = here.back_up()
        client = s3.client()
        packs = client.list_objects_v2(Bucket=bucket.name, Prefix="till/data/")["Contents"]
        pack = max(packs, key=lambda entry: entry["Size"])["Key"]
        content = client.get_object(Bucket=bucket.name, Key=pack)["Body"].read()
        match harm:
            case "flip":
                harmed = bytes([content[0] ^ 1]) + content[1:]
                client.put_object(Bucket=bucket.name, Key=pack, Body=harmed)
            case "truncate":
                client.put_object(Bucket=bucket.name, Key=pack, Body=content[:1000])
            case _:
                client.delete_object(Bucket=bucket.name, Key=pack)

        with pytest.raises(RepositoryDamaged, match=f"nas: .*{Path(pack).name[:8]}"):
            here.restic.restore(snapshot, tmp_path / "out")


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize("fault", ["refuse", "unavailable", "fall_silent"])
def test_an_endpoint_that_is_gone_is_known_soon(  # noqa: PLR0913, PLR0917 - fixtures
    tmp_path: Path, binary: Path, relay: Relay, bucket: Bucket, keys: tuple[str, str], fault: str
) -> None:
    with scene(tmp_path, binary, url=relay.url(bucket.name, "till"), keys=keys) as here:
        getattr(relay, fault)()
        began = time.monotonic()

        with pytest.raises(RepositoryUnreachable, match=r"nas: .*endpoint") as raised:
            here.restic.snapshots()

    assert raised.value.retryable
    assert time.monotonic() - began < AT_MOST_S


@pytest.mark.usefixtures("made")
@pytest.mark.parametrize("fault", ["refuse", "fall_silent"])
def test_a_restore_that_is_cut_proves_nothing(  # noqa: PLR0913, PLR0917 - fixtures
    tmp_path: Path, binary: Path, relay: Relay, bucket: Bucket, keys: tuple[str, str], fault: str
) -> None:
    with scene(tmp_path, binary, url=relay.url(bucket.name, "till"), keys=keys) as here:
        (here.source / "large").write_bytes(os.urandom(20 << 20))
        snapshot = here.back_up()
        relay.cut_after(12 << 20, then=fault)
        began = time.monotonic()

        with pytest.raises(RepositoryUnreachable, match=r"nas: .*endpoint") as raised:
            here.restic.restore(snapshot, tmp_path / "out")

    assert raised.value.retryable
    assert time.monotonic() - began < AT_MOST_S


@pytest.mark.usefixtures("made")
def test_a_backup_whose_endpoint_goes_away_is_known_soon(
    tmp_path: Path, binary: Path, relay: Relay, bucket: Bucket, keys: tuple[str, str]
) -> None:
    with scene(tmp_path, binary, url=relay.url(bucket.name, "till"), keys=keys) as here:

        def produce(writer: int) -> None:
            for n in range(400):
                os.write(writer, os.urandom(1 << 16))
                if n == 100:
                    relay.refuse()

        began = time.monotonic()
        with pytest.raises(RepositoryUnreachable, match="nas: the endpoint stopped answering"):
            here.restic.backup_stdin(produce, filename="till.dump", host="bakery", tags=TAGS)

    assert time.monotonic() - began < AT_MOST_S


@pytest.mark.usefixtures("made")
def test_a_slow_link_that_moves_is_let_be(
    tmp_path: Path, binary: Path, relay: Relay, bucket: Bucket, keys: tuple[str, str]
) -> None:
    url = relay.url(bucket.name, "till")
    with scene(tmp_path, binary, url=url, keys=keys, stall=timedelta(seconds=2)) as here:
        snapshot = here.back_up()
        relay.slow(250_000)
        began = time.monotonic()

        restored = here.restic.restore(snapshot, tmp_path / "out")

    assert restored.verified
    assert time.monotonic() - began > 3


def test_no_secret_is_in_what_a_failure_says(
    tmp_path: Path, binary: Path, relay: Relay, bucket: Bucket, keys: tuple[str, str]
) -> None:
    relay.refuse()
    with (
        scene(tmp_path, binary, url=relay.url(bucket.name, "till"), keys=keys) as here,
        pytest.raises(RepositoryUnreachable) as raised,
    ):
        here.restic.initialise()

    for secret in keys:
        assert secret not in str(raised.value) + raised.value.hint + repr(raised.value)

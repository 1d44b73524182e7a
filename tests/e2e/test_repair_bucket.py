"""A repository in a bucket that is damaged, away, or lied about; and repaired from a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.attacks import Attacker
from tests.damaged import TwoPlaces
from tests.faults import Relay

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestrator.demo.servers import S3Server
    from tests.conftest import Bucket


@pytest.fixture
def relay(s3: S3Server) -> Iterator[Relay]:
    """The line to the storage."""
    with Relay(s3.endpoint) as line:
        yield line


@pytest.fixture
def site(s3: S3Server, bucket: Bucket, relay: Relay, tmp_path: Path) -> TwoPlaces:
    """`far` in a bucket behind a line, `near` in another of the same storage."""
    keys = (s3.access_key, s3.secret_key)
    near = f"s3:{s3.endpoint}/{bucket.name}/near"
    made = TwoPlaces(tmp_path, url=relay.url(bucket.name, "far"), near=near, s3_keys=keys)
    made.write()
    made.made(points=1)
    return made


def test_a_bucket_is_read_and_repaired_from_another(
    site: TwoPlaces, s3: S3Server, bucket: Bucket
) -> None:
    attacker = Attacker(client=s3.client(), bucket=bucket.name, prefix="far/")
    packs = attacker.names(lambda name: name.startswith("data/"))

    sound = site.verify("--repository", "far").json["repositories"][0]

    assert (True, len(packs)) == (sound["sound"], sound["packs"])
    assert sound["read_bytes"] > 300_000

    attacker.truncate(packs[0])
    attacker.delete(set(packs[1:]).__contains__)
    seen = site.verify("--repository", "far")
    (far,) = seen.json["repositories"]
    assert (3, {name.rpartition("/")[2] for name in packs}) == (
        seen.code,
        {one["id"] for one in far["damage"] if one["kind"] == "data"},
    )
    repaired = site.repair()
    assert 0 == repaired.code, repaired
    assert (0, True, []) == (repaired.code, repaired.json["sound"], repaired.json["lost"])
    assert repaired.json["fetched_bytes"] > 300_000
    assert "proven" == site.drill("--repository", "far").json["verdict"]


def test_a_line_that_is_away_is_no_damage(site: TwoPlaces, relay: Relay) -> None:
    relay.refuse()

    cut = site.verify("--repository", "far")

    (far,) = cut.json["repositories"]
    assert (1, None, "repository-unreachable") == (cut.code, far["sound"], far["error"]["code"])


def test_a_bucket_in_which_everything_was_deleted_is_damaged_and_not_merely_absent(
    site: TwoPlaces, s3: S3Server, bucket: Bucket
) -> None:
    Attacker(client=s3.client(), bucket=bucket.name, prefix="far/").delete()

    seen = site.verify("--repository", "far")

    (far,) = seen.json["repositories"]
    assert (3, "config") == (seen.code, far["damage"][0]["kind"])
    assert [("partage", ["near"])] == [
        (point["service"], point["also_in"]) for point in far["damage"][0]["points"]
    ]
    assert "pra repo rewind acme" in seen.err

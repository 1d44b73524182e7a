"""A repository in a bucket that is damaged or deleted, and repaired from another one."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.attacks import Attacker
from tests.damaged import TwoPlaces
from tests.quick import upload

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.demo.servers import S3Server
    from tests.conftest import Bucket


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> TwoPlaces:
    """A point in two repositories in folders."""
    made = TwoPlaces(tmp_path_factory.mktemp("whole"))
    made.write()
    made.made(points=1)
    return made


@pytest.fixture
def site(whole: TwoPlaces, s3: S3Server, bucket: Bucket, tmp_path: Path) -> TwoPlaces:
    """The same in two places of a bucket, as restic would have put it there."""
    shutil.copytree(whole.home, tmp_path, dirs_exist_ok=True)
    urls = {name: f"{bucket.url}/{name}" for name in ("far", "near")}
    keys = (s3.access_key, s3.secret_key)
    made = TwoPlaces(tmp_path, url=urls["far"], near=urls["near"], s3_keys=keys)
    made.source = whole.source
    made.write()
    upload(whole.repository, s3.client(), bucket.name, "far/")
    upload(whole.near, s3.client(), bucket.name, "near/")
    return made


def test_a_bucket_is_read_and_repaired_from_another(
    site: TwoPlaces, s3: S3Server, bucket: Bucket
) -> None:
    attacker = Attacker(client=s3.client(), bucket=bucket.name, prefix="far/")
    packs = attacker.names(lambda name: name.startswith("data/"))
    packs.sort(key=attacker.size)

    sound = site.verify("--repository", "far").json["repositories"][0]

    assert (True, len(packs)) == (sound["sound"], sound["packs"])
    assert sound["read_bytes"] > 300_000

    trees = packs[-2]  # some of them are still to be had from the half that is left
    attacker.truncate(trees)
    attacker.delete((set(packs) - {trees}).__contains__)
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

"""What opens a repository, laid back into its bucket from a kit."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.kit.contents import Keys, Kit, KitRepository
from orchestrator.errors import KitDamaged, Misused
from orchestrator.jobs.restore_keys import restored
from tests.buckets import Locked
from tests.points import NOW
from tests.quick import make, upload

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.demo.servers import S3Server

PASSWORD = "opens it"


@pytest.fixture
def locked(s3: S3Server, tmp_path: Path) -> tuple[Locked, Kit]:
    """A repository in a bucket with Object Lock, and its kit."""
    place = tmp_path / "made"
    make(place, PASSWORD)
    bucket = Locked(s3)
    upload(place, s3.client(), bucket.name, "acme/")
    objects = {"config": (place / "config").read_bytes()}
    objects |= {f"keys/{key.name}": key.read_bytes() for key in (place / "keys").iterdir()}
    held = KitRepository(
        id="far",
        url=f"s3:{s3.endpoint}/{bucket.name}/acme",
        location="offsite",
        password=PASSWORD,
        restic="",
        s3=Keys(access_key=s3.access_key, secret_key=s3.secret_key),
        objects=objects,
    )
    kit = Kit(
        kit="k1",
        site="acme",
        name="Acme",
        at=NOW,
        language="en",
        timezone="UTC",
        holders=(),
        repositories=(held,),
        recovery="",
    )
    return bucket, kit


def test_what_was_deleted_is_laid_back_and_opens(
    locked: tuple[Locked, Kit], tmp_path: Path
) -> None:
    bucket, kit = locked
    names = set(kit.repositories[0].objects)
    for name in names:
        bucket.client.delete_object(Bucket=bucket.name, Key=f"acme/{name}")

    first = restored(kit, "far", tmp_path / "state")
    second = restored(kit, "far", tmp_path / "state")

    assert (names, ()) == (set(first.put), first.there)
    assert ((), names) == (second.put, set(second.there))
    assert not any((tmp_path / "state" / "bare").iterdir())


def test_a_key_that_was_revoked_does_not_come_back(
    locked: tuple[Locked, Kit], tmp_path: Path
) -> None:
    bucket, kit = locked
    (held,) = kit.repositories
    revoked = b"the key of somebody who left"
    name = f"keys/{hashlib.sha256(revoked).hexdigest()}"
    kit = replace(kit, repositories=(replace(held, objects={**held.objects, name: revoked}),))
    bucket.client.delete_object(Bucket=bucket.name, Key="acme/config")

    laid = restored(kit, "far", tmp_path / "state")

    assert ("config",) == laid.put


def test_a_repository_that_the_kit_does_not_name_is_said(
    locked: tuple[Locked, Kit], tmp_path: Path
) -> None:
    with pytest.raises(Misused, match="the kit has no repository near"):
        restored(locked[1], "near", tmp_path)


def test_a_key_that_is_not_what_its_name_says_is_not_laid_down(
    locked: tuple[Locked, Kit], tmp_path: Path
) -> None:
    _, kit = locked
    (held,) = kit.repositories
    name = next(name for name in held.objects if name.startswith("keys/"))
    other = replace(held, objects={**held.objects, name: b"made up"})

    with pytest.raises(KitDamaged, match="is not what its name says"):
        restored(replace(kit, repositories=(other,)), "far", tmp_path)

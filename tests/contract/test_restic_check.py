"""A repository is read: what is damaged is named, and what could not be read proves nothing."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from orchestrator.adapters.restic.checking import check
from orchestrator.adapters.restic.needing import needed, readable
from orchestrator.errors import RepositoryAbsent, RepositoryRefused, RepositoryUnreachable
from tests import harm
from tests.faults import Relay
from tests.repositories import TAGS, scene

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestrator.adapters.restic.checking import Checked
    from orchestrator.demo.servers import S3Server
    from tests.conftest import Bucket
    from tests.repositories import Scene


def read(here: Scene, part: int = 1, parts: int = 1, name: str = "cold") -> Checked:
    return check(here.restic, part, parts, cache=here.folder / name)


def hurt(here: Scene, checked: Checked) -> list[frozenset[str] | None]:
    return list(needed(here.restic, checked.faults, cache=here.folder / "cold-too").by)


def faults(checked: Checked) -> list[tuple[str, str]]:
    return [(fault.kind, fault.id) for fault in checked.faults]


def damage(kind: str) -> Callable[[Path], None]:
    return {
        "flipped": lambda pack: harm.flip(pack, 1000),
        "cut short": harm.truncate,
        "emptied": lambda pack: harm.truncate(pack, 0),
        "gone": lambda pack: pack.unlink(),
        "noise": harm.noise,
    }[kind]


@pytest.mark.usefixtures("snapshot")
def test_a_sound_repository_is_sound_and_nothing_is_locked(here: Scene) -> None:
    assert read(here).sound
    assert read(here, 1, 3).sound
    assert [] == here.locks()


@pytest.mark.parametrize("kind", ["flipped", "cut short", "gone", "noise"])
def test_a_damaged_pack_of_files_is_named_with_who_needs_it(
    here: Scene, snapshot: str, kind: str
) -> None:
    pack = here.largest_pack()
    other = here.restic.backup([str(here.source)], host="bakery", tags=TAGS).snapshot
    damage(kind)(pack)

    checked = read(here)

    assert [("data", pack.name)] == faults(checked)
    assert (kind == "gone") == checked.faults[0].missing
    assert [frozenset({snapshot})] == hurt(here, checked)
    assert {snapshot, other} == {s.id for s in readable(here.restic)}


@pytest.mark.parametrize("kind", ["gone", "noise"])
def test_a_damaged_pack_of_trees_is_named_with_who_needs_it(
    here: Scene, snapshot: str, kind: str
) -> None:
    (pack,) = [p for p in harm.packs(here.place) if p.name in harm.blobs_of(here, "tree")]
    damage(kind)(pack)

    checked = read(here)

    assert ("data", pack.name) in faults(checked)
    assert frozenset({snapshot}) in hurt(here, checked)


@pytest.mark.parametrize("kind", ["flipped", "gone"])
def test_a_damaged_index_hurts_whatever_needs_it(here: Scene, snapshot: str, kind: str) -> None:
    (index,) = harm.files(here.place, "index")
    damage("emptied" if kind == "flipped" else kind)(index)
    if kind == "flipped":
        index.write_bytes(b"x" * 200)

    checked = read(here)

    assert "index" if kind == "flipped" else "tree" == checked.faults[0].kind
    named = hurt(here, checked)[0]
    assert named is None or named == frozenset({snapshot})


@pytest.mark.usefixtures("snapshot")
def test_a_damaged_snapshot_is_named_and_the_others_are_still_listed(here: Scene) -> None:
    other = here.restic.backup([str(here.source)], host="bakery", tags=TAGS).snapshot
    bad = next(p for p in harm.files(here.place, "snapshots") if p.name != other)
    harm.flip(bad)
    shutil.rmtree(here.folder / "cache")

    checked = read(here)

    assert [("snapshot", bad.name[:8])] == faults(checked)
    assert [other] == [s.id for s in readable(here.restic)]


@pytest.mark.usefixtures("snapshot")
@pytest.mark.parametrize("kind", ["flipped", "cut short"])
@pytest.mark.parametrize("what", ["keys", "config"])
def test_a_damaged_key_or_config_is_damage(here: Scene, what: str, kind: str) -> None:
    (path,) = harm.files(here.place, what) if what == "keys" else [here.place / "config"]
    harm.flip(path) if kind == "flipped" else harm.truncate(path, 10)

    assert ["key"] == [fault.kind for fault in read(here).faults]


@pytest.mark.usefixtures("snapshot")
def test_a_lost_key_or_config_does_not_open(here: Scene) -> None:
    (key,) = harm.files(here.place, "keys")
    key.unlink()

    with pytest.raises(RepositoryRefused):
        read(here)

    (here.place / "config").unlink()

    with pytest.raises(RepositoryAbsent):
        read(here)


@pytest.mark.usefixtures("empty")
def test_a_part_is_the_packs_whose_first_byte_leaves_its_rest(here: Scene) -> None:
    """What is read within so many days is reckoned from this, and restic nowhere promises it."""
    parts = 3
    many = here.folder / "many"
    many.mkdir()
    for number in range(14):
        (many / f"{number}").write_bytes(os.urandom(4 << 20))
    said = ["--json", "--host=bakery", "--pack-size=4", str(many)]
    here.restic.call(["backup", *said], timeout=harm.MINUTE, lines=False)
    data = harm.blobs_of(here, "data") - harm.blobs_of(here, "tree")
    for pack in harm.packs(here.place):
        if pack.name in data:
            harm.flip(pack, 1000)

    read_of = {n: {f.id for f in read(here, n, parts).faults} for n in range(1, parts + 1)}

    assert len(data) >= 9  # mostly 12 or 13: where restic cuts is chance
    assert read_of == {
        n: {pack for pack in data if int(pack[:2], 16) % parts == n - 1} for n in read_of
    }
    assert data == set().union(*read_of.values())


@pytest.mark.usefixtures("uploaded")
def test_an_endpoint_that_goes_away_is_no_damage(
    s3: S3Server, bucket: Bucket, tmp_path: Path, binary: Path
) -> None:
    with (
        Relay(s3.endpoint) as relay,
        scene(
            tmp_path,
            binary,
            url=relay.url(bucket.name, "acme"),
            keys=(s3.access_key, s3.secret_key),
        ) as here,
    ):
        relay.cut_after(300_000)

        with pytest.raises(RepositoryUnreachable):
            read(here)


@pytest.mark.parametrize("kind", ["cut short", "gone"])
def test_a_damaged_pack_in_a_bucket_is_named(
    in_bucket: Scene, uploaded: str, s3: S3Server, bucket: Bucket, kind: str
) -> None:
    client = s3.client()
    packs = client.list_objects_v2(Bucket=bucket.name, Prefix="acme/data/")["Contents"]
    name = max(packs, key=lambda one: one["Size"])["Key"]
    if kind == "gone":
        client.delete_object(Bucket=bucket.name, Key=name)
    else:
        client.put_object(Bucket=bucket.name, Key=name, Body=b"short")

    checked = read(in_bucket)

    assert [("data", name.rpartition("/")[2])] == faults(checked)
    assert [frozenset({uploaded})] == hurt(in_bucket, checked)

"""`pra verify` and `pra repo repair` on damaged repositories, as a person calls them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests import harm
from tests.damaged import TwoPlaces

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> TwoPlaces:
    """Two points in two repositories."""
    site = TwoPlaces(tmp_path_factory.mktemp("two-places"))
    site.write()
    site.made()
    return site


@pytest.fixture
def site(whole: TwoPlaces, tmp_path: Path) -> TwoPlaces:
    """A copy of it, to be harmed."""
    return whole.moved(tmp_path)


def newest_pack(site: TwoPlaces) -> Path:
    return harm.packs(site.repository)[0]


def newest_snapshot(site: TwoPlaces, source: str) -> str:
    """The id of the newest snapshot of a source."""
    listed = json.loads(site.restic("snapshots", "--json"))
    of = [s for s in listed if f"source={source}" in s["tags"]]
    newest: str = max(of, key=lambda s: s["time"])["id"]
    return newest


def all_packs(place: Path, harmful: Callable[[Path], None]) -> None:
    for pack in harm.packs(place):
        harmful(pack)


@pytest.mark.parametrize("kind", ["truncate", "index", "partage", "seal"])
def test_what_is_damaged_is_named_repaired_and_proven_by_a_drill(
    site: TwoPlaces, kind: str
) -> None:
    trees = site.trees()
    match kind:
        case "truncate":
            harm.truncate(newest_pack(site))
        case "index":
            harm.largest(site.repository, "index").unlink()  # of a point, not of the policy
        case _:
            harm.flip(site.repository / "snapshots" / newest_snapshot(site, kind))

    seen = site.verify()

    far, near = seen.json["repositories"]
    assert (3, False, True) == (seen.code, far["sound"], near["sound"])
    points = [point for one in far["damage"] for point in one["points"]]
    assert {("partage", ("near",))} == {(p["service"], tuple(p["also_in"])) for p in points}

    repaired = site.repair()

    assert (0, True, []) == (repaired.code, repaired.json["sound"], repaired.json["lost"])
    assert {p["run"] for p in points} == {p["run"] for p in repaired.json["healed"]}
    assert trees == site.trees()
    assert 0 == site.verify("--repository", "far").code
    drill = site.drill()
    assert ("proven", 0) == (drill.json["verdict"], drill.code)


def test_a_plan_says_what_would_be_done_and_changes_nothing(site: TwoPlaces) -> None:
    harm.truncate(newest_pack(site))
    before = {path: path.stat().st_mtime_ns for path in site.repository.rglob("*")}

    planned = site.repair("--dry-run")

    assert 3 == planned.code
    assert [newest_pack(site).name, 1] != planned.json["salvage"]
    assert [] == planned.json["lost"]
    assert {"partage"} == {point["service"] for point in planned.json["heal"]}
    after = {path: path.stat().st_mtime_ns for path in site.repository.rglob("*")}
    assert before == {path: at for path, at in after.items() if path in before}


def test_what_is_lost_in_both_is_said_and_the_rest_is_kept(site: TwoPlaces) -> None:
    trees = site.trees()
    for place in (site.repository, site.near):
        for pack in harm.packs(place):
            if pack.stat().st_size > 100_000:
                harm.truncate(pack)

    repaired = site.repair()

    assert (3, False) == (repaired.code, repaired.json["sound"])
    assert set(site.runs()) == {point["run"] for point in repaired.json["lost"]}
    assert trees == site.trees()
    assert "A person decides" in repaired.err


@pytest.mark.parametrize("what", ["keys", "config"])
def test_a_repository_that_cannot_be_opened_is_damaged_and_says_the_way_out(
    site: TwoPlaces, what: str
) -> None:
    for path in (
        harm.files(site.repository, what) if what == "keys" else [site.repository / "config"]
    ):
        path.unlink()

    seen = site.verify("--repository", "far")

    (far,) = seen.json["repositories"]
    assert (3, "key" if what == "keys" else "config") == (seen.code, far["damage"][0]["kind"])
    assert ["partage"] == [point["service"] for point in far["damage"][0]["points"]]
    repaired = site.repair()
    assert (3, "repository-damaged") == (repaired.code, repaired.json["error"]["code"])
    assert "recovery kit" in repaired.json["error"]["remedy"]


def test_a_repository_whose_disk_is_away_is_not_called_damaged(site: TwoPlaces) -> None:
    site.repository.rename(site.home / "unplugged")

    seen = site.verify("--repository", "far")

    (far,) = seen.json["repositories"]
    assert (1, None, "repository-absent") == (seen.code, far["sound"], far["error"]["code"])


def test_whoever_works_there_alone_is_named_and_nothing_is_changed(site: TwoPlaces) -> None:
    harm.truncate(newest_pack(site))
    slow = ["check", "--read-data", "--limit-download=2"]
    with site.start_restic(*slow) as child:
        site.wait_for_lock()

        unlocked = site.pra("repo", "unlock", "acme", "--json", "--repository", "far")
        seen = site.verify("--repository", "far")
        repaired = site.repair()

        assert not child.poll()

    (row,) = unlocked.json["repositories"]
    assert (3, True, child.pid) == (
        unlocked.code,
        row["locks"][0]["exclusive"],
        row["locks"][0]["pid"],
    )
    assert (1, "repository-locked") == (seen.code, seen.json["repositories"][0]["error"]["code"])
    assert (1, "repository-locked") == (repaired.code, repaired.json["error"]["code"])


def test_a_repair_that_is_killed_is_taken_up_by_the_next(site: TwoPlaces) -> None:
    trees = site.trees()
    all_packs(site.repository, harm.noise)
    path, proof = site.deadly("copy")

    site.start_and_wait("repo", "repair", "acme", "--repository", "far", path=path)

    assert proof.exists()
    repaired = site.repair()
    assert (0, True) == (repaired.code, repaired.json["sound"])
    assert trees == site.trees()
    assert "pra=hurt" not in site.restic("snapshots", "--json")
    assert "proven" == site.drill().json["verdict"]


def test_a_snapshot_that_restic_repaired_is_not_taken_for_the_original(site: TwoPlaces) -> None:
    data = [p for p in harm.packs(site.near) if p.stat().st_size > 100_000]
    harm.truncate(data[0])
    by_hand = ["-r", str(site.near), f"--password-file={site.secrets / 'near'}"]
    site.restic("repair", "packs", data[0].name, *by_hand)
    site.restic("repair", "snapshots", "--forget", *by_hand)
    assert site.trees() != site.trees(site.near)
    all_packs(site.repository, harm.noise)

    repaired = site.repair()

    assert (3, False) == (repaired.code, repaired.json["sound"])
    assert [] != repaired.json["lost"]

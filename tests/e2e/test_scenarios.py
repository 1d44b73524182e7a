"""What each disaster leaves, on a real site: a shared folder that a virus has encrypted.

Two sound points, then one of encrypted files, on a NAS and in a bucket.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.quick import make, upload
from tests.site import PASSWORD, ClientSite

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestrator.demo.servers import S3Server

NAS = """\
  nas: {url: %(nas)s, password: {file: %(secrets)s/restic}, location: onsite, equipment: nas-1}
"""
SERVICE = """\
equipment: {srv-1: {kind: server}, nas-1: {kind: nas}}
services:
  partage:
    source: {files: {paths: [%(source)s], decoy: %(source)s/000.odt}, equipment: srv-1}
    objectives: {rto: 4h, rpo: 30m}
    backup: {to: nas%(copies)s}
    checks: [{name: all files, files: {at_least: 10}}]
"""
GONE = "no copy survives: nas is neither immutable, append-only nor offline"
LOCKED = ", immutable: {mode: compliance, for: 1d}"
RANSOMWARE = ("--scenario", "ransomware")
HUMAN_ERROR = ("--scenario", "human-error")


class Attacked(ClientSite):
    """`acme`: a NAS, and perhaps a bucket that has what the NAS has.

    `points` are those of the site that it is a copy of, oldest first: sound, sound, suspected.
    """

    points: tuple[dict[str, Any], ...] = ()

    def backups(self) -> tuple[dict[str, Any], ...]:
        """The points, oldest first, as `pra` tells them."""
        found = self.pra("snapshots", "acme", "--json").json["points"]
        return tuple(sorted(found, key=lambda point: str(point["data_time"])))

    def written(self, bucket: str = "", lock: str = LOCKED) -> Attacked:
        """Write the policy, without a bucket unless one is named."""
        nowhere = {"nas": self.repository, "copies": ", copy_to: [far]" if bucket else ""}
        self.write(NAS + SERVICE, **nowhere)
        path = self.policies / "acme.yaml"
        lines = path.read_text().splitlines()
        far = next(line for line in lines if line.startswith("  far:"))
        head, rest = lines[: lines.index(far)], lines[lines.index("services:") + 1 :]
        if bucket:
            head.append(far.removesuffix("}") + lock + "}")
        path.write_text("\n".join([*head, *rest]) + "\n")
        return self

    def found(self, *words: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """A drill's document, and its one service."""
        document = self.drill(*words).json
        (service,) = document["services"]
        return document, service

    def original(self, name: str) -> bytes:
        """What a file held before it was encrypted."""
        return (self.home / "before" / name).read_bytes()


def codes(document: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in document["findings"]]


def restored(kept: Path) -> list[Path]:
    """The files of the restored trees: beside them a drill keeps what it ran in."""
    return [path for path in kept.rglob("*") if path.is_file() and "srv" in path.parts]


def encrypt(folder: Path) -> None:
    """Do as a virus does: other content under another name; the decoy is a file like others."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        path.write_bytes(os.urandom(path.stat().st_size))
        if path.name != "000.odt":
            path.rename(path.with_name(path.name + ".locked"))


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Attacked:
    """Backed up twice, then encrypted and backed up again."""
    site = Attacked(tmp_path_factory.mktemp("attacked"))
    make(site.repository, PASSWORD)
    site.fill()
    (site.source / "000.odt").write_bytes(b"do not touch " * 100)
    site.written().backup()
    (site.source / "dossier 1" / "pièce 1.bin").write_bytes(b"of the second day " * 500)
    site.backup()
    shutil.copytree(site.source, site.home / "before")
    encrypt(site.source)
    ran = site.pra("backup", "acme", "--json")
    assert (3, "suspected") == (ran.code, ran.json["services"][0]["outcome"]), ran
    site.points = site.backups()
    return site


@pytest.fixture
def site(whole: Attacked, tmp_path: Path) -> Attacked:
    """The same site, to be done with as a test likes; without a bucket."""
    shutil.copytree(whole.home, tmp_path, dirs_exist_ok=True)
    found = Attacked(tmp_path)
    found.source, found.points = whole.source, whole.points
    return found.written()


@pytest.fixture
def copied(site: Attacked, tmp_path: Path, s3: S3Server) -> Callable[..., Attacked]:
    """Puts what the NAS holds into a bucket as well, where it is locked for a day, or is not."""

    def copy(lock: str = LOCKED, *, locked: bool = True) -> Attacked:
        name = f"scenario-{secrets.token_hex(6)}"
        if locked:
            s3.make_bucket(name, object_lock=True, days=1)
        else:
            s3.client().create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
        url = f"s3:{s3.endpoint}/{name}/acme"
        found = Attacked(tmp_path, url=url, s3_keys=(s3.access_key, s3.secret_key))
        found.source, found.points = site.source, site.points
        upload(site.repository, s3.client(), name, "acme/")
        return found.written(bucket=name, lock=lock)

    return copy


def test_a_virus_leaves_the_copy_that_is_locked_and_the_last_point_before_it(
    copied: Callable[..., Attacked],
) -> None:
    site = copied()
    document, service = site.found(*RANSOMWARE, "--keep", str(site.home / "kept"))

    assert ("proven", "far", "first-suspected") == (
        service["verdict"],
        service["repository"],
        document["point"],
    ), document
    first, second, suspected = site.points
    assert first["data_time"] < second["data_time"] == service["data_time"]
    assert suspected["data_time"] == document["t0"]
    assert document["detection_lag_s"] > 0
    assert {"suspected-since", "rewound-view"} <= set(codes(document))
    (back,) = (site.home / "kept").rglob("pièce 1.bin")
    assert site.original("dossier 1/pièce 1.bin") == back.read_bytes()


def test_what_the_virus_deletes_from_a_locked_bucket_is_read_all_the_same(
    copied: Callable[..., Attacked], s3: S3Server
) -> None:
    site = copied()
    bucket = site.url.split("/")[-2]
    client = s3.client()
    listed = client.list_objects_v2(Bucket=bucket, Prefix="acme/snapshots/")["Contents"]
    for one in listed:
        client.delete_object(Bucket=bucket, Key=one["Key"])

    document, service = site.found(*RANSOMWARE)

    assert ("proven", site.points[1]["data_time"]) == (
        service["verdict"],
        service["data_time"],
    ), document
    assert "rewound-taken" in codes(document)


def test_a_virus_leaves_nothing_where_our_own_keys_can_delete_all_of_it(site: Attacked) -> None:
    ran = site.drill(*RANSOMWARE)

    (service,) = ran.json["services"]
    assert (3, "refuted", None) == (ran.code, service["verdict"], service["repository"])
    assert [f"{GONE}, and the ransomware deletes what our own keys can"] == service["why"]


def test_a_bucket_without_a_lock_goes_with_the_virus(copied: Callable[..., Attacked]) -> None:
    _, service = copied(lock="").found(*RANSOMWARE)

    assert ("refuted", None) == (service["verdict"], service["repository"])
    assert service["why"][0].startswith("no copy survives: nas, far are neither immutable")


def test_a_lock_that_is_only_in_the_policy_is_found_out(copied: Callable[..., Attacked]) -> None:
    _, service = copied(locked=False).found(*RANSOMWARE)

    assert ("refuted", "far") == (service["verdict"], service["repository"])
    assert "can be deleted for good by whoever has the right: not locked" in service["why"][0]


def test_a_burglary_takes_the_nas_with_all_that_is_on_it(site: Attacked) -> None:
    document, service = site.found("--scenario", "burglary")

    assert ("refuted", None) == (service["verdict"], service["repository"])
    assert ["no copy survives: nas goes with what the burglary takes"] == service["why"]
    assert "kit-not-used" in codes(document)


def test_a_burglary_leaves_the_bucket_whose_newest_sound_point_is_used(
    copied: Callable[..., Attacked],
) -> None:
    site = copied()
    document, service = site.found("--scenario", "burglary")

    assert ("proven", "far") == (service["verdict"], service["repository"]), service
    assert ["suspected-skipped"] == [c for c in codes(document) if c.startswith("suspected")]
    suspected = site.points[-1]
    assert [suspected["run"]] == [one["run"] for one in service["suspected_points"]]


def test_one_file_comes_back_as_it_was_and_nothing_else(site: Attacked) -> None:
    wanted = site.source / "dossier 1" / "pièce 1.bin"
    kept = site.home / "kept"
    document, service = site.found(*HUMAN_ERROR, "--path", str(wanted), "--keep", str(kept))

    assert ("proven", str(wanted), 1) == (service["verdict"], service["path"], service["files"])
    (back,) = restored(kept)
    assert site.original("dossier 1/pièce 1.bin") == back.read_bytes()
    assert {"checks-not-asked", "one-path", "suspected-skipped"} <= set(codes(document))


def test_a_file_that_a_lot_has_drawn_comes_back_as_it_was(site: Attacked) -> None:
    kept = site.home / "kept"
    document, service = site.found(*HUMAN_ERROR, "--keep", str(kept))

    assert ("proven", 1, 1) == (service["verdict"], service["files"], service["depth"]), document
    (back,) = restored(kept)
    name = service["path"].removeprefix(f"{site.source}/")
    assert site.original(name) == back.read_bytes()


def test_what_is_not_in_the_point_proves_nothing(site: Attacked) -> None:
    ran = site.drill(*HUMAN_ERROR, "--path", f"{site.source}/never-there")

    (service,) = ran.json["services"]
    assert (4, "inconclusive") == (ran.code, service["verdict"])
    assert f"{site.source}/never-there is not in the recovery point" in service["why"][0]


def test_an_instant_that_a_lot_has_drawn_is_told_and_the_point_before_it_is_used(
    site: Attacked,
) -> None:
    document, service = site.found("--point", "random-within-30d", "--repository", "nas")

    t0, sealed = datetime.fromisoformat(document["t0"]), sealed_at(site)
    sound = [point for point in site.points[:2] if sealed[point["run"]] <= t0]
    assert ("random-within-30d", "proven") == (document["point"], service["verdict"]), document
    assert sound[-1]["data_time"] == service["data_time"]
    assert "instant-drawn" in codes(document)


def test_an_older_instant_has_an_older_point(site: Attacked) -> None:
    first, second, _ = site.points
    document, service = site.found("--at", second["data_time"], "--repository", "nas")

    assert ("at", "proven") == (document["point"], service["verdict"]), document
    assert first["data_time"] == service["data_time"]


def test_marks_that_an_attacker_takes_off_are_still_on_the_log(site: Attacked) -> None:
    forge(site)
    document, service = site.found("--repository", "nas")

    assert site.points[1]["data_time"] == service["data_time"], document
    assert "suspected-skipped" in codes(document)


def test_on_a_bare_machine_the_seals_tell_whose_marks_were_taken_off(site: Attacked) -> None:
    """The first suspected point was forgotten as well: no figure speaks against the others."""
    assert 3 == site.pra("backup", "acme").code
    _, sound, first, last = site.backups()
    site.url = str(site.repository)
    mine = [one["id"] for one in listed(site) if f"run={first['run']}" in one["tags"]]
    assert 2 == len(mine)
    site.restic("forget", *mine)
    forge(site)
    elsewhere = {"PRA_STATE": str(site.home / "another-state")}
    ran = site.pra("drill", "acme", "--json", "--repository", "nas", env=elsewhere)

    (service,) = ran.json["services"]
    assert ("proven", sound["data_time"]) == (service["verdict"], service["data_time"]), ran
    assert {"marks-removed", "suspected-skipped"} <= set(codes(ran.json))
    assert [last["run"]] == [one["run"] for one in service["suspected_points"]]


def sealed_at(site: Attacked) -> dict[str, datetime]:
    """By run, since when it is a point; the log's "usable at" is when its seal was there."""
    found = {}
    for snapshot in listed(site):
        tags = dict(tag.split("=", 1) for tag in snapshot["tags"] if "=" in tag)
        if tags.get("source") == "seal":
            found[tags["run"]] = datetime.fromisoformat(snapshot["time"])
    return found


def listed(site: Attacked) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(site.restic("snapshots", "--json"))
    return found


def forge(site: Attacked) -> None:
    """Say of the suspected point that it is complete, as whoever has the password can."""
    site.url = str(site.repository)
    (seal,) = (one for one in site.seals() if "outcome=suspected" in one["tags"])
    tags = [tag for tag in seal["tags"] if not tag.startswith(("outcome=", "suspect="))]
    site.restic("tag", "--set", ",".join([*tags, "outcome=complete"]), seal["id"])
    assert not [one for one in listed(site) if "outcome=suspected" in one["tags"]]

"""A wiped bucket with real backups in it: proven from its versions, and brought back."""

from __future__ import annotations

import itertools
import os
import secrets
import shutil
import signal
import threading
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.lying import Liar
from tests.quick import make, upload
from tests.site import PASSWORD, ClientSite

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mypy_boto3_s3 import S3Client

    from orchestrator.demo.servers import S3Server

WIPE = ("--scenario", "bucket-wipe")


class Wipeable(ClientSite):
    """A site whose repository is in a bucket, and what may happen to that."""

    def __init__(self, home: Path, s3: S3Server, bucket: str, *, endpoint: str = "") -> None:
        url = f"s3:{endpoint or s3.endpoint}/{bucket}/acme"
        super().__init__(home, url=url, s3_keys=(s3.access_key, s3.secret_key))
        self.bucket = bucket
        self.client: S3Client = s3.client()

    def keys(self) -> list[str]:
        """What is there now."""
        listed = self.client.list_objects_v2(Bucket=self.bucket, Prefix="acme/")
        return [one["Key"] for one in listed.get("Contents", ())]

    def wipe(self) -> str:
        """Delete everything; return the instant before, as `--at` takes it."""
        time.sleep(1.1)  # S3 counts in seconds
        before = datetime.now(UTC)
        time.sleep(1.1)
        for key in self.keys():
            self.client.delete_object(Bucket=self.bucket, Key=key)
        return before.isoformat()

    def versions(self) -> list[tuple[str, str, bool]]:
        """Every version and marker there is."""
        said = self.client.list_object_versions(Bucket=self.bucket)
        found = [*said.get("Versions", ()), *said.get("DeleteMarkers", ())]
        return sorted((one["Key"], one["VersionId"], one["IsLatest"]) for one in found)

    def wiped_drill(self, *words: str) -> dict[str, Any]:
        """The document of a drill of a wiped bucket."""
        return self.drill(*WIPE, *words).json


@pytest.fixture
def name() -> str:
    return f"wipe-{secrets.token_hex(6)}"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> ClientSite:
    """Backed up once, into a folder."""
    found = ClientSite(tmp_path_factory.mktemp("whole"))
    found.fill()
    found.write()
    make(found.repository, PASSWORD)
    found.backup()
    return found


@pytest.fixture
def settled(whole: ClientSite, tmp_path: Path, s3: S3Server, name: str) -> Callable[..., Wipeable]:
    """Puts the same site's repository into the bucket, as restic would have."""

    def settle(**other: str) -> Wipeable:
        shutil.copytree(whole.home, tmp_path, dirs_exist_ok=True)
        found = Wipeable(tmp_path, s3, name, **other)
        found.source = whole.source
        found.write()
        upload(whole.repository, found.client, name, "acme/")
        return found

    return settle


@pytest.fixture
def site(settled: Callable[..., Wipeable], s3: S3Server, name: str) -> Wipeable:
    """Backed up once into a bucket with Object Lock."""
    s3.make_bucket(name, object_lock=True, days=1)
    return settled()


def codes(document: dict[str, Any]) -> set[str]:
    return {finding["code"] for finding in document["findings"]}


def test_a_wiped_bucket_is_proven_from_its_versions_and_then_brought_back(site: Wipeable) -> None:
    before = site.versions()
    drilled = site.wiped_drill()

    assert "proven" == drilled["verdict"], drilled
    assert "rewound-view" in codes(drilled)
    assert before == site.versions()

    at = site.wipe()
    assert [] == site.keys()
    assert "proven" != site.drill().json["verdict"]
    drilled = site.wiped_drill()
    assert "proven" == drilled["verdict"], drilled
    assert "rewound-taken" in codes(drilled)

    foreseen = site.pra("repo", "rewind", "acme", "--dry-run", "--at", at, "--json").json
    assert (True, 0, None) == (foreseen["dry_run"], foreseen["lost"], foreseen["sound"])
    assert [] == site.keys()

    ran = site.pra("repo", "rewind", "acme", "--at", at, "--yes", "--json")

    assert 0 == ran.code, ran
    done = ran.json
    assert (foreseen["restored"], 0, True) == (done["restored"], done["lost"], done["sound"])
    assert ["partage"] == [point["service"] for point in done["points"]]
    assert "proven" == site.drill().json["verdict"]
    kinds = [run["kind"] for run in site.pra("history", "acme", "--json").json["runs"]]
    assert "rewind" in kinds


def test_a_rewind_that_was_killed_half_way_goes_on_with_the_next(
    settled: Callable[..., Wipeable], s3: S3Server, name: str
) -> None:
    s3.make_bucket(name, object_lock=True, days=1)
    slow = [False]
    copied = itertools.count()
    over = threading.Event()

    def lie(_method: str, _path: str, source: str) -> int | None:
        if slow[0] and source and next(copied) >= 4:
            over.wait(90)
            return 503  # whoever asked is dead: it must not be copied after all
        return None

    with Liar(s3.endpoint, lie) as liar:
        site = settled(endpoint=liar.endpoint)
        at, slow[0] = site.wipe(), True
        with site.start("repo", "rewind", "acme", "--at", at, "--yes") as child:
            until = time.monotonic() + 60
            while len(site.keys()) < 3:
                assert time.monotonic() < until
                assert not child.poll(0.1)
            os.killpg(child.pid, signal.SIGKILL)
        over.set()
        slow[0] = False
        some = len(site.keys())

        ran = site.pra("repo", "rewind", "acme", "--at", at, "--yes", "--json")

    assert 0 == ran.code, ran
    assert 0 < some <= ran.json["whole"]
    assert ran.json["restored"] > 0
    assert ran.json["sound"]


def test_a_bucket_whose_versions_are_not_locked_is_no_way_back(
    settled: Callable[..., Wipeable], s3: S3Server, name: str
) -> None:
    s3.make_bucket(name)
    s3.client().put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    site = settled()

    drilled = site.wiped_drill()

    assert "refuted" == drilled["verdict"]
    (why,) = drilled["services"][0]["why"]
    assert why.endswith("can be deleted for good by whoever has the right: not locked")


def test_a_bucket_without_versions_has_nothing_to_go_back_to(
    settled: Callable[..., Wipeable], s3: S3Server, name: str
) -> None:
    s3.make_bucket(name)
    site = settled()

    drilled = site.wiped_drill()
    ran = site.pra("repo", "rewind", "acme", "--at", "2026-11-02 03:00", "--yes", "--json")

    assert "refuted" == drilled["verdict"]
    assert ["no copy survives: the bucket of far keeps no versions"] == drilled["services"][0][
        "why"
    ]
    assert (1, "repository-refused") == (ran.code, ran.json["error"]["code"])


def test_keys_that_are_gone_for_good_are_lost_and_the_repository_is_not_sound(
    settled: Callable[..., Wipeable], s3: S3Server, name: str
) -> None:
    s3.make_bucket(name)
    s3.client().put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    site = settled()
    at = site.wipe()
    for key, version, is_latest in site.versions():
        if "/keys/" in key and not is_latest:
            site.client.delete_object(Bucket=name, Key=key, VersionId=version)

    ran = site.pra("repo", "rewind", "acme", "--at", at, "--yes", "--json")
    drilled = site.wiped_drill()

    assert 3 == ran.code, ran
    assert (1, False, []) == tuple(ran.json[what] for what in ("lost", "sound", "points"))
    assert "refuted" == drilled["verdict"]
    assert "no good version of its keys" in drilled["services"][0]["why"][0]


def test_a_recovery_key_of_a_file_is_used_instead_of_the_policys(
    site: Wipeable, s3: S3Server
) -> None:
    at = site.wipe()
    site.secret("access_key", "REVOKED")
    keys = site.home / "recovery.ini"
    keys.write_text(
        f"[default]\naws_access_key_id = {s3.access_key}\naws_secret_access_key = {s3.secret_key}\n"
    )

    refused = site.pra("repo", "rewind", "acme", "--at", at, "--yes", "--json")
    ran = site.pra("repo", "rewind", "acme", "--at", at, "--yes", "--json", "--keys", str(keys))

    assert (1, "repository-refused") == (refused.code, refused.json["error"]["code"])
    assert 0 == ran.code, ran
    assert s3.secret_key not in ran.out + ran.err


def test_what_is_asked_wrongly_is_said_before_anything_is_written(site: Wipeable) -> None:
    before = site.versions()
    bad = site.home / "bad.ini"
    bad.write_text("[default]\naws_access_key_id = AKHIDDEN\n")
    calls = (
        ["--yes"],
        ["--at", "2026-11-02 03:00"],
        ["--at", "some day", "--yes"],
        ["--at", "2026-11-02 03:00", "--yes", "--repository", "near"],
        ["--at", "2026-11-02 03:00", "--yes", "--keys", str(bad)],
    )

    for words in calls:
        ran = site.pra("repo", "rewind", "acme", *words)
        assert 2 == ran.code, (words, ran)
        assert "AKHIDDEN" not in ran.err
    ran = site.pra("repo", "rewind", "acme", "--at", "2020-01-01 03:00", "--yes")
    assert (1, True) == (ran.code, "held no object of a repository" in ran.err)
    foreseen = site.pra("repo", "rewind", "acme", "--at", "2020-01-01 03:00", "--dry-run")
    assert (3, True) == (foreseen.code, "there was nothing" in foreseen.out)
    assert before == site.versions()

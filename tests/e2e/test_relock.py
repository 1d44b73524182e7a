"""`pra repo relock` on a real site in a real bucket."""

from __future__ import annotations

import secrets
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.quick import make, upload
from tests.site import FILES, PASSWORD, ClientSite

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestrator.demo.servers import S3Server

OFFSITE = "location: offsite"


@pytest.fixture
def name() -> str:
    return f"relock-{secrets.token_hex(6)}"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> ClientSite:
    """A site that was backed up once, into a folder."""
    found = ClientSite(tmp_path_factory.mktemp("whole"))
    found.fill(files=10)
    found.write(FILES)
    make(found.repository, PASSWORD)
    found.backup()
    return found


@pytest.fixture
def promised(
    whole: ClientSite, tmp_path: Path, s3: S3Server, name: str
) -> Callable[[str], ClientSite]:
    """Puts its repository into the bucket, as restic would have, and promises something of it."""

    def promise(words: str) -> ClientSite:
        shutil.copytree(whole.home, tmp_path, dirs_exist_ok=True)
        keys = (s3.access_key, s3.secret_key)
        site = ClientSite(tmp_path, url=f"s3:{s3.endpoint}/{name}/acme", s3_keys=keys)
        site.source = whole.source
        site.write(FILES)
        upload(whole.repository, s3.client(), name, "acme/")
        path = site.policies / "acme.yaml"
        path.write_text(path.read_text().replace(OFFSITE, f"{OFFSITE}, {words}"))
        return site

    return promise


def test_a_bucket_that_locks_for_less_than_promised_is_relocked_and_is_a_problem(
    promised: Callable[[str], ClientSite], s3: S3Server, name: str
) -> None:
    s3.make_bucket(name, object_lock=True, days=1)
    site = promised("immutable: {mode: compliance, for: 4d}")

    tried = site.pra("repo", "relock", "acme", "--dry-run", "--json")
    ran = site.pra("repo", "relock", "acme", "--json")
    again = site.pra("repo", "relock", "acme")

    dry, row = tried.json["repositories"][0], ran.json["repositories"][0]
    assert (3, 3, 3) == (tried.code, ran.code, again.code)
    assert dry["objects"] == dry["extended"] == row["objects"] == row["extended"]
    assert (None, True) == (dry["run"], row["least_until"] > dry["least_until"])
    assert f"far: {row['objects']} objects looked at, 0 extended" == again.out.splitlines()[0]
    assert "PROBLEM: the bucket locks new objects for 1 day, the policy says 4 days" in again.out
    kinds = [run["kind"] for run in site.pra("history", "acme", "--json").json["runs"]]
    assert 2 == kinds.count("relock")


def test_what_restic_wrote_into_an_unlocked_place_is_locked_by_the_first_relock(
    promised: Callable[[str], ClientSite], s3: S3Server, name: str
) -> None:
    client = s3.client()
    client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    site = promised("immutable: {mode: compliance, for: 5m}")

    first = site.pra("repo", "relock", "acme", "--json").json["repositories"][0]
    second = site.pra("repo", "relock", "acme", "--json").json["repositories"][0]

    assert first["objects"] == first["bare"] == first["extended"] > 8
    assert (first["objects"], 0, 0) == (second["objects"], second["bare"], second["extended"])
    listed = client.list_object_versions(Bucket=name)["Versions"]
    alive = [one for one in listed if "/locks/" not in one["Key"]]
    assert first["objects"] == len(alive)
    for one in alive:
        with pytest.raises(ClientError, match="AccessDenied"):
            client.delete_object(Bucket=name, Key=one["Key"], VersionId=one["VersionId"])
    assert 0 == site.drill().code


def test_doctor_says_of_an_unsafe_bucket_what_is_wrong_with_it(
    promised: Callable[[str], ClientSite], s3: S3Server, name: str
) -> None:
    s3.make_bucket(name)
    site = promised("immutable: {mode: compliance, for: 4d}")

    doctor = site.pra("doctor", "acme", "--json")

    found: dict[str, Any] = {one["code"]: one["severity"] for one in doctor.json["findings"]}
    assert 1 == doctor.code
    # The keys of this site have all rights.
    assert {"lock-missing", "key-deletes", "key-changes-lifecycle"} == {
        code for code, severity in found.items() if severity == "error"
    }
    assert {"never-relocked", "copies-immutable", "lock-not-offline"} <= set(found)
    assert 3 == site.pra("repo", "relock", "acme").code


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("repo", "relock", "acme"), "the policy calls no repository immutable"),
        (("repo", "relock", "acme", "--repository", "far"), "does not call it immutable"),
        (("repo", "relock", "acme", "--repository", "fra"), "did you mean far?"),
    ],
)
def test_what_is_not_promised_is_not_relocked(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    site = ClientSite(tmp_path)
    site.write(FILES)

    ran = site.pra(*words)

    assert (2, True) == (ran.code, said in ran.err), ran

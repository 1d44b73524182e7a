"""`pra repo relock` on a real site in a real bucket."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.site import FILES, ClientSite

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.demo.servers import S3Server

OFFSITE = "location: offsite"


@pytest.fixture
def name() -> str:
    return f"relock-{secrets.token_hex(6)}"


def a_site(home: Path, s3: S3Server, name: str, promise: str) -> ClientSite:
    """A site that was backed up into a bucket, and then promised something of it."""
    site = ClientSite(
        home, url=f"s3:{s3.endpoint}/{name}/acme", s3_keys=(s3.access_key, s3.secret_key)
    )
    site.fill(files=10)
    site.write(FILES)
    site.backup()
    path = site.policies / "acme.yaml"
    path.write_text(path.read_text().replace(OFFSITE, f"{OFFSITE}, {promise}"))
    return site


def test_a_bucket_that_locks_for_less_than_promised_is_relocked_and_is_a_problem(
    tmp_path: Path, s3: S3Server, name: str
) -> None:
    s3.make_bucket(name, object_lock=True, days=1)
    site = a_site(tmp_path, s3, name, "immutable: {mode: compliance, for: 4d}")

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
    tmp_path: Path, s3: S3Server, name: str
) -> None:
    client = s3.client()
    client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    site = a_site(tmp_path, s3, name, "immutable: {mode: compliance, for: 2m}")

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
    tmp_path: Path, s3: S3Server, name: str
) -> None:
    s3.make_bucket(name)
    site = a_site(tmp_path, s3, name, "immutable: {mode: compliance, for: 4d}")

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

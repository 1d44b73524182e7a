"""A site lives its whole life with exactly the rights that `pra grants` prints, and no more."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.site import DATABASE, FILES, ClientSite

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestrator.demo.servers import PostgresServer, S3Server

HEAD = """\
site: acme
name: Acme SARL
timezone: Europe/Paris
lead: {server-failure: {detect: 10m, decide: 30m}}
repositories:
  far:
    url: "%(url)s"
    password: {file: %(secrets)s/restic}
    s3: {access_key: {file: %(secrets)s/access_key}, secret_key: {file: %(secrets)s/secret_key}}
    location: offsite
    immutable: {mode: compliance, for: 2d}
  near: {url: "%(near)s", password: {file: %(secrets)s/restic}, location: onsite}
services:
"""
SHARED = FILES + "    backup: {to: near, copy_to: [far]}\n"
TILL = DATABASE + "    backup: {to: far}\n"
ORDERS = """
create table orders(id int primary key, created_at timestamptz not null, label text);
insert into orders select i, now() - i * interval '1 minute', md5(i::text)
    from generate_series(0, 1999) i;
create schema inner_rooms;
create table inner_rooms.secrets as select * from orders;
create sequence inner_rooms.numbers;
"""


class Granted:
    """A site whose daily key and SQL role have what is printed for it."""

    def __init__(self, home: Path, s3: S3Server, postgres: PostgresServer) -> None:
        self.s3 = s3
        self.bucket = f"grants-{secrets.token_hex(6)}"
        self.user = f"pra_{secrets.token_hex(4)}"
        self.database = f"till_{secrets.token_hex(4)}"
        s3.make_bucket(self.bucket, object_lock=True, days=2)
        s3.client().put_bucket_lifecycle_configuration(
            Bucket=self.bucket,
            LifecycleConfiguration={
                "Rules": [
                    {
                        "ID": "old versions",
                        "Status": "Enabled",
                        "Filter": {"Prefix": ""},
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 3},
                    }
                ]
            },
        )
        postgres.create(self.database)
        postgres.sql(self.database, ORDERS)
        postgres.sql(self.database, f'REVOKE ALL ON DATABASE "{self.database}" FROM public')
        self.site = ClientSite(
            home, url=f"s3:{s3.endpoint}/{self.bucket}/acme", s3_keys=("none", "none")
        )
        self.site.fill()
        values = {
            "url": self.site.url,
            "near": home / "near",
            "secrets": self.site.secrets,
            "source": self.site.source,
            "host": postgres.host,
            "port": postgres.port,
            "user": self.user,
            "database": self.database,
        }
        policy = (HEAD + TILL + SHARED) % values
        (self.site.policies / "acme.yaml").write_text(policy)
        self.printed: dict[str, Any] = self.site.pra("grants", "acme", "--json").json
        for name, value in zip(("access_key", "secret_key"), self.admit("daily"), strict=True):
            self.site.secret(name, value)
        for role in self.printed["sql"]:
            postgres.sql(self.database, "\n".join(role["statements"]))

    def admit(self, key: str) -> tuple[str, str]:
        """Have the server know a pair of keys with the rights of one that is printed."""
        policy = self.printed["repositories"][0][key]
        return self.s3.admit(f"{self.bucket}-{key}", policy)


@pytest.fixture
def granted(tmp_path: Path, s3: S3Server, postgres: PostgresServer) -> Granted:
    return Granted(tmp_path, s3, postgres)


@pytest.fixture(scope="module")
def settled(
    tmp_path_factory: pytest.TempPathFactory, s3: S3Server, postgres: PostgresServer
) -> Granted:
    """One that has its first recovery point; nobody changes what is in it."""
    made = Granted(tmp_path_factory.mktemp("settled"), s3, postgres)
    made.site.backup("caisse")
    return made


def test_a_site_lives_with_exactly_what_is_granted(granted: Granted) -> None:
    site = granted.site

    site.backup()
    copied = site.pra("repo", "copy", "acme", "--json")
    site.backup("caisse")
    drilled = site.drill()
    verified = site.pra("verify", "acme", "--json")
    relocked = site.pra("repo", "relock", "acme", "--json")
    doctor = site.pra("doctor", "acme", "--json")

    assert 0 == copied.code, copied
    assert (0, "proven") == (drilled.code, drilled.json["verdict"]), drilled
    assert 0 == verified.code, verified
    (row,) = relocked.json["repositories"]
    assert (0, [], 0) == (relocked.code, row["problems"], row["bare"])
    assert row["objects"] > 10
    found = {one["code"]: one for one in doctor.json["findings"]}
    assert [] == [one for one in found.values() if one["severity"] == "error"]
    asked = {"posture-unknown", "rights-untried", "lock-unknown", "never-relocked"}
    assert set() == asked & set(found)
    assert {"noncurrent-rule-missing", "noncurrent-rule-short"}.isdisjoint(found)
    cannot = "delete a version, shorten a lock, change the lock configuration, change the lifecycle"
    assert f"acme/far: tried, and our keys cannot: {cannot}" in site.pra("doctor", "acme").out
    assert "no errors were found" in site.restic("check", *credentials(site)), "the probe is in it"


def credentials(site: ClientSite) -> list[str]:
    """Have restic read the daily key as pra gives it: from a file."""
    access, secret = (
        (site.secrets / name).read_text().strip() for name in ("access_key", "secret_key")
    )
    folder = site.home / ".aws"
    folder.mkdir(exist_ok=True)
    (folder / "credentials").write_text(
        f"[default]\naws_access_key_id={access}\naws_secret_access_key={secret}\n"
    )
    return ["-o", "s3.region=us-east-1"]


def test_the_daily_key_cannot_remove_hide_or_change_what_is_there(settled: Granted) -> None:
    at: Any = {"Bucket": settled.bucket}
    daily = settled.s3.client(
        (
            (settled.site.secrets / "access_key").read_text().strip(),
            (settled.site.secrets / "secret_key").read_text().strip(),
        )
    )
    config: Any = {**at, "Key": "acme/config"}
    version = daily.head_object(**config)["VersionId"]

    attempts: tuple[Callable[[], object], ...] = (
        lambda: daily.delete_object(**config),
        lambda: daily.delete_object(**config, VersionId=version),
        lambda: daily.delete_object(**config, VersionId=version, BypassGovernanceRetention=True),
        lambda: daily.put_object(**at, Key="elsewhere/x", Body=b""),
        lambda: daily.list_objects_v2(**at),
        lambda: daily.list_objects_v2(**at, Prefix="elsewhere/"),
        lambda: daily.delete_bucket_lifecycle(**at),
        lambda: daily.put_bucket_versioning(**at, VersioningConfiguration={"Status": "Enabled"}),
        lambda: daily.put_object_lock_configuration(
            **at, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"}
        ),
    )
    for attempt in attempts:
        with pytest.raises(ClientError, match="AccessDenied"):
            attempt()


def test_the_recovery_key_reads_old_versions_and_puts_them_back(settled: Granted) -> None:
    config: Any = {"Bucket": settled.bucket, "Key": "acme/config"}
    good = settled.s3.client().get_object(**config)["Body"].read()
    settled.s3.client().delete_object(**config)
    recovery = settled.s3.client(settled.admit("recovery"))

    listed = recovery.list_object_versions(Bucket=settled.bucket, Prefix="acme/config")
    (old,) = listed["Versions"]
    body = recovery.get_object(**config, VersionId=old["VersionId"])["Body"].read()
    recovery.put_object(**config, Body=body)

    assert good == recovery.get_object(**config)["Body"].read()
    with pytest.raises(ClientError, match="AccessDenied"):
        recovery.delete_object(**config, VersionId=old["VersionId"])


def test_a_page_is_printed_for_people_and_an_unknown_repository_is_refused(
    settled: Granted,
) -> None:
    page = settled.site.pra("grants", "acme", "--repository", "far")
    unknown = settled.site.pra("grants", "acme", "--repository", "fra")

    assert (0, True) == (page.code, page.out.startswith("# far: the daily key"))
    assert "CREATE ROLE" not in page.out
    assert (2, True) == (unknown.code, "did you mean far?" in unknown.err)

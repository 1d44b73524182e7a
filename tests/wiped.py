"""Buckets that hold what looks like a repository, and what an attacker does to them."""

from __future__ import annotations

import hashlib
import math
import os
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from orchestrator.adapters.s3 import Bucket
from orchestrator.core.policy.model import Location, Repository, S3Access, Secret
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mypy_boto3_s3 import S3Client

    from orchestrator.demo.servers import S3Server

AREAS = ("data", "index", "keys", "snapshots")
PREFIX = "repo/"


def asked(url: str, keys: tuple[str, str]) -> Bucket:
    """The bucket of a repository at an address, as our code asks it."""
    nowhere = Secret(kind="file", value=("/nowhere",))
    repository = Repository(
        id="far",
        url=url,
        password=nowhere,
        s3=S3Access(access_key=nowhere, secret_key=nowhere, region=None),
        location=Location.OFFSITE,
        equipment=None,
        country=None,
    )
    pair = (keys[0].encode(), keys[1].encode())
    return Bucket(repository, pair, Processes(f"wiped-{os.urandom(4).hex()}"))


@dataclass(slots=True)
class Holding:
    """Objects under the names that restic gives: the SHA-256 of what is in them."""

    client: S3Client
    bucket: str
    contents: dict[str, bytes] = field(default_factory=dict)

    def fill(self, each: int = 4) -> None:
        """Put so many objects of every kind, and a config and a lock."""
        for area in AREAS:
            for _ in range(each):
                self.add(area)
        self.put("config", b"the config")
        self.client.put_object(Bucket=self.bucket, Key=f"{PREFIX}locks/{'0' * 64}", Body=b"x")

    def add(self, area: str) -> str:
        """Put one object of random content under its name; its key."""
        content = os.urandom(64)
        name = hashlib.sha256(content).hexdigest()
        key = f"data/{name[:2]}/{name}" if area == "data" else f"{area}/{name}"
        self.put(key, content)
        return key

    def put(self, key: str, content: bytes) -> None:
        """Put what belongs to the repository."""
        self.client.put_object(Bucket=self.bucket, Key=PREFIX + key, Body=content)
        self.contents[key] = content

    def moment(self) -> datetime:
        """Return an instant between what was done and what comes, as S3 counts: in seconds."""
        now = time.time()
        boundary = math.floor(now) + 1
        time.sleep(boundary - now + 0.02)
        return datetime.fromtimestamp(boundary, UTC) - timedelta(milliseconds=1)

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects as anybody does who has the key."""
        for key in keys:
            self.client.delete_object(Bucket=self.bucket, Key=PREFIX + key)

    def noise(self, keys: Iterable[str]) -> None:
        """Write noise over objects."""
        for key in keys:
            self.client.put_object(Bucket=self.bucket, Key=PREFIX + key, Body=os.urandom(64))

    def now(self) -> dict[str, bytes]:
        """What is in the repository's place now, without locks."""
        found = {}
        listed = self.client.list_objects_v2(Bucket=self.bucket, Prefix=PREFIX)
        for one in listed.get("Contents", ()):
            key = one["Key"].removeprefix(PREFIX)
            if not key.startswith("locks/"):
                answer = self.client.get_object(Bucket=self.bucket, Key=one["Key"])
                found[key] = answer["Body"].read()
        return found

    def versions(self) -> list[tuple[str, str, bool]]:
        """Every version and marker: key, id, whether it is the latest."""
        said = self.client.list_object_versions(Bucket=self.bucket, Prefix=PREFIX)
        found = [*said.get("Versions", ()), *said.get("DeleteMarkers", ())]
        return sorted((one["Key"], one["VersionId"], one["IsLatest"]) for one in found)


def holding(s3: S3Server, name: str, *, versioned: bool = True) -> Holding:
    """Make a bucket with a repository's objects in it."""
    client = s3.client()
    client.create_bucket(Bucket=name)
    if versioned:
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    found = Holding(client, name)
    found.fill()
    return found

"""Locked buckets for the tests: retentions of seconds, objects as a repository has them."""

from __future__ import annotations

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from orchestrator.adapters.s3 import Bucket
from orchestrator.core.policy.model import Immutable, Location, LockMode, Repository, S3Access
from orchestrator.core.policy.model import Secret as Reference
from restore_drills.process import Processes

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

    from orchestrator.demo.servers import S3Server

NOWHERE = Reference(kind="file", value=("/nowhere",))
PREFIX = "till/"


def repository(
    url: str, *, immutable: Immutable | None = None, append_only: bool = False
) -> Repository:
    """A repository in a bucket."""
    return Repository(
        id="offsite",
        url=url,
        password=NOWHERE,
        s3=S3Access(access_key=NOWHERE, secret_key=NOWHERE, region=None),
        location=Location.OFFSITE,
        equipment=None,
        country=None,
        immutable=immutable,
        append_only=append_only,
    )


class Locked:
    """A fresh bucket with Object Lock, without a default retention unless `days` says one."""

    def __init__(
        self, s3: S3Server, *, days: int = 0, mode: str = "COMPLIANCE", lock: bool = True
    ) -> None:
        self.s3 = s3
        self.name = f"lock-{secrets.token_hex(6)}"
        self.client: S3Client = s3.client()
        self.client.create_bucket(Bucket=self.name, ObjectLockEnabledForBucket=lock)
        if days:
            self.client.put_object_lock_configuration(
                Bucket=self.name,
                ObjectLockConfiguration={
                    "ObjectLockEnabled": "Enabled",
                    "Rule": {
                        "DefaultRetention": {
                            "Mode": "GOVERNANCE" if mode == "GOVERNANCE" else "COMPLIANCE",
                            "Days": days,
                        }
                    },
                },
            )

    @property
    def url(self) -> str:
        """The repository's address, as restic takes it."""
        return f"s3:{self.s3.endpoint}/{self.name}/{PREFIX.rstrip('/')}"

    def put(
        self, key: str, *, seconds: float | None = None, mode: str = "COMPLIANCE", body: bytes = b""
    ) -> str:
        """Put an object, locked for so many seconds, or as the bucket will; return its version."""
        if seconds is None:
            made = self.client.put_object(Bucket=self.name, Key=PREFIX + key, Body=body)
            return made.get("VersionId", "null")
        return self.client.put_object(
            Bucket=self.name,
            Key=PREFIX + key,
            Body=body,
            ObjectLockMode="GOVERNANCE" if mode == "GOVERNANCE" else "COMPLIANCE",
            ObjectLockRetainUntilDate=datetime.now(UTC) + timedelta(seconds=seconds),
        )["VersionId"]

    def fill(self, count: int, *, seconds: float | None = None) -> None:
        """Put many objects where packs are."""
        with ThreadPoolExecutor(8) as threads:
            names = [f"data/{n % 256:02x}/{n:064x}" for n in range(count)]
            list(threads.map(lambda name: self.put(name, seconds=seconds), names))

    def until(self, key: str) -> datetime:
        """When an object's lock ends."""
        found = self.client.get_object_retention(Bucket=self.name, Key=PREFIX + key)
        return found["Retention"]["RetainUntilDate"].astimezone(UTC)

    def may_delete(self, key: str, version: str) -> bool:
        """Whether a version could be deleted for good, with all rights; then it is."""
        try:
            self.client.delete_object(Bucket=self.name, Key=PREFIX + key, VersionId=version)
        except ClientError:
            return False
        return True

    def bucket(
        self,
        *,
        immutable: Immutable | None = None,
        append_only: bool = False,
        pair: tuple[str, str] | None = None,
        url: str = "",
        processes: Processes | None = None,
    ) -> Bucket:
        """The bucket as pra asks it, with all rights or those of a pair of keys."""
        access, secret = pair or (self.s3.access_key, self.s3.secret_key)
        return Bucket(
            repository(url or self.url, immutable=immutable, append_only=append_only),
            (access.encode(), secret.encode()),
            processes or Processes("the-tests"),
        )


def immutable(seconds: float, mode: LockMode = LockMode.COMPLIANCE) -> Immutable:
    """What a policy promises."""
    return Immutable(mode=mode, period=timedelta(seconds=seconds))


def wait_until(at: datetime) -> None:
    """Wait until an instant is surely over."""
    time.sleep(max((at - datetime.now(UTC)).total_seconds(), 0) + 1.2)

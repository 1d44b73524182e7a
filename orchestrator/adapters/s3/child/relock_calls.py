"""The requests of a relock: what lives, when its lock ends, a later end. For the child alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_s3.type_defs import ObjectLockRetentionTypeDef

    from orchestrator.adapters.s3.child.place import Place

CONFIG = "config"
FOLDERS = ("data/", "index/", "snapshots/", "keys/")  # not locks/: those come and go
GONE = frozenset({"NoSuchKey", "NoSuchVersion", "MethodNotAllowed"})
BARE = frozenset({"NoSuchObjectLockConfiguration", "ObjectLockConfigurationNotFoundError"})
TOO_MANY, SERVER_FAULT = 429, 500


@dataclass(slots=True)
class Calls:
    """The place that is relocked, and the storage's clock: it is the one that ends a lock."""

    place: Place
    _skew: timedelta = timedelta(0)

    def now(self) -> datetime:
        """Return the storage's time, as its last listing told it."""
        return datetime.now(UTC) + self._skew

    def has_config(self) -> bool:
        """Whether the repository's config is there; sets the clock."""
        key = self.place.prefix + CONFIG
        found = self.place.client.list_objects_v2(Bucket=self.place.bucket, Prefix=key, MaxKeys=1)
        self._set_clock(found["ResponseMetadata"]["HTTPHeaders"].get("date"))
        return any(entry["Key"] == key for entry in found.get("Contents", ()))

    def listed(self) -> Iterator[tuple[str, datetime]]:
        """Yield every live object but the config: its key in the repository, when it was put."""
        pages = self.place.client.get_paginator("list_objects_v2")
        for folder in FOLDERS:
            for page in pages.paginate(Bucket=self.place.bucket, Prefix=self.place.prefix + folder):
                self._set_clock(page["ResponseMetadata"]["HTTPHeaders"].get("date"))
                for entry in page.get("Contents", ()):
                    key = entry["Key"].removeprefix(self.place.prefix)
                    yield key, entry["LastModified"].astimezone(UTC)

    def retention(self, key: str) -> tuple[str | None, datetime | None]:
        """Return mode and end of an object's lock; None and None where it has none."""
        try:
            found = self.place.client.get_object_retention(
                Bucket=self.place.bucket, Key=self.place.prefix + key
            ).get("Retention", {})
        except ClientError as error:
            if code(error) in BARE:
                return None, None
            raise
        until = found.get("RetainUntilDate")
        return found.get("Mode"), until.astimezone(UTC) if until else None

    def lock(self, key: str, mode: str, until: datetime) -> None:
        """Set an object's lock."""
        retention: ObjectLockRetentionTypeDef = {
            "Mode": "COMPLIANCE" if mode == "COMPLIANCE" else "GOVERNANCE",
            "RetainUntilDate": until,
        }
        self.place.client.put_object_retention(
            Bucket=self.place.bucket, Key=self.place.prefix + key, Retention=retention
        )

    def _set_clock(self, date: str | None) -> None:
        try:
            there = parsedate_to_datetime(date or "").astimezone(UTC)
        except ValueError:
            return
        self._skew = there - datetime.now(UTC)


def code(error: ClientError) -> str:
    """Return S3's word for what is wrong."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def raise_lasting(error: ClientError) -> None:
    """Raise what is wrong with the storage, and not with one object."""
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if status >= SERVER_FAULT or status == TOO_MANY:
        raise error

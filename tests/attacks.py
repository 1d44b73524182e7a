"""What somebody does to a bucket who holds our keys, or the storage's own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Attacker:
    """Somebody with keys of a bucket; `prefix` is the repository's, with its slash."""

    client: S3Client
    bucket: str
    prefix: str

    def names(self, wanted: Callable[[str], bool] = lambda _name: True) -> list[str]:
        """The live objects, by what follows the prefix; locks excepted."""
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket, Prefix=self.prefix
        )
        found = (entry["Key"] for page in pages for entry in page.get("Contents", []))
        names = sorted(key.removeprefix(self.prefix) for key in found)
        return [name for name in names if not name.startswith("locks/") and wanted(name)]

    def delete(self, wanted: Callable[[str], bool] = lambda _name: True) -> int:
        """Delete objects; how many."""
        names = self.names(wanted)
        for name in names:
            self.client.delete_object(Bucket=self.bucket, Key=self.prefix + name)
        return len(names)

    def overwrite(self, wanted: Callable[[str], bool] = lambda _name: True) -> int:
        """Put noise of the same size over objects; how many."""
        names = self.names(wanted)
        for name in names:
            key = self.prefix + name
            size = self.client.head_object(Bucket=self.bucket, Key=key)["ContentLength"]
            self.client.put_object(Bucket=self.bucket, Key=key, Body=os.urandom(size))
        return len(names)

    def half(self) -> int:
        """Delete every other object and put noise over the rest; how many."""
        names = self.names()
        return self.delete(set(names[::2]).__contains__) + self.overwrite(
            set(names[1::2]).__contains__
        )

    def size(self, name: str) -> int:
        """The bytes of an object."""
        return self.client.head_object(Bucket=self.bucket, Key=self.prefix + name)["ContentLength"]

    def truncate(self, name: str) -> None:
        """Cut an object in half."""
        key = self.prefix + name
        content = self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        half = content[: len(content) // 2]
        self.client.put_object(Bucket=self.bucket, Key=key, Body=half)

    def unlock(self) -> None:
        """Take the lock configuration away, as an administrator of the storage can."""
        self.client.put_object_lock_configuration(
            Bucket=self.bucket, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled"}
        )


def is_key_or_config(name: str) -> bool:
    """Whether a name is what a repository opens with."""
    return name == "config" or name.startswith("keys/")

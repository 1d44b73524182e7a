"""The child's side of what our keys may do: each attempt fails, or changes nothing that matters.

A version is tried on an object that is only for that; a bucket's settings are written as they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.adapters.s3.child.probe import UNKNOWN, Probe, attempted

if TYPE_CHECKING:
    from orchestrator.adapters.s3.child.lock import Lock
    from orchestrator.adapters.s3.child.place import Place


def tried(place: Place, lock: Lock, *, append_only: bool) -> dict[str, str]:
    """Return what was refused and what was not."""
    said = dict.fromkeys(("delete", "delete_version", "shorten"), UNKNOWN) | {"probe": ""}
    try:
        probe = Probe(place, lock)
    except ClientError as error:
        said["probe"] = f"{error.operation_name}: {error.response.get('Error', {}).get('Code')}"
    else:
        said["shorten"] = probe.shorten()
        if append_only:
            said["delete"] = probe.delete()
        said["delete_version"] = probe.delete_version()
    return said | {
        "change_lock": _lock_again(place),
        "change_versioning": _versioning_again(place),
        "change_lifecycle": _lifecycle_again(place),
    }


def _lock_again(place: Place) -> str:
    try:
        found = place.client.get_object_lock_configuration(Bucket=place.bucket)
    except ClientError:
        return UNKNOWN
    present: Any = found["ObjectLockConfiguration"]
    return attempted(
        lambda: place.client.put_object_lock_configuration(
            Bucket=place.bucket, ObjectLockConfiguration=present
        )
    )


def _versioning_again(place: Place) -> str:
    try:
        found: dict[str, Any] = {**place.client.get_bucket_versioning(Bucket=place.bucket)}
    except ClientError:
        return UNKNOWN
    status = found.get("Status")
    if status is None:  # nothing that could be written again
        return UNKNOWN
    return attempted(
        lambda: place.client.put_bucket_versioning(
            Bucket=place.bucket, VersioningConfiguration={"Status": status}
        )
    )


def _lifecycle_again(place: Place) -> str:
    """Write the rules as they are, with a checksum that is wrong: who checks it takes nothing."""
    try:
        found = place.client.get_bucket_lifecycle_configuration(Bucket=place.bucket)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") != "NoSuchLifecycleConfiguration":
            return UNKNOWN
        # There are none: to remove them changes nothing, and needs the same right.
        return attempted(lambda: place.client.delete_bucket_lifecycle(Bucket=place.bucket))
    rules: Any = found.get("Rules", [])
    place.client.meta.events.register_first(
        "before-call.s3.PutBucketLifecycleConfiguration", _wrong_checksum
    )
    return attempted(
        lambda: place.client.put_bucket_lifecycle_configuration(
            Bucket=place.bucket, LifecycleConfiguration={"Rules": rules}
        ),
        allowed=frozenset({"BadDigest", "InvalidDigest"}),
    )


def _wrong_checksum(params: dict[str, Any], **_more: object) -> None:
    params["headers"]["Content-MD5"] = "AAAAAAAAAAAAAAAAAAAAAA=="

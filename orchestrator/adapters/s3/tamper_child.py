"""The child's side of what our keys may do: each attempt fails, or changes nothing that matters.

It is made on `pra-probe`, an object beside the repository's own which restic does not look at. It
is written once and used again until its lock is over. A bucket's settings are written as they are.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_s3.type_defs import ObjectLockRetentionTypeDef

    from orchestrator.adapters.s3.lock_child import Lock
    from orchestrator.adapters.s3.place import Place

PROBE = "pra-probe"
BODY = b"Written by `pra doctor`, which tries whether its keys may delete it. Not needed.\n"
DAY = timedelta(days=1)  # the shortest lock that a person would notice
ENOUGH = timedelta(minutes=1)  # of a lock, to try to shorten it
REFUSED, ALLOWED, UNKNOWN = "refused", "allowed", "unknown"
DENIED = frozenset({401, 403})
NEVER_VERSIONED = "null"


def tried(place: Place, lock: Lock, *, append_only: bool) -> dict[str, str]:
    """Return what was refused and what was not."""
    said = dict.fromkeys(("delete", "delete_version", "shorten"), UNKNOWN) | {"probe": ""}
    try:
        probe = _Probe(place, lock)
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


class _Probe:
    """The probe object: the one that is there, or a new one where its lock is over."""

    def __init__(self, place: Place, lock: Lock) -> None:
        self._at: Any = {"Bucket": place.bucket, "Key": place.prefix + PROBE}
        self._client = place.client
        self._locks = bool(lock.enabled)
        self._default = lock.period
        self.version, self.mode, self.until = self._there() or self._made()

    def delete(self) -> str:
        """Hide it, as a plain DELETE does where there are versions; without, it is gone."""
        return _tried(lambda: self._client.delete_object(**self._at))

    def delete_version(self) -> str:
        """Remove it for good, politely first."""
        if self.version == NEVER_VERSIONED:
            return self.delete()
        exact = {**self._at, "VersionId": self.version}
        plain = _tried(lambda: self._client.delete_object(**exact))
        if plain != REFUSED or not self._locks:
            return plain
        forced = _tried(lambda: self._client.delete_object(**exact, BypassGovernanceRetention=True))
        return ALLOWED if forced == ALLOWED else plain

    def shorten(self) -> str:
        """End its lock in half of the time that it has left."""
        now = datetime.now(UTC)
        if self.until is None or self.mode is None or self.until - now < ENOUGH:
            return UNKNOWN
        sooner = now + (self.until - now) / 2
        retention: ObjectLockRetentionTypeDef = {
            "Mode": "COMPLIANCE" if self.mode == "COMPLIANCE" else "GOVERNANCE",
            "RetainUntilDate": sooner.replace(microsecond=0),
        }
        exact = {**self._at, "VersionId": self.version, "Retention": retention}
        plain = _tried(lambda: self._client.put_object_retention(**exact))
        if plain != REFUSED:
            return plain
        forced = _tried(
            lambda: self._client.put_object_retention(**exact, BypassGovernanceRetention=True)
        )
        return ALLOWED if forced == ALLOWED else plain

    def _there(self) -> tuple[str, str | None, datetime | None] | None:
        """Return the one of last time, where it still serves."""
        try:
            found: dict[str, Any] = {**self._client.head_object(**self._at)}
        except ClientError as error:
            if _status(error) in {*DENIED, 404, 405}:
                return None
            raise
        mode, until = found.get("ObjectLockMode"), found.get("ObjectLockRetainUntilDate")
        if self._locks and (until is None or until - datetime.now(UTC) < ENOUGH):
            return None
        return found.get("VersionId") or NEVER_VERSIONED, mode, until

    def _made(self) -> tuple[str, str | None, datetime | None]:
        """Put a new one, locked as the bucket locks, or for a day where it does not."""
        more: dict[str, Any] = {}
        if self._locks and self._default is None:
            until = datetime.now(UTC).replace(microsecond=0) + DAY
            more = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": until}
        made = self._client.put_object(**self._at, Body=BODY, **more)
        found: dict[str, Any] = {**self._client.head_object(**self._at)}
        version = made.get("VersionId") or NEVER_VERSIONED
        return version, found.get("ObjectLockMode"), found.get("ObjectLockRetainUntilDate")


def _lock_again(place: Place) -> str:
    try:
        found = place.client.get_object_lock_configuration(Bucket=place.bucket)
    except ClientError:
        return UNKNOWN
    present: Any = found["ObjectLockConfiguration"]
    return _tried(
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
    return _tried(
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
        return _tried(lambda: place.client.delete_bucket_lifecycle(Bucket=place.bucket))
    rules: Any = found.get("Rules", [])
    place.client.meta.events.register_first(
        "before-call.s3.PutBucketLifecycleConfiguration", _wrong_checksum
    )
    return _tried(
        lambda: place.client.put_bucket_lifecycle_configuration(
            Bucket=place.bucket, LifecycleConfiguration={"Rules": rules}
        ),
        allowed=frozenset({"BadDigest", "InvalidDigest"}),
    )


def _wrong_checksum(params: dict[str, Any], **_more: object) -> None:
    params["headers"]["Content-MD5"] = "AAAAAAAAAAAAAAAAAAAAAA=="


def _tried(
    attempt: Callable[[], Mapping[str, Any] | None], allowed: frozenset[str] = frozenset()
) -> str:
    try:
        attempt()
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in allowed:
            return ALLOWED
        return REFUSED if _status(error) in DENIED else UNKNOWN
    return ALLOWED


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))

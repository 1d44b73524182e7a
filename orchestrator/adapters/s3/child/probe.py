"""The object on which our keys are tried: one beside the repository, which restic passes over.

It is written once and used again until its lock is over. For the child alone.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_s3.type_defs import ObjectLockRetentionTypeDef

    from orchestrator.adapters.s3.child.lock import Lock
    from orchestrator.adapters.s3.child.place import Place

PROBE = "pra-probe"
BODY = b"Written by `pra doctor`, which tries whether its keys may delete it. Not needed.\n"
DAY = timedelta(days=1)  # the shortest lock that a person would notice
ENOUGH = timedelta(minutes=1)  # of a lock, to try to shorten it
REFUSED, ALLOWED, UNKNOWN = "refused", "allowed", "unknown"
DENIED = frozenset({401, 403})
ABSENT, HIDDEN = 404, 405
NEVER_VERSIONED = "null"


class Probe:
    """The probe object: the one that is there, or a new one where its lock is over."""

    def __init__(self, place: Place, lock: Lock) -> None:
        self._at: Any = {"Bucket": place.bucket, "Key": place.prefix + PROBE}
        self._client = place.client
        self._locks = bool(lock.enabled)
        self._default = lock.period
        self.version, self.mode, self.until = self._there() or self._made()

    def delete(self) -> str:
        """Hide it, as a plain DELETE does where there are versions; without, it is gone."""
        return attempted(lambda: self._client.delete_object(**self._at))

    def delete_version(self) -> str:
        """Remove it for good, politely first."""
        if self.version == NEVER_VERSIONED:
            return self.delete()
        exact = {**self._at, "VersionId": self.version}
        plain = attempted(lambda: self._client.delete_object(**exact))
        if plain != REFUSED or not self._locks:
            return plain
        forced = attempted(
            lambda: self._client.delete_object(**exact, BypassGovernanceRetention=True)
        )
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
        plain = attempted(lambda: self._client.put_object_retention(**exact))
        if plain != REFUSED:
            return plain
        forced = attempted(
            lambda: self._client.put_object_retention(**exact, BypassGovernanceRetention=True)
        )
        return ALLOWED if forced == ALLOWED else plain

    def _there(self) -> tuple[str, str | None, datetime | None] | None:
        """Return the one of last time, where it still serves."""
        try:
            found: dict[str, Any] = {**self._client.head_object(**self._at)}
        except ClientError as error:
            if status_of(error) in {*DENIED, ABSENT, HIDDEN}:
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


def attempted(
    attempt: Callable[[], Mapping[str, Any] | None], allowed: frozenset[str] = frozenset()
) -> str:
    """Return whether an attempt was allowed; `allowed` are errors that say so."""
    try:
        attempt()
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in allowed:
            return ALLOWED
        return REFUSED if status_of(error) in DENIED else UNKNOWN
    return ALLOWED


def status_of(error: ClientError) -> int:
    """Return the HTTP status of S3's answer."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))

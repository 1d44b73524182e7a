"""The child's side of what a bucket says of its Object Lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from orchestrator.adapters.s3.child.place import Place

ABSENT = frozenset({"ObjectLockConfigurationNotFoundError", "NoSuchObjectLockConfiguration"})
YEAR = 365
CLIENT_FAULT, SERVER_FAULT = 400, 500
NOT_IMPLEMENTED = 501
ABSENT_BUCKET = "NoSuchBucket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """None is what could not be learnt; of `mode` and `period` also: no default retention."""

    enabled: bool | None
    mode: str | None
    period: timedelta | None
    versioning: bool | None


def lock_of(place: Place) -> Lock:
    """Ask what a bucket does to a new object. Raises ClientError when it does not answer."""
    enabled, mode, period = _default(place)
    return Lock(enabled=enabled, mode=mode, period=period, versioning=_versioning(place))


def answers_nothing(error: ClientError) -> bool:
    """Whether a question is refused or not understood, by a bucket that is there."""
    if error.response.get("Error", {}).get("Code") == ABSENT_BUCKET:
        return False
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    return CLIENT_FAULT <= status < SERVER_FAULT or status == NOT_IMPLEMENTED


def _default(place: Place) -> tuple[bool | None, str | None, timedelta | None]:
    try:
        found = place.client.get_object_lock_configuration(Bucket=place.bucket)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in ABSENT:
            return False, None, None
        if answers_nothing(error):
            return None, None, None
        raise
    lock = found.get("ObjectLockConfiguration", {})
    rule = lock.get("Rule", {}).get("DefaultRetention", {})
    days = rule.get("Days") or YEAR * (rule.get("Years") or 0)
    return (
        lock.get("ObjectLockEnabled") == "Enabled",
        rule.get("Mode"),
        timedelta(days=days) if days else None,
    )


def _versioning(place: Place) -> bool | None:
    try:
        found = place.client.get_bucket_versioning(Bucket=place.bucket)
    except ClientError as error:
        if answers_nothing(error):
            return None
        raise
    return found.get("Status") == "Enabled"

"""The least rights that a repository in a bucket needs, as IAM policies. Pure.

The daily key is on the machine that is backed up, and an attacker there has it: it can neither
remove a version, nor end a lock early, nor change the bucket. The repair key is kept elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestrator.core.policy.model import Repository, Site

Policy = dict[str, Any]
LIST = ["s3:ListBucket", "s3:ListBucketVersions"]
LOOK = ["s3:GetBucketLocation"]
LOOK_AT_LOCK = [
    "s3:GetBucketVersioning",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetLifecycleConfiguration",
]
WRITE = ["s3:GetObject", "s3:PutObject"]
LOCK = ["s3:GetObjectRetention", "s3:PutObjectRetention"]
# Of a lock only its end is read; what is brought back, the next relock locks.
BRING_BACK = [*WRITE, "s3:GetObjectVersion", "s3:DeleteObject", "s3:GetObjectRetention"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a repository is in its bucket; `prefix` has no slash at its ends."""

    repository: Repository
    bucket: str
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """What to paste for one repository."""

    repository: str
    bucket: str
    daily: Policy
    recovery: Policy
    immutable: bool
    thins: bool


def grants(site: Site, place: Place) -> Grants:
    """Return the policies of a repository that is in a bucket."""
    one = place.repository
    thins = site.retention is not None and not one.append_only
    locked = one.immutable is not None
    return Grants(
        repository=one.id,
        bucket=place.bucket,
        daily=_daily(place, locked=locked, thins=thins),
        recovery=_recovery(place),
        immutable=locked,
        thins=thins,
    )


def _daily(place: Place, *, locked: bool, thins: bool) -> Policy:
    statements = [
        _on_bucket("Look", LOOK + (LOOK_AT_LOCK if locked else []), place),
        _listing(place),
        _on_objects("ReadAndWrite", WRITE + (LOCK if locked else []), place, ""),
        _on_objects("Remove", ["s3:DeleteObject"], place, "" if thins else "locks/"),
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _recovery(place: Place) -> Policy:
    statements = [
        _on_bucket("Look", [*LOOK, *LOOK_AT_LOCK], place),
        _listing(place),
        _on_objects("BringBack", BRING_BACK, place, ""),
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _on_bucket(sid: str, actions: list[str], place: Place) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": actions,
        "Resource": [f"arn:aws:s3:::{place.bucket}"],
    }


def _listing(place: Place) -> dict[str, Any]:
    """Let it list its own folder of the bucket, and no other."""
    said = _on_bucket("List", LIST, place)
    if place.prefix:
        said["Condition"] = {"StringLike": {"s3:prefix": [f"{place.prefix}/*"]}}
    return said


def _on_objects(sid: str, actions: list[str], place: Place, below: str) -> dict[str, Any]:
    prefix = f"{place.prefix}/" if place.prefix else ""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": actions,
        "Resource": [f"arn:aws:s3:::{place.bucket}/{prefix}{below}*"],
    }

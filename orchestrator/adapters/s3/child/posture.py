"""The child's side of a bucket's posture: questions that change nothing."""

from __future__ import annotations

import http.client
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from botocore.exceptions import ClientError

from orchestrator.adapters.s3.child import tamper
from orchestrator.adapters.s3.child.lock import answers_nothing, lock_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mypy_boto3_s3.type_defs import LifecycleRuleOutputTypeDef

    from orchestrator.adapters.s3.child.place import Place

CONFIG = "config"
EVERYBODY = ("global/AllUsers", "global/AuthenticatedUsers")
OK = 200
PATIENCE_S = 5.0
FIRST_REGION = "us-east-1"
NO_RULES = "NoSuchLifecycleConfiguration"
AMAZON = ("amazonaws.com", "amazonaws.com.cn")


def run(
    place: Place, request: dict[str, Any], _tell: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Return the facts; the request and the answer are those of `posture.py`."""
    lock = lock_of(place)
    rules = _rules(place)
    inhabited = _inhabited(place)
    return {
        "inhabited": inhabited,
        "locked": lock.enabled,
        "mode": lock.mode,
        "period_s": lock.period.total_seconds() if lock.period else None,
        "versioning": lock.versioning,
        "rules": rules,
        "public": list(_public(place)) if inhabited else [],
        "region": _region(place),
        "tamper": tamper.tried(place, lock, append_only=request["append_only"])
        if inhabited
        else None,
    }


def _inhabited(place: Place) -> bool:
    found = place.client.list_objects_v2(
        Bucket=place.bucket, Prefix=place.prefix + CONFIG, MaxKeys=1
    )
    return any(one["Key"] == place.prefix + CONFIG for one in found.get("Contents", ()))


def _rules(place: Place) -> list[dict[str, Any]] | None:
    try:
        found = place.client.get_bucket_lifecycle_configuration(Bucket=place.bucket)
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") == NO_RULES:
            return []
        if answers_nothing(error):
            return None
        raise
    return [_rule(one) for one in found.get("Rules", ()) if one.get("Status") == "Enabled"]


def _rule(rule: LifecycleRuleOutputTypeDef) -> dict[str, Any]:
    narrowing = rule.get("Filter", {})
    both = narrowing.get("And", {})
    expires = rule.get("Expiration", {})
    noncurrent = rule.get("NoncurrentVersionExpiration", {})
    return {
        "id": rule.get("ID", ""),
        "prefix": rule.get("Prefix") or narrowing.get("Prefix") or both.get("Prefix") or "",
        "expires": "Days" in expires or "Date" in expires,
        "expires_days": expires.get("Days"),
        "noncurrent_days": noncurrent.get("NoncurrentDays"),
        "kept": noncurrent.get("NewerNoncurrentVersions") or 0,
        "narrowed": any(
            name in part
            for part in (narrowing, both)
            for name in ("Tag", "Tags", "ObjectSizeGreaterThan", "ObjectSizeLessThan")
        ),
    }


def _public(place: Place) -> Iterator[str]:
    """Yield the ways in which a stranger gets at the repository."""
    if _stranger_reads(place):
        yield "an unsigned request reads its config"
    try:
        status = place.client.get_bucket_policy_status(Bucket=place.bucket)
        if status.get("PolicyStatus", {}).get("IsPublic"):
            yield "the bucket's policy is public"
    except ClientError as error:
        if not answers_nothing(error):
            raise
    try:
        grants = place.client.get_bucket_acl(Bucket=place.bucket).get("Grants", [])
    except ClientError as error:
        if not answers_nothing(error):
            raise
        return
    for grant in grants:
        who = grant.get("Grantee", {}).get("URI", "")
        if who.endswith(EVERYBODY):
            yield f"its ACL gives {who.rpartition('/')[2]} {grant.get('Permission')}"


def _stranger_reads(place: Place) -> bool:
    """Whether somebody without keys gets the config; it is not secret, but the bucket is open."""
    target = urlsplit(place.endpoint)
    secure = ssl.create_default_context() if target.scheme == "https" else None
    connection = (
        http.client.HTTPSConnection(
            target.hostname or "", target.port, timeout=PATIENCE_S, context=secure
        )
        if secure
        else http.client.HTTPConnection(target.hostname or "", target.port, timeout=PATIENCE_S)
    )
    try:
        connection.request("GET", f"/{place.bucket}/{quote(place.prefix + CONFIG)}")
        with connection.getresponse() as answer:
            return answer.status == OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _region(place: Place) -> str | None:
    """Return the bucket's own region, where the storage tells one."""
    try:
        found: dict[str, Any] = {**place.client.get_bucket_location(Bucket=place.bucket)}
    except ClientError as error:
        if answers_nothing(error):
            return None
        raise
    if told := found.get("LocationConstraint"):
        return str(told)
    # Amazon's oldest region calls itself by no name; others say nothing because they have none.
    host = urlsplit(place.endpoint).hostname or ""
    return FIRST_REGION if host.endswith(AMAZON) else None

"""Laying `config` and `keys/*` back into a bucket, from a recovery kit: nothing is overwritten."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.adapters.s3.child.place import Place

MOST = 200


def run(
    place: Place, request: dict[str, Any], _tell: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Put what of `objects` (path to base64) is not there; say what was there, what was put."""
    there = [
        found["Key"].removeprefix(place.prefix)
        for name in ("config", "keys/")
        for found in place.client.list_objects_v2(
            Bucket=place.bucket, Prefix=f"{place.prefix}{name}", MaxKeys=MOST
        ).get("Contents", ())
    ]
    missing = {k: v for k, v in request.get("objects", {}).items() if k not in there}
    for path, content in missing.items():
        place.client.put_object(
            Bucket=place.bucket,
            Key=f"{place.prefix}{path}",
            Body=base64.b64decode(content),
            ChecksumAlgorithm="SHA256",  # a bucket with Object Lock takes nothing without
        )
    return {"there": there, "put": list(missing)}

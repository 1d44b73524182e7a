"""The few small objects without which no password opens a repository: `config` and `keys/*`."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.adapters.s3.child.place import Place

MOST = 200
LARGEST = 64 * 1024


def run(
    place: Place, _request: dict[str, Any], _tell: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Return `{"objects": {path: base64}}`."""
    listed = place.client.list_objects_v2(
        Bucket=place.bucket, Prefix=f"{place.prefix}keys/", MaxKeys=MOST
    )
    names = [f"{place.prefix}config", *(found["Key"] for found in listed.get("Contents", ()))]
    objects = {}
    for name in names:
        found = place.client.get_object(Bucket=place.bucket, Key=name)
        content = found["Body"].read(LARGEST)
        objects[name.removeprefix(place.prefix)] = base64.b64encode(content).decode("ascii")
    return {"objects": objects}

"""Whether a repository's place in its bucket holds nothing, old versions included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.adapters.s3.child.place import Place


def run(
    place: Place, _request: dict[str, Any], _tell: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Return `{"empty": bool}`."""
    now = place.client.list_objects_v2(Bucket=place.bucket, Prefix=place.prefix, MaxKeys=1)
    if now.get("Contents"):
        return {"empty": False}
    ever = place.client.list_object_versions(Bucket=place.bucket, Prefix=place.prefix, MaxKeys=1)
    some = ever.get("Versions") or ever.get("DeleteMarkers") or ever.get("IsTruncated")
    return {"empty": not some}

"""What a repository's bucket lists: how many packs of a part and how large, and what else."""

from __future__ import annotations

import base64
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from orchestrator.adapters.s3.child.place import Place

ID_DIGITS = 64
BYTES = 256
# So many prefixes at most are listed one by one; for more, everything is.
PREFIXES = 64
SMALL = 1 << 20


def run(
    place: Place, request: dict[str, Any], _tell: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Do what `request` asks for: `sizes`, `present` or `aside`."""
    if "aside" in request:
        return _aside(place, str(request["aside"]))
    if "packs" in request:
        return {"present": [pack for pack in request["packs"] if _is_there(place, pack)]}
    return _sizes(place, int(request["part"]), int(request["parts"]))


def _sizes(place: Place, part: int, parts: int) -> dict[str, Any]:
    """Count the packs whose first byte belongs to the part, and see what else is there."""
    mine = set(range(part - 1, BYTES, parts))
    prefixes = (
        [f"data/{byte:02x}/" for byte in sorted(mine)] if len(mine) <= PREFIXES else ["data/"]
    )
    packs = size = 0
    for prefix in prefixes:
        for name, bytes_ in _listed(place, prefix):
            if len(name) == ID_DIGITS and int(name[:2], 16) in mine:
                packs += 1
                size += bytes_
    keys = [name for name, _ in _listed(place, "keys/")]
    return {
        "packs": packs,
        "bytes": size,
        "keys": len(keys),
        "config": any(name == "config" for name, _ in _listed(place, "config")),
        "any": bool(packs or keys or next(_listed(place, ""), None)),
    }


def _is_there(place: Place, pack: str) -> bool:
    key = f"{place.prefix}data/{pack[:2]}/{pack}"
    try:
        place.client.head_object(Bucket=place.bucket, Key=key)
    except place.client.exceptions.ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if status != HTTPStatus.NOT_FOUND:
            raise
        return False
    return True


def _aside(place: Place, name: str) -> dict[str, Any]:
    """Read a small file of the repository, then delete it; a versioned bucket keeps it hidden."""
    key = place.prefix + name
    body = place.client.get_object(Bucket=place.bucket, Key=key)["Body"].read(SMALL)
    place.client.delete_object(Bucket=place.bucket, Key=key)
    return {"content": base64.b64encode(body).decode()}


def _listed(place: Place, prefix: str) -> Iterator[tuple[str, int]]:
    pages = place.client.get_paginator("list_objects_v2").paginate(
        Bucket=place.bucket, Prefix=place.prefix + prefix
    )
    for page in pages:
        for found in page.get("Contents", ()):
            yield found["Key"].rpartition("/")[2], found["Size"]

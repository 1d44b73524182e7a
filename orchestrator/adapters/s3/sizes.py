"""What a repository's bucket holds by its own listing, asked of the child."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orchestrator.adapters.s3.bucket import Bucket

WITHIN = timedelta(hours=2)  # millions of objects, a thousand a request


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """The packs of a part and their bytes; how many keys, whether a config, whether anything."""

    packs: int
    bytes: int
    keys: int
    config: bool
    any: bool


def sizes(bucket: Bucket, part: int = 1, parts: int = 1) -> Sizes:
    """Return what the bucket lists. Raises as `Bucket.ask`."""
    said = bucket.ask("sizes", {"part": part, "parts": parts}, timeout=WITHIN)
    return Sizes(
        packs=int(said["packs"]),
        bytes=int(said["bytes"]),
        keys=int(said["keys"]),
        config=bool(said["config"]),
        any=bool(said["any"]),
    )


def present(bucket: Bucket, packs: Iterable[str]) -> frozenset[str]:
    """Return which packs are there when asked for by name, whatever the listing says."""
    said = bucket.ask("sizes", {"packs": sorted(packs)}, timeout=WITHIN)
    return frozenset(map(str, said["present"]))


def take_aside(bucket: Bucket, name: str) -> bytes:
    """Delete a small file of the repository, `snapshots/<id>`, and return what it held."""
    return base64.b64decode(bucket.ask("sizes", {"aside": name})["content"])

"""The keys of seals that were written under earlier passwords, kept in the repository itself.

A seal is checked with a key of the repository's password. Another password would make every point
of before look forged: so a rotation leaves the keys in a snapshot of one small file, readable by
whoever opens the repository, under whichever of its passwords.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from orchestrator.adapters.restic import shelf
from orchestrator.errors import RepositoryDamaged
from restore_drills.seal import KEY_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from orchestrator.adapters.restic import Restic
    from restore_drills.model import Snapshot

TAG = "pra-seal-keys"
FILENAME = "pra-seal-keys.json"
SOURCE = "seal-keys"


def stored(restic: Restic, listed: Iterable[Snapshot]) -> tuple[bytes, ...]:
    """Return the keys that a repository keeps, by a listing of it; nothing where none were kept.

    Raises RepositoryDamaged where they are there and cannot be read.
    """
    kept = [one for one in listed if TAG in one.tags and one.tag("run") is None]
    if not kept:
        return ()
    newest = max(kept, key=lambda one: (one.time, one.id))
    content = shelf.get(restic, newest.id).get(FILENAME, b"")
    try:
        return tuple(bytes.fromhex(key) for key in json.loads(content)["keys"])
    except (ValueError, KeyError, TypeError) as error:
        raise RepositoryDamaged(
            f"{restic.call.repository.id}: the keys of its earlier seals cannot be read",
            hint=f"Look at the snapshot {newest.id[:8]}: seals of before the rotation rest on it.",
        ) from error


def store(restic: Restic, keys: Iterable[bytes], *, site: str, scratch: Path) -> str:
    """Keep keys in the repository, the newest first; the id of their snapshot."""
    body = {"schema": 1, "keys": [key.hex() for key in keys]}
    content = json.dumps(body).encode()
    tags = [TAG, f"source={SOURCE}"]
    return shelf.put(restic, {FILENAME: content}, host=site, tags=tags, scratch=scratch)


def joined(first: bytes, others: Iterable[bytes]) -> bytes:
    """Return keys behind each other, each once, `first` at the front."""
    whole = [key for key in others if len(key) == KEY_BYTES]
    return b"".join(dict.fromkeys([first, *whole]))

"""Snapshots written into a repository without restic: what whoever has its password can do.

restic's own format: a JSON text, AES-256-CTR and Poly1305-AES under the repository's master key,
in a file that is named by its SHA-256. It takes a tenth of a millisecond, not most of a second.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from restore_drills.process import Processes
from tests.ciphers import Key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

TIMEOUT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forge:
    """Writes snapshots into a local repository of which it knows the master key."""

    place: Path
    key: Key

    def snapshot(  # noqa: PLR0913 - what a snapshot says
        self,
        tree: str,
        *,
        time: datetime,
        host: str,
        tags: Sequence[str],
        original: str | None = None,
        size: int = 1000,
        path: str = "/srv",
        figures: Mapping[str, int] | None = None,
    ) -> str:
        """Write a snapshot of a tree that is there, and return its id."""
        body: dict[str, object] = {
            "time": time.isoformat(),
            "tree": tree,
            "paths": [path],
            "hostname": host,
            "username": "root",
            "tags": list(tags),
            "summary": {
                "total_bytes_processed": size,
                "total_files_processed": 1,
                **(figures or {}),
            },
        }
        if original:
            body["original"] = original
        sealed = self.key.seal(json.dumps(body).encode())
        name = hashlib.sha256(sealed).hexdigest()
        (self.place / "snapshots" / name).write_bytes(sealed)
        return name


def forge(place: Path, binary: Path | str, password: str) -> Forge:
    """Open a repository as its password lets anybody."""
    env = {"RESTIC_PASSWORD": password, "RESTIC_REPOSITORY": str(place), "HOME": "/nonexistent"}
    argv = [str(binary), "cat", "masterkey", "--no-lock", "--no-cache"]
    ended = Processes("the-tests").run(argv, env=env, timeout=TIMEOUT)
    assert ended.code == 0, ended
    return Forge(place=place, key=Key.read(ended.stdout))

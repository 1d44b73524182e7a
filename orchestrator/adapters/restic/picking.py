"""One regular file of a snapshot, chosen by lot; the same seed chooses the same."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.adapters.restic import Restic

LISTED_WITHIN = timedelta(hours=6)


def pick(restic: Restic, snapshot: str, seed: str) -> str:
    """Return its path, every file being as likely; empty where there is none. Takes no lock."""
    lot = random.Random(seed)  # noqa: S311 - it is to be drawn again, not to be secret
    files, chosen = 0, ""

    def take(line: bytes) -> None:
        nonlocal files, chosen
        # A million lines are read: those of folders are not worth parsing.
        if b'"type":"file"' not in line:
            return
        node = json.loads(line)
        if node.get("type") == "file":
            files += 1
            if lot.randrange(files) == 0:
                chosen = node["path"]

    restic.call(["ls", "--json", "--no-lock", snapshot], timeout=LISTED_WITHIN, on_line=take)
    return chosen

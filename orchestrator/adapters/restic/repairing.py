"""The repair of a damaged repository, in restic's own steps; each may be repeated after a kill.

`repair snapshots` is not here: it makes a snapshot that lost files look whole.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.errors import ResticFailed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from orchestrator.adapters.restic import Restic

WITHIN = timedelta(days=4)
LOCK_WAIT = "--retry-lock=5m"
BATCH = 500  # ids of 64 digits
# What is marked is not taken for a snapshot that is there already, so its copy comes beside it.
MARK = "pra=hurt"


def repair_packs(restic: Restic, packs: Sequence[str], saved: Path) -> None:
    """Take damaged packs out of the repository; what is still good in them is stored again.

    Each is first saved as it is in `saved`, which is made, and must be empty. The index then knows
    only what is there.
    """
    saved.mkdir(mode=0o700, parents=True)
    for first in range(0, len(packs), BATCH):
        some = packs[first : first + BATCH]
        argv = ["repair", "packs", LOCK_WAIT, *some]
        restic.call(argv, timeout=WITHIN, lines=False, cwd=saved)


def repair_index(restic: Restic) -> None:
    """Make the index tell what the packs that are there hold; packs that are gone leave it."""
    restic.call(["repair", "index", LOCK_WAIT], timeout=WITHIN, lines=False)


def mark(restic: Restic, ids: Sequence[str]) -> None:
    """Mark snapshots as hurt: each gets another id, and its `original` stays."""
    _tag(restic, "--add", ids)


def unmark(restic: Restic, ids: Sequence[str]) -> None:
    """Take the mark away again."""
    _tag(restic, "--remove", ids)


def _tag(restic: Restic, how: str, ids: Sequence[str]) -> None:
    for first in range(0, len(ids), BATCH):
        argv = ["tag", LOCK_WAIT, f"{how}={MARK}", *ids[first : first + BATCH]]
        said = restic.call(argv, timeout=timedelta(hours=2), lines=False)
        if any("Ignoring" in line for line in said.ear.text):
            raise ResticFailed(
                f"{restic.call.repository.id}: restic tag passed over a snapshot:"
                f" {said.ear.text[0][:200]}",
                hint="Somebody else changes it: see that nobody else works in it, and try again.",
            )

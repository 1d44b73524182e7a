"""Removing snapshots by their ids, and the space that nothing needs any more."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.errors import RepositoryRefused, ResticFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from orchestrator.adapters.restic import Restic
    from orchestrator.adapters.restic.call import Said

FORGET_WITHIN = timedelta(minutes=30)
PRUNE_WITHIN = timedelta(hours=12)
LOCK_WAIT = "--retry-lock=5m"
BATCH = 500  # ids of 64 digits: far below what an argument list may hold
DONE, SOME_LEFT = 0, 3
MAX_UNUSED = "10%"
# At its default restic lets the heap grow by half, and with it a small machine's swap. A limit
# that the index alone exceeds costs time, not the run.
LEAN = {"GOGC": "20", "GOMEMLIMIT": "512MiB", "RESTIC_PROGRESS_FPS": "0.05"}
KEPT_TEXT = 256 << 10

DENIED = re.compile(
    r"access ?denied|forbidden|\b403\b|permission denied|not permitted|read-only", re.IGNORECASE
)
LEFT = re.compile(r"unable to remove|failed to remove", re.IGNORECASE)
FREED = re.compile(r"^total prune:\s+\d+ blobs / ([\d.]+) (B|[KMGTPE]iB)\s*$", re.MULTILINE)
UNITS = {unit: 1024**power for power, unit in enumerate(("B", "KiB", "MiB", "GiB", "TiB", "PiB"))}


def forget(restic: Restic, ids: Sequence[str]) -> None:
    """Remove snapshots by their full ids; whether they are gone, only a new listing tells.

    restic 0.18 ends well though nothing could be deleted. Raises RepositoryRefused where it says
    that it may not.
    """
    for first in range(0, len(ids), BATCH):
        argv = ["forget", LOCK_WAIT, *ids[first : first + BATCH]]
        said = restic.call(
            argv, timeout=FORGET_WITHIN, good=frozenset({DONE, SOME_LEFT}), lines=False
        )
        _judged(restic, said)


def prune(
    restic: Restic, *, repack: str, watch: Callable[[], str | None] | None = None
) -> int | None:
    """Remove what no snapshot needs; return the bytes as restic counts them, None: it did not say.

    At most `repack` bytes ("2G") are read and written again. Interrupted, even killed, it leaves
    a sound repository, and the next one goes on.
    """
    argv = ["prune", LOCK_WAIT, f"--max-unused={MAX_UNUSED}", f"--max-repack-size={repack}"]
    restic.call.more = LEAN
    try:
        said = restic.call(argv, timeout=PRUNE_WITHIN, lines=False, keep=KEPT_TEXT, watch=watch)
    finally:
        restic.call.more = {}
    return freed(said.ended.stdout.decode(errors="replace"))


def freed(text: str) -> int | None:
    """Return what a prune says that it removes, in bytes, of restic's four digits."""
    found = FREED.search(text)
    if found is None or found[2] not in UNITS:
        return None
    return int(float(found[1]) * UNITS[found[2]])


def _judged(restic: Restic, said: Said) -> None:
    # Not its notices of single tries: what was tried again may have succeeded.
    words = [line for line in said.ear.text if LEFT.search(line)]
    if said.ear.exit_error:
        words.append(said.ear.exit_error)
    if not words and said.ended.code == DONE:
        return
    why = " ".join((words or said.ear.text or ["it gave no reason"])[0].split())
    name = restic.call.repository.id
    if DENIED.search(" ".join([*words, *said.ear.text])):
        raise refused(name, why)
    raise ResticFailed(
        f"{name}: restic forget could not remove every snapshot: {why}",
        hint="Run the same command by hand with restic to see more.",
        retryable=True,
    )


def refused(repository: str, why: str) -> RepositoryRefused:
    """Return the error for keys that may not delete."""
    return RepositoryRefused(
        f"{repository}: snapshots may not be deleted with these keys: {why}",
        hint="Compare the keys' rights with `pra grants`; where keys that cannot delete are meant"
        " to be here, say `append_only: true` in the policy and thin out where others are.",
    )

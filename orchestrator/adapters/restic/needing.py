"""Which snapshots need what is damaged: asked of the index and the trees, and read from neither.

`find --pack` reads the pack's own header, which a damaged pack lacks; the index knows its blobs.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from orchestrator.adapters.restic import parse
from orchestrator.errors import (
    Interrupted,
    RepositoryDamaged,
    RepositoryUnreachable,
    ResticChanged,
    ResticFailed,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from orchestrator.adapters.restic import Restic
    from orchestrator.adapters.restic.checking import Fault
    from restore_drills.model import Snapshot

WITHIN = timedelta(hours=12)
KEPT = 256 << 20
AT_ONCE = 4  # restics that read the index
ASKED = 10_000  # blobs in one question: the kernel takes 2 MB of arguments
MOST = 10 * ASKED
NOTHING = "0" * 64
# Two lines, and restic may print its answer between them.
UNLOADED = re.compile(r"unable to load tree ([0-9a-f]{64})", re.IGNORECASE)
BELONGS = re.compile(r"\.\.\. which belongs to snapshot ([0-9a-f]{64})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Needed:
    """Ids of snapshots, for each fault in the order of the question; None: all of them may."""

    by: tuple[frozenset[str] | None, ...]

    @property
    def all(self) -> frozenset[str] | None:
        """Every snapshot that is hurt."""
        union: set[str] = set()
        for one in self.by:
            if one is None:
                return None
            union |= one
        return frozenset(union)


def needed(restic: Restic, faults: Sequence[Fault], *, cache: Path) -> Needed:
    """Return which snapshots each fault hurts. Takes no lock; raises as every call of restic.

    `cache` should be cold: a tree that it holds is not seen to be damaged. Where nobody can tell
    (no index, or damage without measure), every snapshot counts.
    """
    everything = Needed(by=(None,) * len(faults))
    if any(fault.kind in {"index", "key"} for fault in faults):
        return everything
    packs = {fault.id for fault in faults if fault.kind == "data" and fault.id}
    content = _content(restic, packs, cache) if packs else {}
    blobs = [_blobs(fault, content) for fault in faults]
    asked = sorted(set().union(*blobs)) if blobs else []
    if len(asked) > MOST:
        return everything
    try:
        found = _found(restic, asked, cache)
    except RepositoryDamaged:
        return everything
    return Needed(
        by=tuple(_hurt(fault, mine, found) for fault, mine in zip(faults, blobs, strict=True))
    )


def readable(restic: Restic) -> tuple[Snapshot, ...]:
    """Return the snapshots that can be read, oldest first, where some perhaps cannot."""
    argv = ["snapshots", "--json", "--no-lock"]
    said = restic.call(argv, timeout=WITHIN, keep=KEPT, lines=False)
    return parse.snapshots(said.ended.stdout)


def _blobs(fault: Fault, content: Mapping[str, frozenset[str]]) -> frozenset[str]:
    if fault.kind == "tree":
        return frozenset()
    return content.get(fault.id, frozenset()) | set(fault.blobs)


def _hurt(
    fault: Fault, blobs: frozenset[str], found: Mapping[str, frozenset[str]]
) -> frozenset[str] | None:
    hurt: frozenset[str] = frozenset().union(
        *(found.get(blob, frozenset()) for blob in blobs), *_of_tree(fault, found)
    )
    # restic names a tree that is not there, and not always whose it is.
    return None if fault.kind == "tree" and not hurt else hurt


def _of_tree(fault: Fault, found: Mapping[str, frozenset[str]]) -> list[frozenset[str]]:
    if fault.kind != "tree":
        return []
    return [snapshots for tree, snapshots in found.items() if tree.startswith(fault.id)]


def _content(restic: Restic, packs: set[str], cache: Path) -> dict[str, frozenset[str]]:
    """Return the blobs of packs, as the index has them."""
    listed = restic.call(["list", "index", "--no-lock"], timeout=WITHIN, keep=KEPT, lines=False)
    names = listed.ended.stdout.decode("ascii", errors="replace").split()
    content: dict[str, set[str]] = defaultdict(set)
    with ThreadPoolExecutor(AT_ONCE, "index") as pool:
        for index in pool.map(lambda name: _index(restic, name, cache), names):
            for pack in index:
                if pack["id"] in packs:
                    content[pack["id"]] |= {blob["id"] for blob in pack["blobs"]}
    return {pack: frozenset(blobs) for pack, blobs in content.items()}


def _index(restic: Restic, name: str, cache: Path) -> list[dict[str, Any]]:
    argv = ["cat", "index", name, "--no-lock"]
    try:
        said = restic.call(argv, timeout=WITHIN, cache=cache, keep=KEPT, lines=False)
    except (Interrupted, RepositoryUnreachable):
        raise
    except (RepositoryDamaged, ResticFailed):  # gone or damaged: a fault of its own
        return []
    try:
        packs = json.loads(said.ended.stdout).get("packs") or []
        return [{"id": pack["id"], "blobs": pack.get("blobs") or []} for pack in packs]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ResticChanged("restic cat index: its answer cannot be read") from error


def _found(restic: Restic, blobs: Sequence[str], cache: Path) -> dict[str, frozenset[str]]:
    """Return which snapshots need each blob, and each tree that cannot be loaded."""
    found: dict[str, set[str]] = defaultdict(set)
    # Without a blob to look for, the walk still tells the trees that do not load.
    for begin in range(0, max(len(blobs), 1), ASKED):
        some = blobs[begin : begin + ASKED] or [NOTHING]
        argv = ["find", "--json", "--no-lock", "--blob", *some]
        said = restic.call(argv, timeout=WITHIN, cache=cache, keep=KEPT, lines=False)
        text = said.ended.stdout.decode(errors="replace")
        for tree, snapshot in unloaded("\n".join([text, *said.ear.text])):
            found[tree].add(snapshot)
        for blob, snapshot in matches(text):
            found[blob].add(snapshot)
    return {name: frozenset(snapshots) for name, snapshots in found.items()}


def unloaded(text: str) -> Iterable[tuple[str, str]]:
    """Return tree and snapshot of each tree that `find` could not load."""
    return zip(UNLOADED.findall(text), BELONGS.findall(text), strict=False)


def matches(text: str) -> Iterable[tuple[str, str]]:
    """Return blob and snapshot of each object of the array that `find` prints."""
    # What it says of trees may stand in the middle of the array.
    text = BELONGS.sub("", UNLOADED.sub("", text))
    begin = text.find("[")
    try:
        listed = json.loads(text[begin:]) if begin >= 0 else []
        return [(str(one["id"]), str(one["snapshot"])) for one in listed or []]
    except (ValueError, KeyError, TypeError) as error:
        raise ResticChanged("restic find: its answer cannot be read") from error

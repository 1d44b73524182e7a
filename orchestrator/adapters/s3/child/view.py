"""Which versions show a repository as it was, chosen in the child that talks to the bucket."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from orchestrator.adapters.s3.child.place import THREADS
from orchestrator.adapters.s3.child.rewind import digest
from orchestrator.adapters.s3.child.rewind_calls import Calls, Unreadable
from orchestrator.adapters.s3.child.rewind_listing import keeps_versions, pasts
from orchestrator.core.rewinding.choice import (
    Fate,
    before_wipe,
    kind_of,
    shown,
    taken,
    unhidden,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.adapters.s3.child.place import Place
    from orchestrator.core.rewinding.choice import Choice, Version

    Tell = Callable[[dict[str, Any]], None]

TOGETHER = 200  # versions in a line, so that no line is too long


def run(place: Place, request: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Tell the versions that show the repository as it was at `at`, or just before it was wiped.

    `undone`: what was deleted after this instant counts as being there, what came later does too.
    Only what was written over is read here: the rest is what its name says, or restic sees it.
    """
    at = datetime.fromisoformat(request["at"])
    calls = Calls(place)
    found = pasts(place, calls)
    if not keeps_versions(place, found):
        return {"versioned": False}
    undone = datetime.fromisoformat(request["undone"]) if request.get("undone") else None
    there = {key: unhidden(past, undone) for key, past in found.items()} if undone else found
    as_of = before_wipe(there, at)
    if as_of < at:
        there = {key: unhidden(past, as_of) for key, past in there.items()}
    choices = [
        shown(key, kind, past, as_of)
        for key, past in there.items()
        if (kind := kind_of(key)) is not None
    ]
    wanted = [choice for choice in choices if choice.fate is Fate.WANTED]
    with ThreadPoolExecutor(THREADS) as pool:
        picked = list(pool.map(lambda choice: _pick(place, calls, choice), wanted))
    chosen = [
        (choice.key, version.id, version.size)
        for choice, version in zip(wanted, picked, strict=True)
        if version is not None
    ]
    for start in range(0, len(chosen), TOGETHER):
        tell({"chosen": chosen[start : start + TOGETHER]})
    return {
        "versioned": True,
        "as_of": as_of.isoformat(),
        "lost": len(wanted) - len(chosen) + sum(c.fate is Fate.GONE for c in choices),
        "taken": taken(found, undone or as_of),
    }


def _pick(place: Place, calls: Calls, choice: Choice) -> Version | None:
    """Return the version to show; of several contents, the one that hashes to the name."""
    if choice.is_known:
        return choice.candidates[0]
    name = choice.key.rpartition("/")[2]
    for version in choice.candidates:
        try:
            if name == calls("GetObject", partial(digest, place, choice.key, version)):
                return version
        except Unreadable:
            continue
    return None

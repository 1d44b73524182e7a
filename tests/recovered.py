"""What a recovery has put into its folder, as a test looks at it."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def inventory(top: Path) -> list[tuple[object, ...]]:
    """All that a tree is: names, kinds, modes, owners, times, second names, bytes."""
    found: list[tuple[object, ...]] = []
    for path in sorted(top.rglob("*")):
        facts = path.lstat()
        is_file = path.is_file() and not path.is_symlink()
        content = path.read_bytes() if is_file else path.readlink() if path.is_symlink() else ""
        links = facts.st_nlink if is_file else 0
        time = 0 if path.is_symlink() else facts.st_mtime_ns
        owner = (facts.st_uid, facts.st_gid)
        found.append((path.relative_to(top).as_posix(), facts.st_mode, owner, time, links, content))
    return found


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def kept(target: Path, source: Path, service: str = "partage") -> Path:
    """Where the files of a service lie that were those of `source`."""
    return target / service / "files" / source.relative_to("/")


def fetched(target: Path) -> int:
    """How many files of `partage` lie in a recovery under way, whose folders may vanish."""
    inside = "/stage/rooms/partage/tree"
    walked = os.walk(target / ".pra" / "work")  # which passes over what is gone, as glob does not
    return sum(len(files) for at, _, files in walked if inside in at)


def journal(target: Path) -> dict[str, Any]:
    """What a recovery has written down so far; empty before it has."""
    try:
        said: dict[str, Any] = json.loads((target / ".pra" / "journal.json").read_text())
    except FileNotFoundError:
        return {}
    return said

"""Ways to harm a repository in a folder, each as an attacker or a disk would."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.repositories import flip_a_byte

if TYPE_CHECKING:
    from pathlib import Path

    from tests.repositories import Scene

MINUTE = timedelta(minutes=1)


def packs(place: Path) -> list[Path]:
    """The packs, the largest first: data of files before trees."""
    found = [path for path in (place / "data").rglob("*") if path.is_file()]
    return sorted(found, key=lambda path: path.stat().st_size, reverse=True)


def files(place: Path, kind: str) -> list[Path]:
    """The repository's files of a kind: index, snapshots, keys."""
    return sorted((place / kind).iterdir())


def largest(place: Path, kind: str) -> Path:
    """The largest of the repository's files of a kind."""
    return max(files(place, kind), key=lambda path: path.stat().st_size)


def truncate(path: Path, size: int = 1000) -> None:
    """Cut a file short that its owner may not write."""
    path.chmod(0o600)
    os.truncate(path, size)


def noise(path: Path) -> None:
    """Overwrite a file with noise of the same size."""
    size = path.stat().st_size
    path.chmod(0o600)
    path.write_bytes(os.urandom(size))


def flip(path: Path, at: int = 50) -> None:
    """Change one bit of a file."""
    flip_a_byte(path, at=at)


def blobs_of(here: Scene, kind: str) -> set[str]:
    """The packs that hold blobs of a kind, data or tree, as the index tells."""
    found = set()
    listed = here.restic.call(["list", "index", "--no-lock"], timeout=MINUTE, lines=False)
    for name in listed.ended.stdout.decode().split():
        said = here.restic.call(
            ["cat", "index", name, "--no-lock"], timeout=MINUTE, lines=False, keep=1 << 24
        )
        for pack in json.loads(said.ended.stdout)["packs"]:
            if any(blob["type"] == kind for blob in pack["blobs"]):
                found.add(pack["id"])
    return found

"""How many packs a part of a repository has and how large they are; what else is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.adapters.s3.sizes import Sizes, present, sizes
from orchestrator.errors import RepositoryUnreachable
from orchestrator.jobs.opening import bucket

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from orchestrator.core.policy.model import Repository
    from restore_drills.process import Processes

ID_DIGITS = 64


def weighed(spec: Repository, processes: Processes, part: int = 1, parts: int = 1) -> Sizes | None:
    """Return what its place lists; None where only restic can look. Raises as `Bucket.ask`."""
    if (place := bucket(spec, processes)) is not None:
        return sizes(place, part, parts)
    if (folder := s3.folder(spec.url)) is not None:
        return _of_folder(folder, part, parts)
    return None


def hidden(spec: Repository, processes: Processes, packs: Iterable[str]) -> frozenset[str]:
    """Return which packs are there though the listing lacks them: it lies."""
    place = bucket(spec, processes)
    return frozenset() if place is None else present(place, packs)


def _of_folder(folder: Path, part: int, parts: int) -> Sizes:
    try:
        found = [
            entry.stat().st_size
            for entry in (folder / "data").rglob("*")
            if len(entry.name) == ID_DIGITS and int(entry.name[:2], 16) % parts == part - 1
        ]
        keys = len(list((folder / "keys").iterdir())) if (folder / "keys").is_dir() else 0
        some = next(folder.iterdir(), None) is not None
    except FileNotFoundError:
        found, keys, some = [], 0, False
    except OSError as error:
        raise RepositoryUnreachable(
            f"{folder}: cannot be looked into: {error.strerror}",
            hint="Check the disk that it is on, and who owns it.",
            retryable=True,
        ) from error
    return Sizes(
        packs=len(found),
        bytes=sum(found),
        keys=keys,
        config=(folder / "config").is_file(),
        any=bool(found) or keys > 0 or some,
    )

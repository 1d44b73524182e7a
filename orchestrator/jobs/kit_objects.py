"""`config` and `keys/*` of a repository, as raw bytes: without them no password opens it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.core.kit.contents import OBJECT
from orchestrator.errors import RepositoryAbsent, RepositoryRefused
from orchestrator.jobs.opening import bucket

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.core.policy.model import Repository
    from restore_drills.process import Processes

LARGEST = 64 * 1024


def objects(repository: Repository, processes: Processes) -> dict[str, bytes]:
    """Return path to bytes; nothing where the back end gives raw objects to nobody but restic.

    Raises RepositoryAbsent, RepositoryRefused, RepositoryUnreachable, SecretMissing.
    """
    folder = s3.folder(repository.url)
    if folder is not None:
        return _of_folder(repository.id, folder)
    place = bucket(repository, processes)
    if place is None:
        return {}
    found: dict[str, str] = place.ask("opening")["objects"]
    return {
        name: base64.b64decode(text)
        for name, text in sorted(found.items())
        if OBJECT.fullmatch(name)
    }


def _of_folder(repository: str, folder: Path) -> dict[str, bytes]:
    try:
        paths = [folder / "config", *sorted((folder / "keys").iterdir())]
        named = {path.relative_to(folder).as_posix(): path for path in paths}
        return {
            name: path.read_bytes()
            for name, path in named.items()
            if OBJECT.fullmatch(name) and path.stat().st_size <= LARGEST
        }
    except FileNotFoundError as error:
        raise RepositoryAbsent(
            f"{repository}: {error.filename} is not there",
            hint="Mount the disk that it is on, or check the url.",
        ) from error
    except OSError as error:
        raise RepositoryRefused(
            f"{repository}: {error.filename} cannot be read: {error.strerror}",
            hint="Run it as the user who backs up.",
        ) from error

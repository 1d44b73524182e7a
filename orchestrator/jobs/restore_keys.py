"""Puts back `config` and `keys/*`, without which no password opens a repository, from a kit."""

from __future__ import annotations

import base64
import hashlib
import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.adapters.restic import Restic
from orchestrator.adapters.secrets import SecretFiles
from orchestrator.core.bare import repository
from orchestrator.core.kit.contents import OBJECT
from orchestrator.errors import KitDamaged, Misused, RepositoryAbsent, RepositoryRefused
from orchestrator.jobs.bare_home import Home
from orchestrator.jobs.opening import bucket, restic_version
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from orchestrator.core.bare import Files
    from orchestrator.core.kit.contents import Kit, KitRepository
    from orchestrator.core.policy.model import Repository

KEYS = "keys/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """What was there already, and what was put back."""

    there: tuple[str, ...]
    put: tuple[str, ...]
    snapshots: int = 0  # which it then lists


def restored(kit: Kit, name: str, state: Path) -> Laid:
    """Put back what is missing of a repository, and open it.

    Raises Misused, and as `lay`; RepositoryRefused where it does not open all the same.
    """
    held = kit.repository(name)
    if held is None:
        raise Misused(
            f"{kit.site}: the kit has no repository {name}",
            hint=f"It has {', '.join(one.id for one in kit.repositories)}.",
        )
    processes = Processes(f"keys-{os.getpid()}-{os.urandom(4).hex()}")
    with Home(state, processes.run_id) as home:
        first, second = home.secrets(kit)[name]
        s3.probe(held.url)
        laid = lay(held, repository(held, first), processes)
        try:
            listed = _listed(held, first, home, processes)
        except RepositoryRefused:
            if second is None:
                raise
            listed = _listed(held, second, home, processes)
    return replace(laid, snapshots=listed)


def opening_of(spec: Repository, processes: Processes) -> frozenset[str] | None:
    """Return which of `config` and `keys/*` are there; None where only restic can look.

    Raises RepositoryRefused, RepositoryUnreachable, RepositoryAbsent.
    """
    folder = s3.folder(spec.url)
    if folder is not None:
        return frozenset(_there(folder))
    place = bucket(spec, processes)
    return None if place is None else frozenset(place.ask("laying")["there"])


def lay(held: KitRepository, spec: Repository, processes: Processes) -> Laid:
    """Put back what is missing; nothing that is there is touched.

    Raises KitDamaged, Misused, RepositoryAbsent, RepositoryRefused, RepositoryUnreachable.
    """
    if not held.objects:
        raise Misused(
            f"{held.id}: this kit has no copy of its config and keys",
            hint="Take the file of a kit; a typed page has them in their own QR codes only.",
        )
    for path, content in held.objects.items():
        name = path.removeprefix(KEYS)
        named = path.startswith(KEYS) and hashlib.sha256(content).hexdigest() != name
        if OBJECT.fullmatch(path) is None or named:
            raise KitDamaged(
                f"{held.id}: {path} of the kit is not what its name says",
                hint="Take the other holder's envelope, or another copy of the file.",
            )
    folder, place = s3.folder(spec.url), bucket(spec, processes)
    if folder is None and place is None:
        raise Misused(
            f"{held.id}: nobody but restic writes to its back end",
            hint="Put the files there by hand, as the kit's page says.",
        )
    there = opening_of(spec, processes) or frozenset()
    # Where a key is left, one that lacks may have been revoked: it must not come back.
    has_key = any(path.startswith(KEYS) for path in there)
    missing = {
        path: data
        for path, data in held.objects.items()
        if path not in there and not (has_key and path.startswith(KEYS))
    }
    if folder is not None:
        _into_folder(held, folder, missing)
    elif place is not None:
        objects = {path: base64.b64encode(data).decode() for path, data in missing.items()}
        place.ask("laying", {"objects": objects})
    return Laid(there=tuple(sorted(there)), put=tuple(missing))


def _there(folder: Path) -> list[str]:
    try:
        keys = folder / "keys"
        found = [f"{KEYS}{one.name}" for one in keys.iterdir()] if keys.is_dir() else []
        return [*(["config"] if (folder / "config").is_file() else []), *found]
    except OSError as error:
        raise RepositoryRefused(
            f"{folder}: cannot be looked into: {error.strerror}",
            hint="Check the disk that it is on, and who owns it.",
        ) from error


def _listed(held: KitRepository, files: Files, home: Home, processes: Processes) -> int:
    restic_version(processes)
    with SecretFiles(processes.run_id) as own:
        restic = Restic(
            repository=repository(held, files),
            secrets=own,
            processes=processes,
            cache=home.path / "cache",
            tmp=home.path / "tmp",
        )
        return len(restic.snapshots())


def _into_folder(held: KitRepository, folder: Path, missing: Mapping[str, bytes]) -> None:
    if not (folder / "data").is_dir():
        raise RepositoryAbsent(
            f"{held.id}: {folder} holds no packs: this is not the repository",
            hint="Mount the disk that it is on. Without its packs, config and keys open nothing.",
        )
    try:
        for path, content in missing.items():
            target = folder / path
            target.parent.mkdir(mode=0o700, exist_ok=True)
            handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(handle)
    except OSError as error:
        raise RepositoryRefused(
            f"{held.id}: {error.filename} cannot be written: {error.strerror}",
            hint="Run it as the user who owns the repository.",
        ) from error

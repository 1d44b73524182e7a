"""The keys of a repository: which there are, one more, one less.

A key is a file that wraps the repository's master key under a password. Its id is the hash of the
file, and restic takes no lock to add one.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.kit.keyed import Key
from orchestrator.errors import RepositoryRefused, ResticChanged, ResticFailed

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.adapters.restic import Restic

WITHIN = timedelta(minutes=10)
ADDED = re.compile(r"saved new key with ID ([0-9a-f]{64})")
KEPT = 1 << 20


def repository_id(restic: Restic) -> str:
    """Return the repository's own id: whoever reads it has opened the repository."""
    said = restic.call(["cat", "config", "--no-lock"], timeout=WITHIN, lines=False, keep=KEPT)
    try:
        return str(json.loads(said.ended.stdout)["id"])
    except (ValueError, KeyError, TypeError) as error:
        raise ResticChanged("restic cat config: its answer cannot be read") from error


def keys(restic: Restic) -> tuple[Key, ...]:
    """Return the keys of the repository, the oldest first. Takes no lock."""
    argv = ["key", "list", "--json", "--no-lock"]
    said = restic.call(argv, timeout=WITHIN, lines=False, keep=KEPT)
    try:
        found = [
            Key(
                id=one["id"],
                user=one["userName"],
                host=one["hostName"],
                created=one["created"],
                current=one["current"],
            )
            for one in json.loads(said.ended.stdout)
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise ResticChanged("restic key list: its answer cannot be read") from error
    return tuple(sorted(found, key=lambda key: (key.created, key.id)))


def add(restic: Restic, password_file: Path, *, user: str, host: str) -> str:
    """Add a key for the password in a file; its id. `user` and `host` are only words in the list.

    Raises as every call of restic; RepositoryRefused where the storage takes nothing new.
    """
    argv = ["key", "add", f"--new-password-file={password_file}", f"--user={user}"]
    said = restic.call([*argv, f"--host={host}"], timeout=WITHIN, lines=False, keep=KEPT)
    found = ADDED.search(said.ended.stdout.decode(errors="replace"))
    if found is None:
        raise ResticChanged("restic key add: it does not say the key's id")
    return found[1]


def remove(restic: Restic, key: str) -> None:
    """Remove a key by its full id; restic itself refuses the one that opens. Exclusive.

    Raises RepositoryRefused where it is still there afterwards.
    """
    try:
        restic.call(["key", "remove", restic.patience(), key], timeout=WITHIN, lines=False)
    except ResticFailed as error:
        raise RepositoryRefused(
            f"{restic.call.repository.id}: the key {key[:8]} was not removed: {error}",
            hint="Its storage may keep what was written: an append-only server lets nobody delete.",
        ) from error
    if any(one.id == key for one in keys(restic)):
        raise RepositoryRefused(
            f"{restic.call.repository.id}: the key {key[:8]} is still there",
            hint="Its storage lets nobody delete: remove the file keys/"
            f"{key} where the storage itself is administered.",
        )

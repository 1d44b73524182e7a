"""Small files put beside the points: each call a snapshot of its own, its files at the top."""

from __future__ import annotations

import io
import shutil
import tarfile
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.adapters.restic import parse
from orchestrator.errors import ResticChanged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from orchestrator.adapters.restic import Restic

WITHIN = timedelta(minutes=30)
MOST = 8 << 20  # bytes of all files


def put(
    restic: Restic, files: Mapping[str, bytes], *, host: str, tags: Sequence[str], scratch: Path
) -> str:
    """Make a snapshot of these files, by name, and return its id.

    They lie in `scratch` meanwhile, readable by us alone. Raises as every call of restic.
    """
    folder = Path(tempfile.mkdtemp(prefix="shelf-", dir=scratch))
    try:
        for name, content in files.items():
            (folder / name).write_bytes(content)
        named = [f"--host={host}", restic.patience(), *(f"--tag={tag}" for tag in tags)]
        # By relative paths they stand at the top of the snapshot, wherever our disk has them.
        argv = ["backup", "--json", *named, "--force", "--", *files]
        said = restic.call(argv, timeout=WITHIN, cwd=folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return parse.summary(said.ear.summary, said.ear.errors, complete=True).snapshot


def get(restic: Restic, snapshot: str) -> dict[str, bytes]:
    """Return the files at the top of a snapshot (full id), by name. Takes no lock."""
    content = restic.dump(snapshot, "/", limit=MOST)
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(content)) as archive:
            for member in archive:
                opened = archive.extractfile(member) if member.isreg() else None
                name = member.name.strip("/")
                if opened is not None and "/" not in name:
                    found[name] = opened.read()
    except tarfile.TarError as error:
        raise ResticChanged(
            f"{restic.call.repository.id}: restic dump of {snapshot[:8]} is no archive",
            hint="Restore the snapshot by hand with restic to see what it holds.",
        ) from error
    return found

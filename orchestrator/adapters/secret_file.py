"""A file that holds a secret, given another content: whole or not at all, its owner kept."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from orchestrator.errors import SecretMissing


def replace_file(path: str, content: bytes) -> None:
    """Write it; who may read it stays who could. Raises SecretMissing where that cannot be."""
    target = Path(path).resolve()
    part = target.with_name(f".{target.name}.part")
    try:
        before = target.stat()
        part.unlink(missing_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            os.fchown(handle, before.st_uid, before.st_gid)
            os.fchmod(handle, stat.S_IMODE(before.st_mode))
            file.write(content)
            file.flush()
            os.fsync(handle)
        part.replace(target)
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise SecretMissing(
            f"{path}: it cannot be written: {error.strerror}",
            hint="Run it as the user who may write there.",
        ) from error

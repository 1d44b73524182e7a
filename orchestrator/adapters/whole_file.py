"""A file written whole or not at all: what was there stays until the new content is on the disk."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path

from orchestrator.errors import SecretMissing


def draft(name: str) -> str:
    """Return the name of a file that is not whole yet, beside it: what a crash may leave."""
    return f".{name}.part"


def write(path: Path, content: bytes, *, like: os.stat_result | None = None) -> None:
    """Give a file its content: for its owner alone (0600), or owner, group and mode of `like`.

    Raises OSError; then what was there is as it was.
    """
    part = path.with_name(draft(path.name))
    part.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(part, flags, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            if like is not None:
                os.fchown(handle, like.st_uid, like.st_gid)
                os.fchmod(handle, stat.S_IMODE(like.st_mode))
            file.write(content)
            file.flush()
            os.fsync(handle)
            _name(handle, part, path)
    except OSError as error:
        if error.errno != errno.EBUSY:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
        raise
    _settle(path.parent)


def replace_secret(path: str, content: bytes) -> None:
    """Give a file that holds a secret another one; who may read it stays who could.

    Raises SecretMissing where that cannot be.
    """
    target = Path(path).resolve()
    try:
        write(target, content, like=target.stat())
    except OSError as error:
        raise SecretMissing(
            f"{path}: it cannot be written: {error.strerror}",
            hint="Run it as the user who may write there.",
        ) from error


def _name(handle: int, part: Path, path: Path) -> None:
    if not os.path.samestat(os.fstat(handle), part.lstat()):  # it is half of somebody else's
        raise OSError(errno.EBUSY, "another process is writing it", str(path))
    part.replace(path)


def _settle(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

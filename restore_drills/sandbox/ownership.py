"""Hands restored files over to the uid that will read them, without following a link."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_SPECIAL = stat.S_ISUID | stat.S_ISGID
_OPEN_DIR = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def hand_over(top: Path, owner: tuple[int, int] | None) -> None:
    """Make all below `top` readable for `owner` (uid, gid), or for us where that is None.

    Set-uid bits go. Device nodes stay root's and lose every permission: an owner could open them.
    """
    if owner is not None:
        os.lchown(top, *owner)
    top.chmod(0o700)
    ahead = [top]
    while ahead:
        path = ahead.pop()
        folder = os.open(path, _OPEN_DIR)
        try:
            with os.scandir(folder) as entries:
                ahead.extend(path / e.name for e in entries if _one(folder, e, owner))
        finally:
            os.close(folder)


def _one(folder: int, entry: os.DirEntry[str], owner: tuple[int, int] | None) -> bool:
    """Hand one entry over; true when it is a directory to go into."""
    mode = entry.stat(follow_symlinks=False).st_mode
    kind = stat.S_IFMT(mode)
    if kind in (stat.S_IFBLK, stat.S_IFCHR):
        os.chmod(entry.name, 0, dir_fd=folder)
        return False
    if owner is not None:
        os.chown(entry.name, *owner, dir_fd=folder, follow_symlinks=False)
    if kind in (stat.S_IFREG, stat.S_IFDIR):
        least = stat.S_IRUSR | (stat.S_IXUSR if kind == stat.S_IFDIR else 0)
        wanted = (stat.S_IMODE(mode) | least) & ~_SPECIAL
        if wanted != stat.S_IMODE(mode):
            # Not a link, as `mode` says, and nobody else can write here: chmod may follow.
            os.chmod(entry.name, wanted, dir_fd=folder)
    return kind == stat.S_IFDIR

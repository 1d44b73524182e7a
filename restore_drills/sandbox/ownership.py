"""Hands restored files over to the uid that will read them, and back; no link is followed."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SPECIAL = stat.S_ISUID | stat.S_ISGID
_OPEN_DIR = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC

# By inode, so that a file of two names counts once: uid, gid and mode before the hand-over.
Before = dict[int, tuple[int, int, int]]


def hand_over(top: Path, owner: tuple[int, int] | None, before: Before | None = None) -> None:
    """Make all below `top` readable for `owner` (uid, gid), or for us where that is None.

    Set-uid bits go. Device nodes stay root's and lose every permission: an owner could open them.
    `before` is filled with what `hand_back` needs.
    """
    if before is not None:
        _note(before, top.lstat())
    if owner is not None:
        os.lchown(top, *owner)
    top.chmod(0o700)
    _walk(top, lambda folder, entry: _one(folder, entry, owner, before))


def hand_back(top: Path, before: Before) -> None:
    """Give everything below `top` the owner and the mode again that it had before."""
    folders = [top]
    _walk(top, lambda folder, entry: _back(folder, entry, before), folders)
    for path in reversed(folders):  # from the inside out: one may be closed to its own owner
        uid, gid, mode = before.get(path.lstat().st_ino, (-1, -1, -1))
        if uid >= 0:
            os.lchown(path, uid, gid)
            path.chmod(mode)


def _walk(
    top: Path, one: Callable[[int, os.DirEntry[str]], bool], seen: list[Path] | None = None
) -> None:
    """Show every entry to `one`, which says what to go into; `seen` gets the folders below."""
    ahead = [top]
    while ahead:
        path = ahead.pop()
        folder = os.open(path, _OPEN_DIR)
        try:
            with os.scandir(folder) as entries:
                found = [path / e.name for e in entries if one(folder, e)]
        finally:
            os.close(folder)
        ahead += found
        if seen is not None:
            seen += found


def _note(before: Before, facts: os.stat_result) -> None:
    before.setdefault(facts.st_ino, (facts.st_uid, facts.st_gid, stat.S_IMODE(facts.st_mode)))


def _one(
    folder: int, entry: os.DirEntry[str], owner: tuple[int, int] | None, before: Before | None
) -> bool:
    """Hand one entry over; true when it is a directory to go into."""
    facts = entry.stat(follow_symlinks=False)
    if before is not None:
        _note(before, facts)
    mode = facts.st_mode
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


def _back(folder: int, entry: os.DirEntry[str], before: Before) -> bool:
    """Give one entry back; true when it is a directory, which is for later."""
    facts = entry.stat(follow_symlinks=False)
    if stat.S_ISDIR(facts.st_mode):
        return True
    uid, gid, mode = before.get(facts.st_ino, (-1, -1, -1))
    if uid >= 0:
        os.chown(entry.name, uid, gid, dir_fd=folder, follow_symlinks=False)
        if not stat.S_ISLNK(facts.st_mode):
            os.chmod(entry.name, mode, dir_fd=folder)
    return False

"""Trees of files: whether they are there before the backup, and what of them may stay unread."""

from __future__ import annotations

import os
import re
import stat
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.errors import SourceFailed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from orchestrator.core.policy.model import Files

MOUNTS = Path("/proc/self/mountinfo")


def judge(spec: Files, *, where: str) -> tuple[Path, ...]:
    """Return what to hand to restic: absolute paths that exist and hold at least one file.

    A path that is itself a symbolic link is kept, and what it leads to is added: restic would
    store the bare link. `where` names the source in the errors. Raises SourceFailed.
    """
    if spec.require_mount is not None and not mounted(Path(spec.require_mount)):
        raise SourceFailed(
            f"{where}: nothing is mounted at {spec.require_mount}",
            hint=f"Mount it (`mount {spec.require_mount}`), then back up again.",
        )
    paths: dict[Path, None] = {}
    for text in spec.paths:
        paths |= dict.fromkeys(_root(Path(text), where))
    if not any(_holds_a_file(path, within_one=spec.one_file_system) for path in paths):
        raise SourceFailed(
            f"{where}: there is not one file under {', '.join(spec.paths)}",
            hint="Check that the disk or share is mounted, and that the path is the right one.",
        )
    return tuple(paths)


def tolerated(spec: Files, unread: Sequence[str]) -> bool:
    """Whether the policy accepts that these paths, each named once, could not be read.

    A pattern is matched against the name and against the whole path.
    """
    return len(unread) <= spec.tolerate_at_most and all(
        any(fnmatchcase(path, p) or fnmatchcase(path.rpartition("/")[2], p) for p in spec.tolerate)
        for path in unread
    )


def mounted(path: Path) -> bool:
    """Whether a file system is mounted at the path; a waiting automount is none until it is."""
    try:
        os.scandir(path).close()  # an automount answers this by mounting
    except OSError:
        return False
    here = os.path.realpath(path)
    return any(point == here and kind != "autofs" for point, kind in _mounts())


def _mounts() -> Iterator[tuple[str, str]]:
    """Yield mount point and type; `ismount` does not see a bind mount within one disk."""
    for line in MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        before, _, after = line.partition(" - ")
        point = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), before.split(" ")[4])
        yield point, after.split(" ")[0]


def _root(path: Path, where: str) -> tuple[Path, ...]:
    if not path.is_absolute():
        raise SourceFailed(
            f"{where}: {path} is a relative path",
            hint="Write the whole path in the policy: where pra is started must not matter.",
        )
    hint = "Correct `paths` in the policy, or bring it back."
    try:
        kind = path.lstat().st_mode
        target = path.stat()
        if stat.S_ISDIR(target.st_mode):
            os.scandir(
                path
            ).close()  # restic would store a folder that it may not list as an empty one
        else:
            path.open("rb").close()
    except FileNotFoundError as error:
        lost = path.is_symlink()
        what = "is a symbolic link that leads nowhere" if lost else "does not exist"
        raise SourceFailed(f"{where}: {path} {what}", hint=hint) from error
    except OSError as error:
        raise SourceFailed(
            f"{where}: {path} cannot be read: {error.strerror}",
            hint="Give the user who runs pra the right to read it.",
        ) from error
    # restic stores a link as a link, and only the last part of a path is taken for one.
    return (path, Path(os.path.realpath(path))) if stat.S_ISLNK(kind) else (path,)


def _holds_a_file(path: Path, *, within_one: bool) -> bool:
    """Look until the first regular file."""
    try:
        found = path.lstat()
    except OSError:
        return False
    if not stat.S_ISDIR(found.st_mode):
        return stat.S_ISREG(found.st_mode)
    pending = [os.fspath(path)]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    if entry.is_file(follow_symlinks=False):
                        return True
                    if entry.is_dir(follow_symlinks=False) and not (
                        within_one and entry.stat(follow_symlinks=False).st_dev != found.st_dev
                    ):
                        pending.append(entry.path)
        except OSError:
            continue  # restic will name it
    return False

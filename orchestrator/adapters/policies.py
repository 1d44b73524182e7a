"""The folder of policy files: the only place that reads them, or writes a new one."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.core.policy.fault import PROVIDER_FILE, Unreadable
from orchestrator.errors import Misused, PolicyInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

LARGEST = 1024 * 1024
SUFFIX = ".yaml"


def read(folder: Path, only: Sequence[Path] | None = None) -> Mapping[str, str | Unreadable]:
    """Return the text of provider.yaml and of each site's file, by path, in order of names.

    With `only`, these files alone and the provider's: the one beside the first of them, else the
    folder's. A file that cannot be read is there with its reason. Raises Misused when there is no
    such folder, PolicyInvalid when it cannot be listed.
    """
    files = _chosen(folder, only) if only else _listed(folder)
    return {str(path): _text(path) for path in files}


def _chosen(folder: Path, only: Sequence[Path]) -> list[Path]:
    named = list(dict.fromkeys(file for file in only if file.name == PROVIDER_FILE))
    if len(named) > 1:
        both = " and ".join(map(str, named))
        raise Misused(f"two provider's files: {both}", hint="Check one provider's sites at a time.")
    beside = [file.parent / PROVIDER_FILE for file in only] + [folder / PROVIDER_FILE]
    shared = named or [path for path in beside if os.path.lexists(path)][:1]
    return shared + [file for file in only if file.name != PROVIDER_FILE]


def _listed(folder: Path) -> list[Path]:
    hint = "Name the folder with --policies, or write a first policy with `pra init SITE`."
    try:
        found = sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Misused(f"{folder}: there is no such folder", hint=hint) from error
    except OSError as error:
        raise PolicyInvalid(f"{folder}: it cannot be listed: {error.strerror}") from error
    # An editor's own files begin with a dot; README.md and schema.json live here too.
    return [
        path for path in found if path.suffix in {SUFFIX, ".yml"} and not path.name.startswith(".")
    ]


def _text(path: Path) -> str | Unreadable:
    """Read one file, whatever it turns out to be; a pipe or a device is not waited for."""
    if path.suffix != SUFFIX:
        return Unreadable(message="not a policy file", remedy=f"name it {path.stem}{SUFFIX}")
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        broken = path.is_symlink() and not path.exists()
        what = "a link that leads nowhere" if broken else f"it cannot be read: {error.strerror}"
        return Unreadable(message=what, remedy="repair it, or remove it")
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            return Unreadable(message="not a file", remedy="put a text file here, or remove it")
        with os.fdopen(handle, "rb", closefd=False) as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        return Unreadable(message=f"it cannot be read: {error.strerror}", remedy="check the disk")
    finally:
        os.close(handle)
    return _decoded(content)


def _decoded(content: bytes) -> str | Unreadable:
    if len(content) > LARGEST:
        return Unreadable(message="larger than 1 MiB", remedy="a policy is a few pages at most")
    if b"\0" in content:
        return Unreadable(message="not a text file", remedy="save it as plain UTF-8 text")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Unreadable(message="not UTF-8 text", remedy="save the file as UTF-8", line=line)


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet, whole or not at all.

    Raises Misused when it is there, PolicyInvalid when the folder cannot be written to.
    """
    there = Misused(f"{path}: it is there already", hint="Edit it; nothing was changed.")
    if os.path.lexists(path):
        raise there
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fchmod(handle, 0o644)
                os.fsync(handle)
            _place(draft, path, there)
        finally:
            Path(draft).unlink(missing_ok=True)
        _sync(path.parent)
    except OSError as error:
        raise PolicyInvalid(
            f"{path}: it cannot be written: {error.strerror}",
            hint="Name a folder that you can write to with --policies.",
        ) from error


def _place(draft: str, path: Path, there: Misused) -> None:
    """Give the draft its name. A link never takes the place of what somebody wrote meanwhile."""
    try:
        os.link(draft, path)
    except FileExistsError:
        raise there from None
    except OSError:  # a file system without links
        Path(draft).rename(path)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

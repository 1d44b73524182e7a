"""What restic says lies between two snapshots: the files that went, came and were changed."""

from __future__ import annotations

import posixpath
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.adapters.restic import parse
from orchestrator.core.detection.values import Changes
from orchestrator.errors import Misused, ResticChanged

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orchestrator.adapters.restic import Restic

WITHIN = timedelta(minutes=30)
LIMIT = 64 << 20  # of the list of paths, in bytes: some 400,000 of them
LONGEST = 24  # of an extension: what is longer, or has spaces, is a name with a dot in it
GONE, CAME, MODIFIED = "-", "+", "M?"  # `?`: other content under the same time and size


def changes(restic: Restic, older: str, newer: str) -> Changes:
    """Return what changed from one snapshot (full id) to another. Takes no lock.

    Raises ResticFailed, RepositoryDamaged, ResticChanged, Misused for a short id.
    """
    output, truncated = _asked(restic, older, newer)
    return read(output, truncated=truncated)


def touched(restic: Restic, older: str, newer: str) -> frozenset[str]:
    """Return the paths of the newer snapshot that the older one has not, or with other content.

    Takes no lock. Raises as `changes` does, and ResticChanged where there are too many to tell.
    """
    output, truncated = _asked(restic, older, newer)
    if truncated:
        raise ResticChanged(f"restic diff: more than {LIMIT >> 20} MB of paths")
    found = _paths(output, truncated=False)
    return frozenset(p for kind in (CAME, MODIFIED) for p in found[kind] if not p.endswith("/"))


def _asked(restic: Restic, older: str, newer: str) -> tuple[bytes, bool]:
    for one in (older, newer):
        if parse.FULL_ID.fullmatch(one) is None:
            raise Misused(f"{one}: not the full id of a snapshot", hint="Give its 64 hex digits.")
    argv = ["diff", "--json", "--no-lock", older, newer]
    said = restic.call(argv, timeout=WITHIN, keep=LIMIT, lines=False)
    return said.ended.stdout, said.ended.truncated


def read(output: bytes, *, truncated: bool = False) -> Changes:
    """Return what the lines of a `diff --json` tell, of everything but folders.

    Of a list too long to be kept whole the end is read. What changed in nothing but its
    date, owner or rights has no line. Raises ResticChanged.
    """
    found = _paths(output, truncated=truncated)
    gone, came = ({p for p in found[kind] if not p.endswith("/")} for kind in (GONE, CAME))
    return Changes(
        gone=_kinds(gone),
        came=_kinds(came),
        modified=_kinds(p for p in found[MODIFIED] if not p.endswith("/")),
        renamed=_renamed(gone, came),
    )


def _paths(output: bytes, *, truncated: bool) -> dict[str, list[str]]:
    """Return the paths, folders too, by what became of them."""
    found: dict[str, list[str]] = {GONE: [], CAME: [], MODIFIED: []}
    ended = False
    for line in output.splitlines():
        match parse.message(line):
            case {"message_type": "change", "path": str(path), "modifier": str(letters)}:
                for which in (found[kind] for kind in found if set(kind) & set(letters)):
                    which.append(path)
            case {"message_type": "statistics"}:
                ended = True
            case {"message_type": "change"} as said:
                raise ResticChanged(f"restic diff: no change: {said}"[:160], hint=parse.HINT)
            case _:
                pass  # a message that we do not need
    if not ended and not truncated:
        raise ResticChanged("restic diff: its answer has no statistics", hint=parse.HINT)
    return found


def extension(path: str) -> str:
    """Return the extension of a file's name with its dot, in small letters; empty: it has none."""
    found = posixpath.splitext(path)[1].lower()
    return found if len(found) <= LONGEST and " " not in found else ""


def _kinds(paths: Iterable[str]) -> dict[str, int]:
    return dict(Counter(map(extension, paths)))


def _renamed(gone: set[str], came: set[str]) -> dict[str, int]:
    """Count the paths that are gone while the same with a suffix came, by suffix."""
    suffixes: Counter[str] = Counter()
    for path in came:
        folder, slash, name = path.rpartition("/")
        # The longest of what may have been the name: `a.doc.id7.locked` was `a.doc`.
        for at in sorted((i for i, c in enumerate(name) if c in ".-_[{~ " and i), reverse=True):
            if f"{folder}{slash}{name[:at]}" in gone:
                suffixes[name[at:].lower()] += 1
                break
    return dict(suffixes)

"""What the names of files tell: an extension put behind many, or one in place of many. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.detection.values import Word
from orchestrator.core.events.runs import Sign

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.core.detection.values import Changes, Look

FEWEST = 20  # files; a person renames fewer by hand
SHARE = 0.005  # of all files
KINDS = 3  # a converter takes one kind of file to another; who encrypts takes whatever is there
ONE = 0.8  # of what came bears the same extension
CHIEF = 0.66  # of what went: so much of one kind is a converter's work and a cleaning
SCATTERED = 0.5  # as many extensions as half the files: each file got its own
# Kinds that are made once and then kept as they are.
FINISHED = {
    "photos": frozenset(
        {".bmp", ".gif", ".heic", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
    ),
    "negatives": frozenset({".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".raf", ".rw2"}),
    "documents": frozenset({".pdf", ".ps", ".xps"}),
    "archives": frozenset({".7z", ".bz2", ".gz", ".iso", ".rar", ".tgz", ".xz", ".zip"}),
    "recordings": frozenset(
        {".avi", ".flac", ".m4a", ".mkv", ".mov", ".mp3", ".mp4", ".wav", ".wmv"}
    ),
    "mail": frozenset({".eml", ".msg"}),
}
FAMILIES, FEW, PART = 2, 5, 0.05  # families, files of each: one alone may be a batch job
QUARTER = 0.25  # of all that was changed
FINISHED_SHARE = 0.001  # of all files
MOSTLY, MANY = 0.4, 0.25  # of what was touched; of all files
# What is compressed already, so that many new ones of it explain why nothing compresses.
DENSE = frozenset(
    {
        *(".7z", ".avi", ".br", ".bz2", ".cr2", ".cr3", ".docx", ".flac", ".gif", ".gz", ".heic"),
        *(".jpeg", ".jpg", ".m4a", ".m4v", ".mkv", ".mov", ".mp3", ".mp4", ".mts", ".nef", ".odp"),
        *(
            ".ods",
            ".odt",
            ".ogg",
            ".pdf",
            ".png",
            ".pptx",
            ".rar",
            ".tgz",
            ".tif",
            ".tiff",
            ".webm",
            ".webp",
        ),
        *(".wmv", ".xlsx", ".xz", ".zip", ".zst"),
    }
)


def floor(files: int) -> int:
    """Return how many files of so many must bear a new name before it means something."""
    return max(FEWEST, round(SHARE * files))


def suffixed(changes: Changes) -> int:
    """Return how many files came back under their own name with something behind it."""
    return sum(changes.renamed.values())


def exchanged(changes: Changes) -> int:
    """Return how many files of several kinds gave way to files of an extension unknown so far."""
    known = changes.gone.keys() | changes.modified.keys()
    alien = {kind: count for kind, count in changes.came.items() if kind not in known}
    fewer = {kind: count - changes.came.get(kind, 0) for kind, count in changes.gone.items()}
    vanished = [count for count in fewer.values() if count >= FEW]
    came, gone = sum(alien.values()), sum(vanished)
    if not came or len(vanished) < KINDS or max(vanished) >= CHIEF * gone:
        return 0
    alike = max(alien.values()) >= ONE * came or len(alien) >= SCATTERED * came
    return min(came, gone) if alike else 0


def replaced(changes: Changes) -> int:
    """Return how many files came back under another name, by what the names say."""
    return max(suffixed(changes), exchanged(changes))


def rewritten(changes: Changes) -> int:
    """Return how many files have new content, in place or under another name."""
    return sum(changes.modified.values()) + replaced(changes)


def signs(changes: Changes, new: Look) -> list[Sign]:
    """Return what the names and kinds of the files tell by themselves."""
    found = {Word.RENAMED: _renamed(changes, new.files), Word.FINISHED: _finished(changes, new)}
    return [Sign(word=word, detail=detail) for word, detail in found.items() if detail]


def _renamed(changes: Changes, files: int) -> str:
    least = floor(files)
    if (count := suffixed(changes)) >= least:
        suffix, most = max(changes.renamed.items(), key=lambda item: (item[1], item[0]))
        how = f"with {suffix} behind it" if most >= ONE * count else "with something behind it"
        return f"{count:,} of {files:,} files came back under their own name {how}"
    if (count := exchanged(changes)) >= least:
        gone = _most(changes.gone)
        came = _most({k: n for k, n in changes.came.items() if k not in changes.gone})
        return f"{count:,} of {files:,} files ({gone}) gave way to as many of another kind ({came})"
    return ""


def _finished(changes: Changes, new: Look) -> str:
    edited = changes.modified
    families = [sum(edited.get(kind, 0) for kind in kinds) for kinds in FINISHED.values()]
    count = sum(families)
    if count < max(FEWEST, FINISHED_SHARE * new.files) or count < QUARTER * sum(edited.values()):
        return ""
    if sum(many >= max(FEW, PART * count) for many in families) < FAMILIES:
        return ""
    kinds = _most({k: n for k, n in edited.items() if any(k in f for f in FINISHED.values())})
    return f"{count:,} of {new.files:,} files of kinds that nobody edits were changed ({kinds})"


def explained(changes: Changes, touched: int, files: int) -> bool:
    """Say whether what was touched would not compress in any case: kinds that already are.

    New files of them do explain it, and changed ones while they are few; or all that was changed is
    of one kind, as in a batch job: who encrypts takes all kinds alike, and takes many.
    """
    dense = sum(count for kind, count in changes.came.items() if kind in DENSE)
    dense -= sum(count for suffix, count in changes.renamed.items() if suffix in DENSE)
    changed = sum(changes.modified.values())
    if max(changes.modified.values(), default=0) >= ONE * changed:
        dense += changed
    elif changed < MANY * files:
        dense += sum(count for kind, count in changes.modified.items() if kind in DENSE)
    return dense >= MOSTLY * touched


def _most(kinds: Mapping[str, int]) -> str:
    """Name the three largest of some kinds of files."""
    largest = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))[:3]
    return ", ".join(f"{count:,} {kind or 'without an extension'}" for kind, count in largest)

"""What restic did, as values. Sizes are bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """Something that the backup could not read, and why, in restic's words."""

    path: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A snapshot that was made; not `complete` when something could not be read.

    `snapshot` is the full id. Totals count what the snapshot holds, `data_added_bytes` what was
    new to the repository, before compression, `packed_bytes` the same as it is stored. `began` is
    the snapshot's time.
    """

    snapshot: str
    files_new: int
    files_changed: int
    files_unmodified: int
    data_added_bytes: int
    total_bytes: int
    total_files: int
    skipped: tuple[Unread, ...]
    complete: bool
    packed_bytes: int | None = None
    began: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """A snapshot that was restored without an error.

    `entries` counts files, folders, links and devices together, as restic does. `verified`: every
    byte was written in this run and read back with the right SHA-256.
    """

    entries: int
    bytes: int
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a backup or a restore is; None where restic does not know yet.

    Of a copy restic counts neither bytes nor files: then `packs` says how many of how many.
    """

    done_bytes: int
    total_bytes: int | None
    done_files: int
    total_files: int | None
    seconds_left: float | None
    packs: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A lock in the repository: who works there, since when; a living one is renewed."""

    host: str
    user: str
    pid: int
    time: datetime
    exclusive: bool

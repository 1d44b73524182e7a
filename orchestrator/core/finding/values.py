"""The words of a search: a file in a point, its versions, what holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in a snapshot; `mtime` in microseconds since 1970, in UTC."""

    folder: str
    name: str
    size: int
    mtime: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A recovery point in which files can be found, one source of it.

    `snapshots`: its snapshot by repository, the nearest first. `unread`: nobody could list its
    files.
    """

    service: str
    source: str
    run: str
    data_time: datetime
    usable_at: datetime
    tree: str
    suspected: bool
    snapshots: Mapping[str, str]
    unread: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One content of a file, and the first and the last point that hold it.

    `clean` is the last of them that is not suspected; None: all are. `before`: when the point after
    that one became usable. `current`: the newest point of the service still has it.
    """

    size: int
    mtime: datetime
    first: Held
    last: Held
    clean: Held | None
    current: bool
    before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file that was found, with its versions, newest first."""

    path: str
    service: str
    source: str
    versions: tuple[Version, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a search found. `more`: how many files match beyond those; `near`: names like it."""

    files: tuple[File, ...]
    more: int = 0
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is searched: the files of `services` (none: of all), as of `at`, or since then."""

    services: tuple[str, ...] = ()
    at: datetime | None = None
    since: datetime | None = None
    limit: int | None = None

"""What detection looks at, and what it says."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

ALARM = 2  # signs of different kinds that make an attack; one is for a ticket


class Word(StrEnum):
    """A kind of sign; each rests on other figures than the rest, so that two are independent."""

    REWRITTEN = "rewritten"  # far more files were changed than this service ever changes
    INCOMPRESSIBLE = "incompressible"  # what was added no longer compresses as it used to
    RENAMED = "renamed"  # files came back under another extension, or extensions vanished
    FINISHED = "finished"  # files of kinds that nobody edits were changed in place
    DELETED = "deleted"  # far more files are gone than ever go
    DECOY = "decoy"  # the file that nobody touches was touched
    STILL = "still"  # said to be over, and what was suspected is still there


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One recovery point as restic counted it, summed over the service's snapshots of one kind.

    Files: `files` in it, `new`, `changed` and `unmodified` against the point before. Bytes: `size`
    of all of it, `added` what the repository did not have, `packed` the same as it is stored.
    """

    run: str
    data_time: datetime
    files: int
    size: int
    new: int
    changed: int
    unmodified: int
    added: int
    packed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What `restic diff` told between the point before and this one, in regular files.

    `renamed`: suffix to how many paths are gone while the same path with that suffix came.
    `gone` and `came`: extension to how many files of it were removed and added; `modified`: to how
    many were changed in place.
    """

    gone: Mapping[str, int] = field(default_factory=dict)
    came: Mapping[str, int] = field(default_factory=dict)
    modified: Mapping[str, int] = field(default_factory=dict)
    renamed: Mapping[str, int] = field(default_factory=dict)

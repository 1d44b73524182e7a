"""What became of the keys of repositories, and which there are. Pure values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key, and whether it is the one that opened the repository just now."""

    id: str
    user: str
    host: str
    created: str
    current: bool

    def __str__(self) -> str:
        use = "in use, " if self.current else ""
        return f"{use}{self.user}@{self.host}, {self.created[:16]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What became of a repository's keys.

    `revoked` open it no more. `left` is a key of before that still opens, `why` says why; `where`
    is the policy's secret that somebody must change. `stale` is the kit that this makes stale.
    """

    repository: str
    added: str
    revoked: tuple[str, ...]
    left: str = ""
    why: str = ""
    where: str = ""
    stale: str = ""
    immutable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What was done about a holder who left.

    `opens`: the repositories that a password of his kits still opens; `buckets`: those whose S3
    keys were in them.
    """

    changed: tuple[Changed, ...]
    opens: tuple[str, ...]
    buckets: tuple[str, ...]

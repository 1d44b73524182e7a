"""The events of the daemon and of the log itself."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonStarted:
    """The daemon watches from here on; `site` is empty."""

    site: str
    version: str
    boot_id: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonStopped:
    """The daemon was asked to stop, and did; `site` is empty."""

    site: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoliciesRead:
    """The policies that the daemon keeps from here on, by site a digest; `site` is empty."""

    site: str
    digests: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRestored:
    """The log was damaged and replaced by its copy: what came after `last_seq` is lost."""

    site: str
    last_seq: int
    damage: str
    kept_as: str

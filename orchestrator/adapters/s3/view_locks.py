"""How well the versions that were read are locked: whether our own keys can destroy them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

GOVERNANCE = "GOVERNANCE"  # whoever has a certain right may lift it


class Lock(NamedTuple):
    """A version's lock; `until` is None without a retention. `is_held`: a legal hold is on it."""

    mode: str
    until: datetime | None
    is_held: bool


def lock_of(found: Mapping[str, Any]) -> Lock:
    """Read the lock from S3's answer to a GET, which is silent where the keys may not know."""
    until = found.get("ObjectLockRetainUntilDate")
    is_held = found.get("ObjectLockLegalHoldStatus") == "ON"
    return Lock(str(found.get("ObjectLockMode") or ""), until, is_held)


def counted(locks: Mapping[str, Lock]) -> dict[str, Any]:
    """Return what `view.Locks` is made of; a lock that is over is none."""
    now = datetime.now(UTC)
    known = list(locks.values())
    lasting = [lock for lock in known if lock.is_held or (lock.until and lock.until > now)]
    ends = [lock.until for lock in lasting if lock.until and not lock.is_held]
    return {
        "read": len(known),
        "bare": len(known) - len(lasting),
        "liftable": sum(lock.mode == GOVERNANCE and not lock.is_held for lock in lasting),
        "least_until": min(ends).isoformat() if ends else None,
    }

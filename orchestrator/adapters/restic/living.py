"""Which locks of a repository are of somebody who works there, and which were left behind."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from orchestrator.adapters.restic.values import Lock

STALE_AFTER = timedelta(minutes=30)  # restic's own rule: who lives renews his lock every 5 minutes


def living(locks: Iterable[Lock], now: datetime) -> tuple[Lock, ...]:
    """Return the locks whose owner lives, as far as restic's own rule can tell."""
    return tuple(lock for lock in locks if not _is_stale(lock, now))


def _is_stale(lock: Lock, now: datetime) -> bool:
    if now - lock.time > STALE_AFTER:
        return True
    if lock.host != socket.gethostname():
        return False
    try:
        os.kill(lock.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # it lives, as another user
        return False
    return False

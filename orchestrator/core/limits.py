"""How much of the line a transfer may take, by the time of day. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from restore_drills.calendar import Calendar

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.core.policy.model import Limits
    from restore_drills.calendar import Hours

SEED, REST = 0.75, 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Bytes a second; None: all of the line. `until`: when other rates hold; None: never."""

    upload: int | None
    download: int | None
    until: datetime | None = None

    def share(self, part: float) -> Rates:
        """Return a part of the upload rate: several transfers at once share one line."""
        upload = None if self.upload is None else max(int(self.upload * part), 1)
        return Rates(upload=upload, download=self.download, until=self.until)


def rates(limits: Limits, timezone: str, now: datetime) -> Rates:
    """Return what holds now: the first window that is open, else the limits beside them."""
    moments = [at for window in limits.windows if (at := _turns(window.hours, timezone, now))]
    until = min(moments, default=None)
    for window in limits.windows:
        if _calendar(timezone, window.hours).is_open(now):
            return Rates(upload=window.upload, download=window.download, until=until)
    return Rates(upload=limits.upload, download=limits.download, until=until)


def lasting(limits: Limits, timezone: str, now: datetime) -> Rates:
    """Return what may be taken until the end by what cannot be interrupted without loss.

    A dump, a restore, a verification: the lower of the rates now and at the next change.
    """
    first = rates(limits, timezone, now)
    if first.until is None:
        return first
    then = rates(limits, timezone, first.until)
    return Rates(
        upload=_lower(first.upload, then.upload),
        download=_lower(first.download, then.download),
    )


def _lower(one: int | None, other: int | None) -> int | None:
    given = [rate for rate in (one, other) if rate is not None]
    return min(given, default=None)


def _turns(hours: Hours, timezone: str, now: datetime) -> datetime | None:
    """Return when a window opens or shuts next."""
    calendar = _calendar(timezone, hours)
    return calendar.next_closing(now) if calendar.is_open(now) else calendar.next_opening(now)


@lru_cache(maxsize=256)
def _calendar(timezone: str, hours: Hours) -> Calendar:
    return Calendar(timezone=timezone, hours=(hours,))

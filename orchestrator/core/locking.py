"""When an object's lock is to be extended so that half of its period is always left. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import ceil

MONTH = timedelta(days=30)
# What a relock leaves alone must still have half at the next one, an eighth later at the latest.
DUE_BELOW = 5 / 8
EVERY = 1 / 9  # of the period, as `core/schedule.py` says: a relock may be late, or take a while
EXTENDED_EVERY = 3 / 8  # at most so often: a lock of a whole period is not due before


def due(left: timedelta, period: timedelta) -> bool:
    """Whether a lock that ends after `left` is to be extended now."""
    return left < DUE_BELOW * period


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """Requests in 30 days: locks extended, locks looked at, pages of listings."""

    puts: int
    gets: int
    lists: int


def forecast(objects: int, period: timedelta) -> Forecast:
    """Return what keeping so many objects locked for `period` costs in 30 days, at most.

    PUTs: objects x 30 d / (3/8 period). GETs: objects x 30 d / (1/9 period), fewer where the
    bucket locks new objects by itself. LISTs: a thousand objects each, at every relock.
    """
    relocks = MONTH / (EVERY * period)
    return Forecast(
        puts=ceil(objects * (MONTH / (EXTENDED_EVERY * period))),
        gets=ceil(objects * relocks),
        lists=ceil(ceil(objects / 1000) * relocks),
    )

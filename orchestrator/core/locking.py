"""When an object's lock is to be extended so that half of its period is always left. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import ceil

MONTH = timedelta(days=30)
# A relock comes every eighth of the period; what it leaves alone must still have half at the next.
EVERY = 1 / 8
# Half, an eighth until the next relock, and a sixteenth in case that one is late or takes long.
DUE_BELOW = 11 / 16
# A lock of a whole period is first below that at the third relock after it.
EXTENDED_EVERY = 3 / 8


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

    PUTs: objects x 30 d / (3/8 period). GETs: objects x 30 d / (1/8 period), fewer where the
    bucket locks new objects by itself. LISTs: a thousand objects each, at every relock.
    """
    relocks = MONTH / (EVERY * period)
    return Forecast(
        puts=ceil(objects * (MONTH / (EXTENDED_EVERY * period))),
        gets=ceil(objects * relocks),
        lists=ceil(ceil(objects / 1000) * relocks),
    )

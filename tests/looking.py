"""An ordinary office in figures: 8,000 files of which some dozens are worked on each night."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrator.core.detection.values import Look

NOW = datetime(2026, 11, 23, 1, tzinfo=UTC)
FILES, MEAN = 8000, 100_000
NIGHT = timedelta(days=1)


def look(
    at: datetime,
    *,
    changed: int = 60,
    new: int = 20,
    ratio: float = 0.7,
    **other: Any,  # noqa: ANN401 - any field
) -> Look:
    """A point at which so many files of ordinary size were changed and came."""
    files = other.pop("files", FILES)
    added = other.pop("added", (changed + new) * MEAN)
    ordinary = Look(
        run=f"{at:%Y%m%dT%H%M}",
        data_time=at,
        files=files,
        size=files * MEAN,
        new=new,
        changed=changed,
        unmodified=files - changed - new,
        added=added,
        packed=int(added * ratio),
    )
    return replace(ordinary, **other)


def nights(count: int = 90, *, every: timedelta = NIGHT, until: datetime = NOW) -> list[Look]:
    """So many ordinary points before `until`, none like the other; the first has all as new."""
    first = look(until - count * every, changed=0, new=FILES, unmodified=0)
    rest = [
        look(until - n * every, changed=40 + 7 * n % 60, new=15 + n % 9, ratio=0.6 + n % 13 / 60)
        for n in range(count - 1, 0, -1)
    ]
    return [first, *rest]


def work(base: Look, *, changed: int, size: int = MEAN) -> Look:
    """A point with so many files encrypted in place besides its ordinary work."""
    added = changed * size
    return replace(
        base,
        changed=base.changed + changed,
        unmodified=base.unmodified - changed,
        added=base.added + added,
        packed=base.packed + added,
    )

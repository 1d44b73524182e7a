"""Which recovery points a policy keeps: whole points, by its rules. Pure.

restic counts snapshots, and a point of ours is several of them: its own `forget --keep-daily`
would keep the seal of each day and remove what it seals.

The rules, in restic's words: the newest points (`last`), and the newest point of each of the last
so many hours, days, ISO weeks, months and years that have one. The data time decides, in the
site's time zone; the hour that a change of the clocks repeats is two hours. As in restic, the
oldest point is kept too while a rule has fewer hours, days, ... than its count. The newest usable
point is always kept, and one dated in the future is kept and counts for nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime, tzinfo

    from orchestrator.core.policy.model import Retention

CLOCKS_AGREE_WITHIN = timedelta(minutes=5)


class Dated(Protocol):
    """What a rule asks of a point."""

    @property
    def run(self) -> str:
        """The run that made it."""

    @property
    def data_time(self) -> datetime:
        """How old its data is."""


Point = TypeVar("Point", bound=Dated)


def _hour(at: datetime) -> tuple[object, ...]:
    return at.year, at.month, at.day, at.hour, at.utcoffset()


def _day(at: datetime) -> tuple[object, ...]:
    return at.year, at.month, at.day


def _week(at: datetime) -> tuple[object, ...]:
    return tuple(at.isocalendar())[:2]


def _month(at: datetime) -> tuple[object, ...]:
    return at.year, at.month


def _year(at: datetime) -> tuple[object, ...]:
    return (at.year,)


SPANS: tuple[tuple[str, Callable[[datetime], tuple[object, ...]]], ...] = (
    ("hourly", _hour),
    ("daily", _day),
    ("weekly", _week),
    ("monthly", _month),
    ("yearly", _year),
)


def chosen(
    points: Iterable[Point], retention: Retention, zone: tzinfo, now: datetime
) -> dict[str, tuple[str, ...]]:
    """Return the points of one service to keep, by run, each with the rules that keep it."""
    ordered = sorted(points, key=lambda p: (p.data_time, p.run), reverse=True)
    reasons: dict[str, list[str]] = {p.run: ["future"] for p in ordered if _is_ahead(p, now)}
    past = [p for p in ordered if not _is_ahead(p, now)]
    for point in past[:1]:
        reasons[point.run] = ["newest"]
    for point in past[: retention.last]:
        reasons.setdefault(point.run, []).append("last")
    local = [(p.run, p.data_time.astimezone(zone)) for p in past]
    for name, span in SPANS:
        for run, why in _spaced(local, name, getattr(retention, name), span):
            reasons.setdefault(run, []).append(why)
    return {run: tuple(why) for run, why in reasons.items()}


def _spaced(
    local: Sequence[tuple[str, datetime]],
    name: str,
    count: int,
    span: Callable[[datetime], tuple[object, ...]],
) -> list[tuple[str, str]]:
    """Return the newest point of each of the last `count` spans that have one."""
    seen: dict[tuple[object, ...], str] = {}
    for run, at in local:
        seen.setdefault(span(at), run)
    kept = [(run, name) for run in list(seen.values())[:count]]
    if len(seen) < count and local and local[-1][0] not in seen.values():
        kept.append((local[-1][0], f"oldest {name}"))
    return kept


def _is_ahead(point: Dated, now: datetime) -> bool:
    return point.data_time > now + CLOCKS_AGREE_WITHIN

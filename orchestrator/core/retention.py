"""Which recovery points a policy keeps, by whole points; what a retention may remove. Pure.

restic counts snapshots, and a point of ours is several of them: its own `forget --keep-daily`
would keep the seal of each day and remove what it seals.

The rules, in restic's words: the newest points (`last`), and the newest point of each of the last
so many hours, days, ISO weeks, months and years that have one. The data time decides, in the
site's time zone; the hour that a change of the clocks repeats is two hours. As in restic, the
oldest point is kept too while a rule has fewer hours, days, ... than its count. The newest usable
point is always kept, and one dated in the future is kept and counts for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime, tzinfo

    from orchestrator.core.policy.model import Retention
    from orchestrator.core.snapshots import Contents, Held

CLOCKS_AGREE_WITHIN = timedelta(minutes=5)
LEFT_AFTER = timedelta(days=7)
LEAST = 5
SHARE = 10
FIRST = timedelta(days=31)  # where no retention was made yet, what is this old counts as added


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Thinned:
    """What becomes of one service's points in a repository, oldest first.

    `kept` with the rules that keep each. `removed` are points; `leftovers` what is left of runs
    that are no point here. `retired`: the policy has no such service, so nothing is removed.
    """

    service: str
    kept: tuple[tuple[Held, tuple[str, ...]], ...]
    removed: tuple[Held, ...] = ()
    leftovers: tuple[Held, ...] = ()
    retired: bool = False


def thinned(
    contents: Contents,
    services: Iterable[str],
    retention: Retention,
    zone: tzinfo,
    now: datetime,
) -> tuple[Thinned, ...]:
    """Return what becomes of every service that has points, or what is left of some, here.

    What is left of a run that never became a point (failed, partial, not sealed) goes after seven
    days, when a newer usable point is there. A point that lacks something here is left alone as
    long as a rule would keep it were it whole: a copy is being made, or a repair can heal it.
    """
    wanted = set(services)
    everything = (*contents.points, *contents.broken, *contents.leftovers)
    return tuple(
        _thinned(name, contents, retention, zone, now)
        if name in wanted
        else Thinned(
            service=name,
            kept=tuple((p, ("retired",)) for p in contents.points if p.service == name),
            retired=True,
        )
        for name in sorted({held.service for held in everything})
    )


def _thinned(
    service: str, contents: Contents, retention: Retention, zone: tzinfo, now: datetime
) -> Thinned:
    points = [p for p in contents.points if p.service == service]
    broken = [p for p in contents.broken if p.service == service]
    keep = chosen(points, retention, zone, now)
    newest = max((p.data_time for p in points), default=None)

    def is_left(held: Held) -> bool:
        aged = held.data_time < now - LEFT_AFTER
        return aged and newest is not None and newest > held.data_time

    dead = [h for h in contents.leftovers if h.service == service and is_left(h)]
    # Asked apart: a broken point takes no whole one's place.
    would = chosen([*points, *broken], retention, zone, now) if broken else {}
    dead += [
        h for h in broken if h.run not in would and newest is not None and newest > h.data_time
    ]
    return Thinned(
        service=service,
        kept=tuple((p, keep[p.run]) for p in points if p.run in keep),
        removed=tuple(p for p in points if p.run not in keep),
        leftovers=tuple(dead),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What the log says of a repository before a retention: `core/retained.py` reads it.

    `kept` is how many points the last retention that was done left there, None: there was none;
    `added` how many came since. `is_cut`: one since then ended half-way, and may have removed some.
    `owes_prune`: what was forgotten may still take up space.
    """

    kept: int | None = None
    added: int = 0
    is_cut: bool = False
    owes_prune: bool = False


def allowance(there: int, before: Before, allowed: int | None) -> int:
    """Return how many points a run may remove.

    As many as were added since the last retention that was done (where there was none: in the
    last 31 days), plus a tenth of what is there, and at least 5. A person's leave for `allowed`
    adds to what was added since.
    """
    rule = max(LEAST, before.added + there // SHARE)
    return rule if allowed is None else max(rule, allowed + before.added)


def held(
    contents: Contents,
    plan: Iterable[Thinned],
    before: Before,
    now: datetime,
    *,
    allowed: int | None = None,
) -> str:
    """Return why nothing may be removed now; empty when it may.

    `allowed`: a person has looked at what held the last one, and let so many points go.
    """
    if ahead := _ahead(contents, now):
        return ahead
    there, removable = len(contents.points), sum(len(one.removed) for one in plan)
    limit = allowance(there, before, allowed)
    if allowed is None and before.kept is not None:
        gone = before.kept + before.added - there - (limit if before.is_cut else 0)
        if gone > 0:
            verb = "is" if gone == 1 else "are"
            return (
                f"{counted(gone, 'point')} of ours that should be there {verb} gone or not whole,"
                " and no retention of pra took them away: find out who did, then resolve the"
                " incident"
            )
    if removable > limit:
        return (
            f"it would remove {removable} of {counted(there, 'point')}, and without a person's word"
            f" at most {limit} may go (as many as were added since the last one, {before.added},"
            f" and a tenth of what is there, at least {LEAST}): look at"
            " `pra repo retain --dry-run`, then resolve the incident"
        )
    return ""


def _ahead(contents: Contents, now: datetime) -> str:
    latest = now + CLOCKS_AGREE_WITHIN
    ours = [p for p in contents.points if p.data_time > latest]
    if ours:
        return (
            f"the newest point of {ours[-1].service} is dated {ours[-1].data_time:%Y-%m-%d %H:%M}"
            " UTC, in the future: this machine's clock is or was wrong"
        )
    every = [
        *(s for h in (*contents.points, *contents.broken, *contents.leftovers) for s in h.seals),
        *(s for h in (*contents.broken, *contents.leftovers) for s in h.snapshots),
        *(s for h in contents.points for s in h.snapshots),
        *contents.adopted,
        *contents.foreign,
    ]
    future = [s for s in every if s.time > latest]
    if not future:
        return ""
    one = max(future, key=lambda s: (s.time, s.id))
    more = f", and {len(future) - 1} more" if len(future) > 1 else ""
    return (
        f"snapshot {one.id[:8]} of {one.host} is dated {one.time:%Y-%m-%d %H:%M} UTC, in the"
        f" future{more}: a clock is wrong, or somebody made it up; look at it, then"
        " `restic forget` it by hand"
    )


def counted(count: int, noun: str) -> str:
    """Write a number of things: 1 point, 2 points."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"

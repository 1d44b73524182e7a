"""What of a repository's contents a retention removes, service by service. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.retention.rules import chosen

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, tzinfo

    from orchestrator.core.copies.snapshots import Contents, Held
    from orchestrator.core.policy.model import Retention

LEFT_AFTER = timedelta(days=7)


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

"""What of a repository's contents a retention removes, service by service. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.retention.rules import chosen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, tzinfo

    from orchestrator.core.copies.snapshots import Contents, Held
    from orchestrator.core.policy.model import Retention
    from orchestrator.core.retention.lineage import Lineage

LEFT_AFTER = timedelta(days=7)
# A suspected point is no use to a recovery, and may be one to whoever asks what happened.
SUSPECTED_FOR = timedelta(days=31)


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


def thinned(  # noqa: PLR0913 - what a choice is made from
    contents: Contents,
    services: Iterable[str],
    retention: Retention,
    zone: tzinfo,
    now: datetime,
    *,
    lineages: Mapping[str, Lineage] | None = None,
) -> tuple[Thinned, ...]:
    """Return what becomes of every service that has points, or what is left of some, here.

    What is left of a run that never became a point (failed, partial, not sealed) goes after seven
    days, when a newer usable point is there. A point that lacks something here is left alone as
    long as a rule would keep it were it whole: a copy is being made, or a repair can heal it. A
    suspected point goes a month after it was made, once a drill has proven one made since.
    `lineages`: by service, what is kept of the points from before a machine was rebuilt.
    """
    wanted = set(services)
    everything = (*contents.points, *contents.broken, *contents.leftovers)
    return tuple(
        _thinned(name, contents, retention, zone, now, (lineages or {}).get(name))
        if name in wanted
        else Thinned(
            service=name,
            kept=tuple((p, ("retired",)) for p in contents.points if p.service == name),
            retired=True,
        )
        for name in sorted({held.service for held in everything})
    )


def _thinned(  # noqa: PLR0913, PLR0917 - the same, of one service
    service: str,
    contents: Contents,
    retention: Retention,
    zone: tzinfo,
    now: datetime,
    lineage: Lineage | None,
) -> Thinned:
    every = [p for p in contents.points if p.service == service]
    points = [p for p in every if not p.suspected]  # the others take no clean one's place
    broken = [p for p in contents.broken if p.service == service]
    keep = chosen(points, retention, zone, now)
    if lineage is not None:
        for run, why in lineage.reasons(points).items():
            keep[run] = (*keep.get(run, ()), why)
    for one in every:
        may_go = lineage is not None and lineage.proven and one.data_time < now - SUSPECTED_FOR
        if one.suspected and not may_go:
            keep.setdefault(one.run, ("suspected",))
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
    if lineage is not None:
        dead = [h for h in dead if lineage.lets_go(h.data_time)]
    return Thinned(
        service=service,
        kept=tuple((p, keep[p.run]) for p in every if p.run in keep),
        removed=tuple(p for p in every if p.run not in keep),
        leftovers=tuple(dead),
    )

"""Which recovery points a repository holds for a service, from its listing alone. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from restore_drills.model import Point, SourceKind
from restore_drills.seal import SOURCE as SEAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from restore_drills.model import ServicePlan, Snapshot

# Snapshot times come from the machine that backs up, `now` from the one that drills.
CLOCKS_AGREE_WITHIN = timedelta(seconds=2)
LOADED = 3  # a loaded dump needs its own size, about as much in tables and indexes, and WAL
CLUSTER = 128 << 20  # an empty cluster and its first WAL, in bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Recovery points of a service, oldest first; `unusable` says why each other run is none.

    The lines of `unusable` begin with the run and are sorted by it.
    """

    usable: tuple[Point, ...]
    unusable: tuple[str, ...]

    def before(self, t0: datetime, *, chosen: bool = False) -> Point | None:
        """Return the newest point that was usable at `t0`: one still being written was none.

        `chosen`: somebody named this instant. Else it is now by this machine's clock, and the one
        that backed up may be a little ahead.
        """
        latest = t0 if chosen else t0 + CLOCKS_AGREE_WITHIN
        fit = [p for p in self.usable if usable_at(p) <= latest]
        return fit[-1] if fit else None

    def after(self, now: datetime) -> tuple[Point, ...]:
        """Return the points dated in the future: some clock is wrong."""
        return tuple(p for p in self.usable if usable_at(p) > now + CLOCKS_AGREE_WITHIN)


def usable_at(point: Point) -> datetime:
    """Return when a point became one: with its seal; an adopted one says its start only."""
    return point.data_time if point.seal is None else max(point.data_time, point.seal.time)


def find(snapshots: Iterable[Snapshot], service: ServicePlan) -> Points:
    """Group a repository's snapshots into the recovery points of one service."""
    wanted = service.selection
    mine = [s for s in snapshots if s.host == wanted.host and set(wanted.tags) <= set(s.tags)]
    # What was rewritten or copied bears the source and run of its original, which comes first.
    mine.sort(key=lambda s: (s.time, s.original is not None, s.id))
    if not wanted.sealed:
        (source,) = service.sources
        adopted = [
            Point(run=s.id[:8], data_time=s.time, snapshots={source.name: s}, seal=None)
            for s in mine
        ]
        return Points(usable=tuple(adopted), unusable=())
    runs: dict[str, dict[str, Snapshot]] = defaultdict(dict)
    for snapshot in mine:
        run, source_name = snapshot.tag("run"), snapshot.tag("source")
        if run and source_name:
            runs[run].setdefault(source_name, snapshot)
    needed = [name for source in service.sources for name in source.snapshots]
    usable, unusable = [], []
    for run, parts in runs.items():
        missing = [name for name in needed if name not in parts]
        seal = parts.get(SEAL)
        if seal is None:
            unusable.append(f"{run}: not sealed, its backup failed or is still under way")
        elif missing:
            unusable.append(f"{run}: lacks {', '.join(missing)}")
        elif (outcome := seal.tag("outcome")) != "complete":
            unusable.append(f"{run}: sealed as {outcome or 'of no outcome'}, not as complete")
        else:
            chosen = {name: parts[name] for name in needed}
            oldest = min(s.time for s in chosen.values())
            usable.append(Point(run=run, data_time=oldest, snapshots=chosen, seal=seal))
    return Points(
        usable=tuple(sorted(usable, key=lambda p: (p.data_time, p.run))),
        unusable=tuple(sorted(unusable)),
    )


def space(plan: ServicePlan, snapshots: Mapping[str, Snapshot]) -> int:
    """Return the bytes that a point takes up, restored and loaded; `snapshots` by source name."""
    loaded = [s for s in plan.sources if s.kind is SourceKind.POSTGRESQL_DUMP]
    dumps = {name for source in loaded for name in source.snapshots}
    sizes = [(s.bytes or 0) * (LOADED if name in dumps else 1) for name, s in snapshots.items()]
    return sum(sizes) + (CLUSTER if dumps else 0)

"""Which recovery points a repository holds for a service, from its listing alone. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from restore_drills.model import Point, SourceKind, Suspect
from restore_drills.seal import SOURCE as SEAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from restore_drills.model import ServicePlan, Snapshot

# Snapshot times come from the machine that backs up, `now` from the one that drills.
CLOCKS_AGREE_WITHIN = timedelta(seconds=2)
LOADED = 3  # a loaded dump needs its own size, about as much in tables and indexes, and WAL
CLUSTER = 128 << 20  # an empty cluster and its first WAL, in bytes
SOUND, SUSPECTED = "complete", "suspected"  # outcomes of a seal
UNMARKED = "its seal says suspected, and somebody took the mark off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Recovery points of a service, oldest first; `unusable` says why each other run is none.

    The lines of `unusable` begin with the run and are sorted by it. `suspected` are whole, and
    nobody uses them until a person has said that they are sound; `suspects` are the periods that
    make them so.
    """

    usable: tuple[Point, ...]
    unusable: tuple[str, ...]
    suspected: tuple[Point, ...] = ()
    suspects: tuple[Suspect, ...] = ()

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

    def passed_over(self, t0: datetime, used: Point | None, now: datetime) -> tuple[Point, ...]:
        """Return the suspected points that were there by `t0` and are newer than the one used.

        One that is dated after `now` was made by a wrong clock, and is there.
        """
        was, ahead = t0 + CLOCKS_AGREE_WITHIN, now + CLOCKS_AGREE_WITHIN
        return tuple(
            p
            for p in self.suspected
            if not was < usable_at(p) <= ahead and (used is None or p.data_time > used.data_time)
        )

    def doubt(self, point: Point, plan: ServicePlan) -> Suspect | None:
        """Return the change that makes a usable point doubtful, if nobody has judged it yet.

        What the log does not know, its seal tells.
        """
        if plan.unusual is not None:
            return plan.unusual if plan.unusual.covers(point.data_time) else None
        run = point.unusual
        if not run or run in plan.acquitted:
            return None
        since = min(p.data_time for p in self.usable if run in {p.run, p.unusual})
        return Suspect(run=run, since=since, why="its seal says so")

    def last_before(self, doubt: Suspect) -> Point | None:
        """Return the newest usable point of before a doubtful change."""
        fit = [p for p in self.usable if p.data_time < doubt.since]
        return fit[-1] if fit else None

    @property
    def unmarked(self) -> Suspect | None:
        """The period whose marks somebody took off, though the seals still say it; None: none."""
        return next((s for s in self.suspects if s.why == UNMARKED), None)

    @property
    def suspected_since(self) -> datetime | None:
        """The data time of the first point of what nobody has judged yet; None: nothing is."""
        return min((s.since for s in self.suspects if s.until is None), default=None)


def usable_at(point: Point) -> datetime:
    """Return when a point became one: with its seal; an adopted one says its start only."""
    return point.data_time if point.seal is None else max(point.data_time, point.seal.time)


def find(
    snapshots: Iterable[Snapshot], service: ServicePlan, mistrusted: Iterable[Suspect] = ()
) -> Points:
    """Group a repository's snapshots into the recovery points of one service.

    `mistrusted` is suspected beside what the plan and the seals say.
    """
    wanted = service.selection
    mine = [s for s in snapshots if s.host == wanted.host and set(wanted.tags) <= set(s.tags)]
    # What was rewritten or copied bears the source and run of its original, which comes first.
    mine.sort(key=lambda s: (s.time, s.original is not None, s.id))
    whole, unusable = _sealed(mine, service) if wanted.sealed else (_adopted(mine, service), [])
    whole.sort(key=lambda p: (p.data_time, p.run))
    suspects = (*service.suspects, *mistrusted)
    suspects += _marked(whole, service, suspects)
    suspected = [p for p in whole if is_suspected(p, service, suspects)]
    return Points(
        usable=tuple(p for p in whole if p.run not in {one.run for one in suspected}),
        unusable=tuple(sorted(unusable)),
        suspected=tuple(suspected),
        suspects=suspects,
    )


def is_suspected(point: Point, service: ServicePlan, suspects: Iterable[Suspect]) -> bool:
    """Whether a point is mistrusted; what a person, or the log, has acquitted never is."""
    if service.acquitted & {point.run, point.suspect}:
        return False
    return bool(point.suspect) or any(s.covers(point.data_time) for s in suspects)


def _adopted(mine: list[Snapshot], service: ServicePlan) -> list[Point]:
    (source,) = service.sources
    return [
        Point(run=s.id[:8], data_time=s.time, snapshots={source.name: s}, seal=None) for s in mine
    ]


def _sealed(mine: list[Snapshot], service: ServicePlan) -> tuple[list[Point], list[str]]:
    """Return what is whole and sealed, and why each other run is not."""
    runs: dict[str, dict[str, Snapshot]] = defaultdict(dict)
    for snapshot in mine:
        run, source_name = snapshot.tag("run"), snapshot.tag("source")
        if run and source_name:
            runs[run].setdefault(source_name, snapshot)
    needed = [name for source in service.sources for name in source.snapshots]
    whole, unusable = [], []
    for run, parts in runs.items():
        missing = [name for name in needed if name not in parts]
        seal = parts.get(SEAL)
        if seal is None:
            unusable.append(f"{run}: not sealed, its backup failed or is still under way")
        elif missing:
            unusable.append(f"{run}: lacks {', '.join(missing)}")
        elif (outcome := seal.tag("outcome")) not in {SOUND, SUSPECTED}:
            unusable.append(f"{run}: sealed as {outcome or 'of no outcome'}, not as complete")
        else:
            chosen = {name: parts[name] for name in needed}
            whole.append(
                Point(
                    run=run,
                    data_time=min(s.time for s in chosen.values()),
                    snapshots=chosen,
                    seal=seal,
                    suspect=(seal.tag("suspect") or run) if outcome == SUSPECTED else "",
                    unusual=seal.tag("unusual") or "",
                )
            )
    return whole, unusable


def _marked(
    whole: list[Point], service: ServicePlan, known: tuple[Suspect, ...]
) -> tuple[Suspect, ...]:
    """Return the periods that only the seals tell of; one ends with the next point that is sound.

    While a suspicion is open, every point is sealed as suspected: a later one that is not says
    that somebody has judged it.
    """
    told = {s.run for s in known} | service.acquitted
    found = []
    for run in dict.fromkeys(p.suspect for p in whole if p.suspect and p.suspect not in told):
        marked = min(p.data_time for p in whole if p.suspect == run)
        # It may go back to a point that merely looked unusual when it was sealed.
        since = min([marked, *(p.data_time for p in whole if p.run == run)])
        later = (p.data_time for p in whole if not p.suspect and p.data_time > marked)
        why = "its seal says so"
        found.append(Suspect(run=run, since=since, why=why, until=min(later, default=None)))
    return tuple(found)


def space(plan: ServicePlan, snapshots: Mapping[str, Snapshot]) -> int:
    """Return the bytes that a point takes up, restored and loaded; `snapshots` by source name."""
    loaded = [s for s in plan.sources if s.kind is SourceKind.POSTGRESQL_DUMP]
    dumps = {name for source in loaded for name in source.snapshots}
    sizes = [(s.bytes or 0) * (LOADED if name in dumps else 1) for name, s in snapshots.items()]
    return sum(sizes) + (CLUSTER if dumps else 0)

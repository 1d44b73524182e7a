"""What a listing holds of the recovery points that this log knows, and what is foreign. Pure.

Only the log says what is ours: tags, hosts and times can be written by whoever has the keys, ids
and trees are hashes. A snapshot is of a point when the log has its id (or its `original`, as in a
copy) and the tree is the one that was pinned. A seal's id is not on the log: it is known by its
tags, and counts only beside a run that the log knows.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from orchestrator.core.carried import is_kept
from orchestrator.core.events import (
    BackupFinished,
    Outcome,
    PolicyStored,
    RunKind,
    RunStarted,
    SuspicionEnded,
)
from restore_drills.seal import SOURCE as SEAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from orchestrator.core.events import Recorded
    from restore_drills.model import Snapshot

SEALED = (str(Outcome.COMPLETE), str(Outcome.SUSPECTED))
# What `known` reads of the log: other events may stay there.
TOLD = (RunStarted, BackupFinished, PolicyStored, SuspicionEnded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A recovery point as the log tells it; `trees` by snapshot id, as they were pinned.

    `suspect` is the run since which it is suspected, empty where it is not, or no longer.
    """

    service: str
    run: str
    data_time: datetime
    usable_at: datetime
    repository: str
    trees: Mapping[str, str]
    suspect: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the log knows of a site's backups: its points, and the service of every run.

    `policies`: by repository, the snapshots of the policy that were put there, the newest last.
    """

    points: Mapping[str, Made]
    runs: Mapping[str, str]
    policies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a repository holds of one run: its snapshots, and its seals beside them.

    `suspected`: a point that nothing uses, as the log knows, whatever its seal says.
    """

    service: str
    run: str
    data_time: datetime
    usable_at: datetime | None
    snapshots: tuple[Snapshot, ...]
    seals: tuple[Snapshot, ...]
    suspected: bool = False

    @property
    def bytes(self) -> int | None:
        """Sum over the snapshots; None when one does not say."""
        sizes = [s.bytes for s in self.snapshots]
        return None if None in sizes else sum(s for s in sizes if s is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A repository's listing, divided: every snapshot is in one of these and only one.

    `points`: usable, or suspected. `broken`: of points that the log calls complete, and something
    lacks here. `leftovers`: of our runs that never became a point. `adopted`: made by a restic that
    the policy names. `apart`: the policy and the seals' keys, which are beside the points.
    `foreign`: everything else.
    """

    points: tuple[Held, ...]
    broken: tuple[Held, ...]
    leftovers: tuple[Held, ...]
    adopted: tuple[Snapshot, ...]
    foreign: tuple[Snapshot, ...]
    apart: tuple[Snapshot, ...] = ()


@dataclass(slots=True)
class _Parts:
    """What was found of one run so far."""

    snapshots: list[Snapshot] = field(default_factory=list)
    seals: list[Snapshot] = field(default_factory=list)


def known(records: Iterable[Recorded]) -> Known:
    """Return what the log knows of the backups of the site whose events these are."""
    points: dict[str, Made] = {}
    runs: dict[str, str] = {}
    cleared: set[str] = set()
    policies: dict[str, list[str]] = defaultdict(list)
    for recorded in records:
        match recorded.event:
            case RunStarted(kind=RunKind.BACKUP) as event:
                runs[event.run] = event.service
            case BackupFinished() as event:
                runs[event.run] = event.service
                made = _made(event, recorded.at)
                if event.suspect != event.run:  # it may go back to what was merely unusual
                    points |= _mistrusted(points, event.service, event.suspect)
                if made is not None:
                    points.setdefault(event.run, made)
            case SuspicionEnded(false_alarm=True) as event:
                cleared.add(event.first)
            case SuspicionEnded() as event:
                points |= _mistrusted(points, event.service, event.first)
            case PolicyStored() as event:
                policies[event.repository].append(event.snapshot)
            case _:
                pass
    stored = {name: tuple(ids) for name, ids in policies.items()}
    # A point of a suspicion may be told after the word that cleared it.
    points |= {n: replace(m, suspect="") for n, m in points.items() if m.suspect in cleared}
    return Known(points=points, runs=runs, policies=stored)


def divided(
    listing: Iterable[Snapshot],
    known: Known,
    *,
    host: str,
    adopted: Iterable[tuple[str, frozenset[str]]] = (),
) -> Contents:
    """Divide a listing by what the log knows of the site `host`.

    `adopted`: host and tags of what other restics make here, as the policy says.
    """
    by_id = {one: made for made in known.points.values() for one in made.trees}
    found: dict[str, _Parts] = defaultdict(_Parts)
    foreign: list[Snapshot] = []
    theirs: list[Snapshot] = []
    apart: list[Snapshot] = []
    selections = tuple(adopted)
    for snapshot in listing:
        made = _point(snapshot, by_id)
        if made is not None:
            found[made.run].snapshots.append(snapshot)
        elif is_kept(snapshot, host):
            apart.append(snapshot)
        elif (run := _run(snapshot, known, host)) is None:
            is_adopted = any(h == snapshot.host and t <= set(snapshot.tags) for h, t in selections)
            (theirs if is_adopted else foreign).append(snapshot)
        elif snapshot.tag("source") == SEAL:
            found[run].seals.append(snapshot)
        elif run in known.points:  # it bears the tags of a point, and is not of it
            foreign.append(snapshot)
        else:
            found[run].snapshots.append(snapshot)
    points, broken, leftovers = [], [], []
    for run, parts in found.items():
        made = known.points.get(run)
        if made is None:
            leftovers.append(_leftover(known.runs[run], run, parts))
        elif _is_whole(made, parts):
            points.append(_held(made, parts))
        else:
            broken.append(_held(made, parts))
    return Contents(
        points=_sorted(points),
        broken=_sorted(broken),
        leftovers=_sorted(leftovers),
        adopted=tuple(theirs),
        foreign=tuple(foreign),
        apart=tuple(apart),
    )


def _made(event: BackupFinished, at: datetime) -> Made | None:
    data_time = event.data_time
    if str(event.outcome) not in SEALED or data_time is None:
        return None
    is_suspected = event.outcome is Outcome.SUSPECTED
    return Made(
        service=event.service,
        run=event.run,
        data_time=data_time,
        usable_at=event.usable_at or at,
        repository=event.repository,
        trees={s.id: s.tree for s in event.snapshots},
        suspect=(event.suspect or event.run) if is_suspected else "",
    )


def _mistrusted(points: Mapping[str, Made], service: str, run: str) -> dict[str, Made]:
    """Return the points that a person's word, or a later sign, makes suspected after the fact.

    What only looked unusual has no suspicion of its own: it begins with that run.
    """
    first = points.get(run)
    if first is None or first.suspect or first.service != service:
        return {}
    return {
        name: replace(made, suspect=run)
        for name, made in points.items()
        if made.service == service and not made.suspect and made.data_time >= first.data_time
    }


def _point(snapshot: Snapshot, by_id: Mapping[str, Made]) -> Made | None:
    """Return the point that a snapshot is of: itself, or an unaltered copy of one of its own."""
    for one in filter(None, (snapshot.id, snapshot.original)):
        made = by_id.get(one)
        if made is not None and made.trees[one] == snapshot.tree:
            return made
    return None


def _run(snapshot: Snapshot, known: Known, host: str) -> str | None:
    """Return the run of ours that the tags name."""
    run = snapshot.tag("run") or ""
    ours = snapshot.host == host and known.runs.get(run) == snapshot.tag("service")
    return run if ours and run in known.runs else None


def _is_whole(made: Made, parts: _Parts) -> bool:
    there = {known for s in parts.snapshots for known in (s.id, s.original) if known in made.trees}
    return len(there) == len(made.trees) and any(s.tag("outcome") in SEALED for s in parts.seals)


def _held(made: Made, parts: _Parts) -> Held:
    return Held(
        service=made.service,
        run=made.run,
        data_time=made.data_time,
        usable_at=made.usable_at,
        snapshots=tuple(parts.snapshots),
        seals=tuple(parts.seals),
        suspected=bool(made.suspect),
    )


def _leftover(service: str, run: str, parts: _Parts) -> Held:
    return Held(
        service=service,
        run=run,
        data_time=min(s.time for s in [*parts.snapshots, *parts.seals]),
        usable_at=None,
        snapshots=tuple(parts.snapshots),
        seals=tuple(parts.seals),
    )


def _sorted(found: Iterable[Held]) -> tuple[Held, ...]:
    return tuple(sorted(found, key=lambda h: (h.data_time, h.run)))

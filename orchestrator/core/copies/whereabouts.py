"""Where each recovery point of a site is: the listings of its repositories, joined by run. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestrator.core.copies.snapshots import SEALED
from orchestrator.core.events import BackupFinished, CopyFinished, Outcome
from restore_drills.seal import SOURCE as SEAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from orchestrator.core.copies.snapshots import Contents, Held
    from orchestrator.core.events import Recorded
    from restore_drills.model import Snapshot

# What `arrivals` reads of the log: other events may stay there.
TOLD = (BackupFinished, CopyFinished)
SUSPECTED = str(Outcome.SUSPECTED)
Arrivals = dict[tuple[str, str], "datetime"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A repository in which a point, or a part of it, is.

    `usable_at` is None where the log does not say when; `problem` why it is no usable point there.
    """

    repository: str
    usable_at: datetime | None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """A run's snapshots, wherever they are. `foreign`: no run of this log made them.

    `service` is empty where no tag names one. `suspected` is None where nobody can say.
    """

    service: str
    run: str
    data_time: datetime
    usable_at: datetime | None
    places: tuple[Place, ...]
    bytes: int | None
    foreign: bool = False
    suspected: bool | None = None

    @property
    def repositories(self) -> tuple[str, ...]:
        """Where it is a usable point."""
        return tuple(place.repository for place in self.places if not place.problem)


@dataclass(slots=True, kw_only=True)
class _Joined:
    """One run while the repositories are gone through."""

    held: Held
    places: list[Place] = field(default_factory=list)


def arrivals(records: Iterable[Recorded]) -> Arrivals:
    """Return since when a point is usable in a repository, by run and repository."""
    found: Arrivals = {}
    for recorded in records:
        match recorded.event:
            case BackupFinished(usable_at=at) as event if at is not None:
                found[event.run, event.repository] = at
            case CopyFinished() as event:
                found.setdefault((event.point, event.repository), event.usable_at)
            case _:
                pass
    return found


def joined(
    contents: Mapping[str, Contents], arrived: Arrivals, adopting: Mapping[str, str]
) -> tuple[Whereabouts, ...]:
    """Return every point, and what is there beside them, newest first.

    `adopting`: by repository, the service that adopts what another restic makes there.
    """
    known: dict[str, _Joined] = {}
    others: list[Whereabouts] = []
    for repository, there in contents.items():
        for held, problem in _ours(there):
            place = Place(
                repository=repository,
                usable_at=None if problem else arrived.get((held.run, repository)),
                problem=problem,
            )
            known.setdefault(held.run, _Joined(held=held)).places.append(place)
        others += [_adopted(s, repository, adopting.get(repository, "")) for s in there.adopted]
        others += _foreign(there.foreign, repository)
    rows = [*map(_row, known.values()), *_merged(others)]
    return tuple(sorted(rows, key=lambda r: (r.data_time, r.service, r.run), reverse=True))


def _ours(there: Contents) -> list[tuple[Held, str]]:
    return [
        *((held, "") for held in there.points),
        *((held, _lacking(held)) for held in there.broken),
        *((held, _unfinished(held)) for held in there.leftovers),
    ]


def _lacking(held: Held) -> str:
    return "not whole here" if held.seals else "not sealed here"


def _unfinished(held: Held) -> str:
    return "partial" if held.seals else "not sealed"


def _row(one: _Joined) -> Whereabouts:
    held = one.held
    return Whereabouts(
        service=held.service,
        run=held.run,
        data_time=held.data_time,
        usable_at=held.usable_at,
        places=tuple(one.places),
        bytes=held.bytes,
        suspected=held.suspected if any(not place.problem for place in one.places) else None,
    )


def _adopted(snapshot: Snapshot, repository: str, service: str) -> Whereabouts:
    return Whereabouts(
        service=service,
        run=snapshot.id[:8],
        data_time=snapshot.time,
        usable_at=snapshot.time,
        places=(Place(repository=repository, usable_at=snapshot.time),),
        bytes=snapshot.bytes,
    )


def _foreign(snapshots: Iterable[Snapshot], repository: str) -> list[Whereabouts]:
    """Group what is not ours as if it were: on a new machine, it may well be."""
    groups: dict[tuple[str, str, str], list[Snapshot]] = {}
    for one in snapshots:
        run = one.tag("run")
        name = (one.host, one.tag("service") or "", run) if run else (one.host, "", one.id[:8])
        groups.setdefault(name, []).append(one)
    return [
        _stranger(run, service, parts, repository) for (_, service, run), parts in groups.items()
    ]


def _stranger(run: str, service: str, parts: list[Snapshot], repository: str) -> Whereabouts:
    seals = [s for s in parts if s.tag("source") == SEAL]
    data = [s for s in parts if s.tag("source") != SEAL] or seals
    sizes = [s.bytes for s in data]
    return Whereabouts(
        service=service,
        run=run,
        data_time=min(s.time for s in data),
        usable_at=None,
        places=(Place(repository=repository, usable_at=None, problem=_strange(seals)),),
        bytes=None if None in sizes else sum(s for s in sizes if s is not None),
        foreign=True,
        # Another machine's log may know better; a seal alone can only accuse.
        suspected=True if any(s.tag("outcome") == SUSPECTED for s in seals) else None,
    )


def _strange(seals: list[Snapshot]) -> str:
    return "" if any(s.tag("outcome") in SEALED for s in seals) else "not sealed"


def _merged(rows: list[Whereabouts]) -> list[Whereabouts]:
    """Join what several repositories have of the same stranger."""
    found: dict[tuple[str, str, bool], Whereabouts] = {}
    for row in rows:
        key = (row.service, row.run, row.foreign)
        before = found.get(key)
        found[key] = row if before is None else _with(before, row.places)
    return list(found.values())


def _with(row: Whereabouts, places: tuple[Place, ...]) -> Whereabouts:
    return Whereabouts(
        service=row.service,
        run=row.run,
        data_time=row.data_time,
        usable_at=row.usable_at,
        places=(*row.places, *places),
        bytes=row.bytes,
        foreign=row.foreign,
        suspected=row.suspected,
    )

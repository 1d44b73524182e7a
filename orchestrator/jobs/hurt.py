"""What damage means for the business: which recovery points of which service need it."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from orchestrator.core.carried import is_kept
from orchestrator.core.events import BackupFinished, CopyFinished, Damage, Hurt, Outcome
from orchestrator.core.policy.model import Adopted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from orchestrator.adapters.restic.checking import Fault
    from orchestrator.adapters.restic.needing import Needed
    from orchestrator.app import App
    from orchestrator.core.policy.model import Site
    from restore_drills.model import Snapshot

MOST_DAMAGE = 100  # an event must stay readable; the count is said
MOST_POINTS = 500
SHORT_ID = 8
SEALED = {Outcome.COMPLETE, Outcome.SUSPECTED}


def points(site: Site, repository: str, snapshots: Iterable[Snapshot]) -> tuple[Hurt, ...]:
    """Return the recovery points that these snapshots belong to, the newest first.

    A snapshot without our tags belongs to the service that adopted it, or to none.
    """
    by: dict[tuple[str, str], list[Snapshot]] = defaultdict(list)
    for snapshot in snapshots:
        if is_kept(snapshot, site.id):  # of no point: it is put there anew
            continue
        by[_point(site, repository, snapshot)].append(snapshot)
    found = [
        Hurt(service=service, run=run, data_time=min(s.time for s in parts))
        for (service, run), parts in by.items()
    ]
    return tuple(sorted(found, key=lambda h: (h.data_time, h.run), reverse=True))


def whole_points(
    site: Site, repository: str, listed: Sequence[Snapshot], ids: frozenset[str] | None
) -> tuple[Hurt, ...]:
    """Return the points of which a snapshot is hurt, dated by all of their snapshots."""
    mine = [s for s in listed if ids is None or s.id in ids]
    hurt = {(h.service, h.run) for h in points(site, repository, mine)}
    return tuple(h for h in points(site, repository, listed) if (h.service, h.run) in hurt)


def newest(app: App, site: Site, repository: str) -> tuple[Hurt, ...]:
    """Return what the log knows that is there: of each service, its newest point."""
    found = []
    for name in site.services:
        known = app.known().service(site.id, name)
        copied = known.copies.get(repository)
        if known.complete is not None and known.complete.repository == repository:
            event, run = known.complete, known.complete.run
            found.append(Hurt(service=name, run=run, data_time=_when(event)))
        elif copied is not None and copied.complete is not None:
            event_, run = copied.complete, copied.complete.point
            found.append(Hurt(service=name, run=run, data_time=_when(event_)))
    return tuple(found)


def of_snapshot(app: App, site: Site, short: str, listed: Sequence[Snapshot]) -> tuple[Hurt, ...]:
    """Return the point of a snapshot that cannot be read, as the log knows it.

    Not every id is on the log: not a seal's, not an older copy's. Then it is of those points of
    which fewer snapshots are `listed` than were made.
    """
    there = Counter(s.tag("run") for s in listed)
    short_of = []
    for recorded in app.recorded(site=site.id, types=(BackupFinished, CopyFinished)):
        event = recorded.event
        if not isinstance(event, (BackupFinished, CopyFinished)) or event.data_time is None:
            continue
        run = event.point if isinstance(event, CopyFinished) else event.run
        hurt = Hurt(service=event.service, run=run, data_time=event.data_time)
        if any(s.id.startswith(short) for s in event.snapshots):
            return (hurt,)
        sealed = isinstance(event, BackupFinished) and event.outcome in SEALED
        if sealed and 0 < there[run] <= len(event.snapshots):  # the seal is one more
            short_of.append(hurt)
    return tuple(short_of)


def damage(  # noqa: PLR0913, PLR0917 - what a damage is told from
    app: App,
    site: Site,
    repository: str,
    faults: Sequence[Fault],
    needed: Needed,
    listed: Sequence[Snapshot] | None,
) -> tuple[Damage, ...]:
    """Return the faults as the log keeps them; `listed` None: the snapshots cannot be listed."""
    told = []
    for fault, ids in zip(faults[:MOST_DAMAGE], needed.by, strict=False):
        if fault.kind == "snapshot":
            hurt = of_snapshot(app, site, fault.id, listed or ())
        elif listed is None:
            hurt = newest(app, site, repository)
        else:
            hurt = whole_points(site, repository, listed, ids)
        told.append(
            Damage(kind=fault.kind, id=fault.id, fault=fault.words, points=hurt[:MOST_POINTS])
        )
    if left := len(faults) - len(told):
        words = f"and {left} more damaged things"
        told.append(Damage(kind="data", id="", fault=words, points=()))
    return tuple(told)


def _point(site: Site, repository: str, snapshot: Snapshot) -> tuple[str, str]:
    service, run = snapshot.tag("service"), snapshot.tag("run")
    if service and run:
        return service, run
    for one in site.services.values():
        for source in one.sources:
            spec = source.spec
            if (
                isinstance(spec, Adopted)
                and (spec.repository, spec.host) == (repository, snapshot.host)
                and set(spec.tags) <= set(snapshot.tags)
            ):
                return one.id, snapshot.id[:SHORT_ID]
    return "", snapshot.id[:SHORT_ID]


def _when(event: BackupFinished | CopyFinished) -> datetime:
    if event.data_time is None:
        raise ValueError(event.run)
    return event.data_time

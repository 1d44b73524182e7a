"""Which recovery points have files to find, and where: the listings of all repositories. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from orchestrator.core.copies.nearest import homes
from orchestrator.core.finding.values import Held
from orchestrator.core.policy.model import Adopted, Files, Location
from restore_drills.seal import SOURCE as SEAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from orchestrator.core.copies.snapshots import Made
    from orchestrator.core.policy.model import Service, Site, Source
    from restore_drills.model import Snapshot

SOUND, SUSPECTED = "complete", "suspected"  # outcomes of a seal


def findable(
    site: Site, listings: Mapping[str, Iterable[Snapshot]], made: Mapping[str, Made]
) -> tuple[Held, ...]:
    """Return every sealed or adopted point of each source of files, oldest first, told once.

    `listings` are by repository. What a dump made is no file that anybody misses. Of a run that
    the log `made`, the log says whether it is suspected, of another its seal.
    """
    near = sorted(listings, key=lambda name: _distance(site, name))
    found: dict[tuple[str, str, str], Held] = {}
    for repository in near:
        shots = tuple(listings[repository])
        for service in site.services.values():
            for source in service.sources:
                for held in _held(site, service, source, repository, shots):
                    key = (held.service, held.source, held.run)
                    known = found.get(key)
                    found[key] = held if known is None else _joined(known, held)
    for key, held in found.items():
        if held.run in made:
            found[key] = replace(held, suspected=bool(made[held.run].suspect))
    return tuple(sorted(found.values(), key=lambda h: (h.data_time, h.run)))


def sources(site: Site) -> tuple[tuple[str, str], ...]:
    """Return the service and the name of every source whose files can be found."""
    return tuple(
        (service.id, source.name)
        for service in site.services.values()
        for source in service.sources
        if isinstance(source.spec, Files | Adopted)
    )


def _held(
    site: Site, service: Service, source: Source, repository: str, shots: tuple[Snapshot, ...]
) -> list[Held]:
    match source.spec:
        case Files() if repository in homes(service):
            return _sealed(site.id, service.id, source.name, repository, shots)
        case Adopted(repository=where, host=host, tags=tags) if where == repository:
            wanted = set(tags)
            return [
                _one(service.id, source.name, s.id[:8], repository, s, None)
                for s in shots
                if s.host == host and wanted <= set(s.tags)
            ]
        case _:
            return []


def _sealed(
    site: str, service: str, source: str, repository: str, shots: tuple[Snapshot, ...]
) -> list[Held]:
    runs: dict[str, dict[str, Snapshot]] = defaultdict(dict)
    # What was rewritten or copied bears the source and run of its original, which comes first.
    for shot in sorted(shots, key=lambda s: (s.time, s.original is not None, s.id)):
        run, name = shot.tag("run"), shot.tag("source")
        if shot.host == site and shot.tag("service") == service and run and name:
            runs[run].setdefault(name, shot)
    return [
        _one(service, source, run, repository, parts[source], parts[SEAL])
        for run, parts in runs.items()
        if source in parts and SEAL in parts and parts[SEAL].tag("outcome") in {SOUND, SUSPECTED}
    ]


def _one(  # noqa: PLR0913, PLR0917 - what a point is made of
    service: str,
    source: str,
    run: str,
    repository: str,
    shot: Snapshot,
    seal: Snapshot | None,
) -> Held:
    return Held(
        service=service,
        source=source,
        run=run,
        data_time=shot.time,
        usable_at=max(shot.time, seal.time) if seal else shot.time,
        tree=shot.tree,
        suspected=seal is not None and seal.tag("outcome") == SUSPECTED,
        snapshots={repository: shot.id},
    )


def _joined(known: Held, other: Held) -> Held:
    """Add where else a point is; what is not the same there is another's word, and is left out."""
    if other.tree != known.tree:
        return known
    return replace(
        known,
        usable_at=min(known.usable_at, other.usable_at),
        suspected=known.suspected or other.suspected,
        snapshots={**known.snapshots, **other.snapshots},
    )


def _distance(site: Site, name: str) -> int:
    return int(site.repositories[name].location is Location.OFFSITE)


def behind(points: Iterable[Held], made: Mapping[str, Made], service: str) -> int:
    """Return how many points of a service the log knows beyond the newest of these."""
    newest = max((held.data_time for held in points), default=None)
    return sum(
        1
        for one in made.values()
        if one.service == service and (newest is None or one.data_time > newest)
    )


def remembered(
    held: Iterable[Held], known: Iterable[Held], unasked: Iterable[str]
) -> tuple[Held, ...]:
    """Add to what was listed what the index knows to be in repositories that did not answer."""
    away = set(unasked)
    found = {one.run: one for one in held}
    for one in known:
        there = {name: shot for name, shot in one.snapshots.items() if name in away}
        if not there:
            continue
        now = found.get(one.run)
        snapshots = {**(now.snapshots if now else {}), **there}
        found[one.run] = replace(now or one, snapshots=snapshots)
    return tuple(sorted(found.values(), key=lambda h: (h.data_time, h.run)))

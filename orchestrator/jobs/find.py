"""The daily request: which points hold which version of a file. Its index is a cache.

The index is brought forward by whoever asks. What cannot be asked now is told from what it has.
"""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.adapters.index import Damaged, Index, alone, discard
from orchestrator.adapters.restic.listing import changed, entries
from orchestrator.adapters.secrets import SecretFiles
from orchestrator.core.copies import snapshots
from orchestrator.core.finding import points
from orchestrator.errors import (
    Interrupted,
    Misused,
    PraError,
    RepositoryAbsent,
    RepositoryDamaged,
    ResticChanged,
    ResticFailed,
    StateUnusable,
)
from orchestrator.jobs.opening import opened
from orchestrator.log import new_run_id
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from orchestrator.adapters.restic import Restic
    from orchestrator.app import App
    from orchestrator.core.finding.pattern import Pattern
    from orchestrator.core.finding.values import Answer, Asked, Entry, Held
    from orchestrator.core.policy.model import Site
    from restore_drills.model import Snapshot

# What says that this point cannot be listed; every other error is of the whole repository.
UNREAD = (RepositoryDamaged, ResticFailed, ResticChanged)
LANES = 4  # repositories asked at once: a restic takes 60 MB
# More changed folders than that are not asked for one by one: the whole point is listed.
FOLDERS = 200
# Whoever asks twice in a row is answered at once, unless the log has come on meanwhile.
FRESH = timedelta(minutes=10)
EVERY = 100_000  # files between two words about a long listing


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How far the index is: why a repository was not asked, how many points it is behind.

    `busy`: somebody else brings it forward right now.
    """

    unasked: Mapping[str, PraError] = field(default_factory=dict)
    behind: Mapping[str, int] = field(default_factory=dict)
    busy: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found, and how far the index was."""

    answer: Answer
    standing: Standing


def find(app: App, site: Site, pattern: Pattern, asked: Asked, say: Callable[[str], None]) -> Found:
    """Bring the index of a site forward as far as can be, and search it.

    Raises Misused where no service has files, the repository's error where nothing was ever
    listed, StateUnusable, Interrupted.
    """
    with_files = dict.fromkeys(service for service, _ in points.sources(site))
    services = tuple(one for one in with_files if not asked.services or one in asked.services)
    if not services:
        raise Misused(
            f"{site.id}: no files to be found: its services are databases or external",
            hint="A database comes back whole: `pra recover`.",
        )
    asked = replace(asked, services=services)
    path = place(app.state, site.id)
    try:
        return _found(app, site, path, pattern, asked, say)
    except Damaged as error:
        say(f"the index of files is damaged and made anew: {error}")
        discard(path)
    try:
        return _found(app, site, path, pattern, asked, say)
    except Damaged as error:
        raise StateUnusable(
            f"{path}: damaged again as soon as it was made: {error}",
            hint="Check the disk of the state folder.",
        ) from error


def update(
    app: App, site: Site, services: Sequence[str] = (), say: Callable[[str], None] | None = None
) -> Standing:
    """Bring the index of a site, or of some of its services, forward as far as can be.

    Raises Damaged, StateUnusable, Interrupted.
    """
    path = place(app.state, site.id)
    with alone(path) as mine:
        if not mine:
            return Standing(busy=True)
        processes = Processes(new_run_id(app.clock()))
        with (
            SecretFiles(processes.run_id) as secrets,
            Index.open(path) as index,
            contextlib.ExitStack() as stack,
        ):
            try:
                return _forward(app, site, index, services, (processes, secrets, stack), say)
            except KeyboardInterrupt:
                processes.cancel("stopped by hand")
                raise


def place(state: Path, site: str) -> Path:
    """Return the file of a site's index."""
    return state / "cache" / "find" / f"{site}.db"


def _silent(_: str) -> None:
    """Nobody listens."""


def _found(  # noqa: PLR0913, PLR0917 - what a search needs
    app: App,
    site: Site,
    path: Path,
    pattern: Pattern,
    asked: Asked,
    say: Callable[[str], None],
) -> Found:
    with Index.open(path) as index:
        fresh = _is_fresh(app, index, asked.services)
    standing = Standing() if fresh else update(app, site, asked.services, say)
    with Index.open(path) as index:
        answer = index.search(pattern, asked)
        empty = not any(
            index.points(service, source)
            for service, source in points.sources(site)
            if service in asked.services
        )
    if empty and standing.unasked:
        raise next(iter(standing.unasked.values()))
    return Found(answer=answer, standing=standing)


def _forward(  # noqa: PLR0913, PLR0917 - what an update needs
    app: App,
    site: Site,
    index: Index,
    services: Sequence[str],
    means: tuple[Processes, SecretFiles, contextlib.ExitStack],
    say: Callable[[str], None] | None,
) -> Standing:
    at = app.clock()
    there = _Repositories(app, site, *means)
    chosen = services or tuple(dict.fromkeys(service for service, _ in points.sources(site)))
    standing = _Forward(app, site, index, there, say or _silent).run(chosen)
    if not standing.unasked:
        index.mark(chosen, at, there.seq)
    return standing


def _is_fresh(app: App, index: Index, services: Sequence[str]) -> bool:
    now, seq = app.clock(), app.known().seq
    told = [index.asked(service) for service in services]
    return all(one and one[1] == seq and timedelta(0) <= now - one[0] < FRESH for one in told)


class _Repositories:
    """The repositories of a site that answer, each opened once."""

    def __init__(
        self,
        app: App,
        site: Site,
        processes: Processes,
        secrets: SecretFiles,
        stack: contextlib.ExitStack,
    ) -> None:
        self.unasked: dict[str, PraError] = {}
        self.listings: dict[str, tuple[Snapshot, ...]] = {}
        self._restics: dict[str, Restic] = {}
        self._site = site
        state = app.known()
        self.seq = state.seq
        for name in site.repositories:
            try:
                self._restics[name] = stack.enter_context(
                    opened(
                        site=site,
                        repository=name,
                        state=app.state,
                        processes=processes,
                        secrets=secrets,
                    )
                )
            except Interrupted:
                raise
            except PraError as error:
                self.unasked[name] = error
        with ThreadPoolExecutor(LANES, "listing") as pool:
            futures = {name: pool.submit(self._listed, name) for name in self._restics}
            try:
                told = {name: future.result() for name, future in futures.items()}
            except KeyboardInterrupt:  # the pool waits for them
                processes.cancel("stopped by hand")
                raise
        for name, answer in told.items():
            if isinstance(answer, PraError):
                absent = isinstance(answer, RepositoryAbsent)
                if not (absent and state.repository(site.id, name).since is None):
                    self.unasked[name] = answer
            else:
                self.listings[name] = answer

    def _listed(self, name: str) -> tuple[Snapshot, ...] | PraError:
        try:
            s3.probe(self._site.repositories[name].url)
            return self._restics[name].snapshots()
        except Interrupted:
            raise
        except PraError as error:
            return error

    def of(self, *held: Held) -> list[tuple[str, Restic]]:
        """Return the repositories that answer and have all of these points, the nearest first."""
        return [
            (name, self._restics[name])
            for name in held[0].snapshots
            if name in self.listings
            and name not in self.unasked
            and all(name in one.snapshots for one in held)
        ]


class _Forward:
    """Takes up, one by one, the points that the index does not have."""

    def __init__(
        self,
        app: App,
        site: Site,
        index: Index,
        repositories: _Repositories,
        say: Callable[[str], None],
    ) -> None:
        self._site = site
        self._index = index
        self._repositories = repositories
        self._say = say
        self._made = snapshots.known(app.recorded(site.id, snapshots.TOLD)).points

    def run(self, services: Sequence[str]) -> Standing:
        held = points.findable(self._site, self._repositories.listings, self._made)
        behind: dict[str, int] = {}
        for service, source in points.sources(self._site):
            if service not in services:
                continue
            mine = [one for one in held if (one.service, one.source) == (service, source)]
            known = self._index.points(service, source)
            wanted = points.remembered(mine, known, self._repositories.unasked)
            self._index.keep(service, source, wanted)
            self._forward(service, source, wanted)
            there = self._index.points(service, source)
            left = points.behind(there, self._made, service)
            if left:
                behind[service] = max(left, behind.get(service, 0))
        return Standing(unasked=dict(self._repositories.unasked), behind=behind)

    def _forward(self, service: str, source: str, wanted: Sequence[Held]) -> None:
        there = self._index.points(service, source)
        known = {one.run for one in there}
        before = there[-1] if there else None
        todo = [one for one in wanted if one.run not in known]
        name = service if source == service else f"{service}, {source}"
        for number, held in enumerate(todo, 1):
            if len(todo) > 1:
                self._say(f"{name}: reading point {number} of {len(todo)} for the index")
            if not self._take(before, held, name):
                return  # what comes later is taken up in its order, when this one can be
            before = held

    def _take(self, before: Held | None, held: Held, name: str) -> bool:
        """Take up one point from the nearest repository that gives it; false when none can."""
        if before is not None and not before.unread and before.tree == held.tree:
            self._index.same(held)
            return True
        unread: PraError | None = None
        for repository, restic in self._repositories.of(held):
            try:
                self._collect(before, held, repository, restic, name)
            except Interrupted:
                raise
            except UNREAD as error:
                unread = error
            except StateUnusable:
                raise
            except PraError as error:
                self._repositories.unasked[repository] = error
            else:
                return True
        if unread is None:
            return False
        self._say(f"{name}: the files of {held.run} cannot be listed: {unread}")
        self._index.fresh()
        self._index.take(replace(held, unread=True), touched=False)
        return True

    def _collect(
        self, before: Held | None, held: Held, repository: str, restic: Restic, name: str
    ) -> None:
        """Read a point's files: those in folders where something changed, or all of them."""
        shot = held.snapshots[repository]
        self._index.fresh()
        older = before.snapshots.get(repository) if before and not before.unread else None
        if older is not None and self._differing(restic, older, shot):
            self._index.take(held, touched=True)
            return
        self._index.fresh()
        entries(restic, shot, self._counting(name))
        self._index.take(held, touched=False)

    def _differing(self, restic: Restic, older: str, shot: str) -> bool:
        """Read what changed since the point before; false where all is to be read instead."""
        try:
            changed(restic, older, shot, self._index.touched)
        except UNREAD:  # perhaps of the older one
            return False
        folders = self._index.folders(FOLDERS)
        if folders:
            entries(restic, shot, self._index.seen, folders)
        return folders is not None

    def _counting(self, name: str) -> Callable[[list[Entry]], None]:
        count = 0

        def seen(batch: list[Entry]) -> None:
            nonlocal count
            self._index.seen(batch)
            before, count = count, count + len(batch)
            if count // EVERY > before // EVERY:
                self._say(f"{name}: {count:,} files read for the index".replace(",", " "))

        return seen

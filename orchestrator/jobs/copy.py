"""A copy: what a service's repository has and another lacks, the newest recovery point first.

`restic copy` brings the snapshots, whose trees stay what they are. The seal is copied as well where
both repositories have one password; else it is checked here and signed anew for the other, since
whoever stands there with that password alone must be able to check it.
"""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from orchestrator.adapters import s3
from orchestrator.adapters.leases import lease
from orchestrator.adapters.restic import copying
from orchestrator.core.copies import snapshots
from orchestrator.core.copies.lacking import There, as_sealed, wholes
from orchestrator.core.events import BackedUp, CopyFinished
from orchestrator.core.retention.rules import chosen
from orchestrator.errors import Misused, RepositoryAbsent, RepositoryDamaged
from orchestrator.jobs.making import has_held, listed_or_made, vanished
from orchestrator.jobs.pair import Lazily, checked, pair_of, sign
from orchestrator.jobs.policy_snapshot import put_beside
from orchestrator.jobs.sweep import without_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from orchestrator.adapters.restic import Progress
    from orchestrator.app import App
    from orchestrator.core.copies.lacking import Whole
    from orchestrator.core.policy.model import Site
    from orchestrator.core.state import CopyState
    from orchestrator.jobs.begun import Begun
    from orchestrator.jobs.pair import Pair
    from orchestrator.jobs.upkeep import Watch
    from restore_drills.model import Snapshot

AT_ONCE = 200  # points in one call: each costs two key derivations, and its words are bounded
SEALS_AT_ONCE = 2


def copy(  # noqa: PLR0913, PLR0917 - what every upkeep is called with
    app: App, site: Site, service: str, repository: str, begun: Begun, watch: Watch
) -> CopyFinished:
    """Bring every usable point of a service to a repository; the end is on the log.

    A repository that is not there yet is made, in a provably empty place. Raises PraError.
    """
    began = time.monotonic()
    with begun:
        origin = site.services[service].backup_to
        if origin is None or origin == repository:
            raise Misused(
                f"{site.id}/{service}: it is not copied to {repository}",
                hint="Write `backup: {to: ..., copy_to: [...]}` in the service.",
            )
        for name in (origin, repository):
            s3.probe(site.repositories[name].url)
        with pair_of(app, site, origin, repository, begun) as pair:
            work = _Work(pair=pair, app=app, site=site, service=service, watch=watch)
            with without_lock(app, site, repository, begun.run):
                brought = work.carry_out()
        finished = CopyFinished(
            run=begun.run,
            site=site.id,
            service=service,
            origin=origin,
            repository=repository,
            point=brought.newest.run,
            snapshots=brought.snapshots,
            usable_at=brought.usable_at,
            points=brought.points,
            seconds=round(time.monotonic() - began, 3),
        )
        begun.end(finished)
    return finished


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What is there now: the newest point, its snapshots as they are there, how many came."""

    newest: Whole
    snapshots: tuple[BackedUp, ...]
    usable_at: datetime
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """One copy under way."""

    pair: Pair
    app: App
    site: Site
    service: str
    watch: Watch

    def carry_out(self) -> Brought:
        """Copy what lacks, and compare."""
        pair, urls = self.pair, self._urls()
        with contextlib.ExitStack() as stack:
            stack.enter_context(lease(self.app.state, urls[0], exclusive=False))
            # A gateway is started when something must be read, and lasts as long.
            reading = stack.enter_context(Lazily(pair))
            known = self._known()
            points, there = self._listings(known, reading)
            newest = points[0]
            missing = [p for p in self._wanted(points) if there.lacks(p, resealed=pair.reseals)]
            usable_at = self._usable_before(known, newest)
            stack.enter_context(lease(self.app.state, urls[1], exclusive=False))
            beside = stack.enter_context(ThreadPoolExecutor(1, "policy"))  # what it takes overlaps
            policy = beside.submit(put_beside, self.app, self.site, pair.into, self._said)
            if newest in missing:
                self._bring(reading(), [newest], seed=known.complete is None)
                usable_at = self.app.clock()
            older = [p for p in missing if p is not newest]
            for at in range(0, len(older), AT_ONCE):
                if at:
                    self.watch.said(self.service, f"{at} of {len(older)} older points copied")
                self._bring(reading(), older[at : at + AT_ONCE], seed=known.complete is None)
            if missing:
                there = There(pair.into.snapshots())
            policy.result()
            return Brought(
                newest=newest,
                snapshots=self._proven(there, newest, missing),
                usable_at=usable_at,
                points=len(missing),
            )

    def _wanted(self, points: Sequence[Whole]) -> list[Whole]:
        """Return the points that the policy keeps: what it removes is not brought back."""
        if self.site.retention is None:
            return list(points)
        zone = ZoneInfo(self.site.timezone)
        kept = chosen(points, self.site.retention, zone, self.app.clock())
        return [p for p in points if p is points[0] or p.run in kept]

    def _urls(self) -> tuple[str, str]:
        return self.pair.origin.call.repository.url, self.pair.into.call.repository.url

    def _known(self) -> CopyState:
        into = self.pair.into.call.repository.id
        return self.app.known().copy(self.site.id, self.service, into)

    def _usable_before(self, known: CopyState, newest: Whole) -> datetime:
        """Return since when the newest point is there, if it is; the log may not know."""
        before = known.complete
        same = before is not None and before.point == newest.run
        return before.usable_at if before is not None and same else self.app.clock()

    def _listings(self, known: CopyState, reading: Lazily) -> tuple[tuple[Whole, ...], There]:
        """List both at once; make the other where nothing was ever there."""
        pair = self.pair
        with ThreadPoolExecutor(2, "listing") as pool:
            here = pool.submit(pair.origin.snapshots)
            there = pool.submit(pair.into.snapshots)
            points = wholes(here.result(), self.site.id, self.service, self._trusted())
            absent = there.exception()
        if not points:
            raise Misused(
                f"{self.site.id}/{self.service}: {pair.origin.call.repository.id} has no usable"
                " recovery point yet",
                hint=f"Run `pra backup {self.site.id} {self.service}` first.",
            )
        if isinstance(absent, RepositoryAbsent):
            return points, There(self._made(absent, reading))
        if known.complete is None:
            self._compare_chunkers()
        return points, There(there.result())

    def _trusted(self) -> Callable[[str, bool], bool]:
        """Return what knows which points are brought: a suspected one stays where it is.

        What the log says counts, whatever a seal does: a false alarm has not changed the seal.
        """
        if not self.app.known().service(self.site.id, self.service).suspicions:
            return as_sealed
        made = snapshots.known(self.app.recorded(self.site.id, snapshots.TOLD)).points

        def trusted(run: str, is_suspected: bool) -> bool:  # noqa: FBT001 - as it is called
            return not made[run].suspect if run in made else as_sealed(run, is_suspected)

        return trusted

    def _made(self, absent: RepositoryAbsent, reading: Lazily) -> tuple[Snapshot, ...]:
        pair, (_, url) = self.pair, self._urls()
        into = pair.into.call.repository.id
        if has_held(self.app, self.app.known(), self.site.id, into):
            raise vanished(into, absent) from absent
        origin = reading()  # in this thread, which lives as long as the gateway must
        found, made = listed_or_made(
            pair.into, self.app.state, url, lambda: copying.initialise(pair.into, origin)
        )
        if made:
            self.watch.said(self.service, f"new repository made at {url}")
        return found

    def _compare_chunkers(self) -> None:
        """Say, at the first copy, that a repository was not made to receive any."""
        names = [r.call.repository.id for r in (self.pair.origin, self.pair.into)]
        with ThreadPoolExecutor(2, "chunker") as pool:
            here, there = pool.map(copying.chunker, (self.pair.origin, self.pair.into))
        if here != there:
            self.watch.said(
                self.service,
                f"{names[1]} was not made to receive copies: it cuts files otherwise than"
                f" {names[0]}, and what both hold is stored twice",
            )

    def _bring(self, origin: copying.Origin, points: Sequence[Whole], *, seed: bool) -> None:
        """Copy points, each with its seal last."""
        pair, ids = self.pair, []
        for point in points:
            ids += [s.id for s in point.snapshots]
            ids += [] if pair.reseals else [point.seal.id]
        with ThreadPoolExecutor(SEALS_AT_ONCE, "seal") as pool:
            # Read while restic copies, and signed when all is there.
            seals = [pool.submit(checked, pair, p) for p in points] if pair.reseals else []
            copying.copy(pair.into, origin, ids, seed=seed, on_progress=self._moved)
            signed = [
                pool.submit(sign, pair, point, found.result())
                for point, found in zip(points, seals, strict=False)
            ]
            for each in signed:
                each.result()

    def _said(self, line: str) -> None:
        self.watch.said(self.service, line)

    def _moved(self, progress: Progress) -> None:
        self.watch.moved(self.service, self.pair.into.call.repository.id, progress)

    def _proven(
        self, there: There, newest: Whole, missing: Sequence[Whole]
    ) -> tuple[BackedUp, ...]:
        """Return the newest point as it is there; every copy was looked at again."""
        for point in missing:
            self._proof(there, point)
            if there.lacks(point, resealed=self.pair.reseals):
                raise self._absent(f"the seal of {point.run}")
        return self._proof(there, newest)

    def _proof(self, there: There, point: Whole) -> tuple[BackedUp, ...]:
        found = []
        for snapshot in point.snapshots:
            copied = there.copy_of(snapshot)
            if copied is None:
                raise self._absent(f"snapshot {snapshot.id[:8]} of {point.run}")
            found.append(
                BackedUp(
                    source=copied.tag("source") or "",
                    id=copied.id,
                    tree=copied.tree,
                    data_time=copied.time,
                )
            )
        return tuple(found)

    def _absent(self, what: str) -> RepositoryDamaged:
        into = self.pair.into.call.repository.id
        return RepositoryDamaged(
            f"{into}: restic said that it copied {what}, and the repository does not list it with"
            " the same tree",
            hint=f"Trust nothing of {into} until `pra verify` says that it is sound.",
        )

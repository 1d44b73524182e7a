"""Repairs a damaged repository: what is still good is kept, what is lost comes from the other one.

The order is restic's: read, take the bad packs out, make the index true, bring back what is gone,
read everything. `repair snapshots` is never run: it would make lost files look whole.
"""

from __future__ import annotations

import contextlib
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.adapters.leases import lease
from orchestrator.adapters.restic.living import living
from orchestrator.adapters.restic.needing import readable
from orchestrator.adapters.restic.repairing import MARK, repair_index, repair_packs
from orchestrator.adapters.s3.sizes import take_aside
from orchestrator.adapters.secrets import SecretFiles
from orchestrator.core.events import RepairFinished
from orchestrator.errors import (
    Interrupted,
    Misused,
    PraError,
    RepositoryDamaged,
    RepositoryLocked,
    StateUnusable,
)
from orchestrator.jobs.begun import Begun
from orchestrator.jobs.examining import Examined, Examiner
from orchestrator.jobs.healing import Healer, beyond
from orchestrator.jobs.hurt import of_snapshot, whole_points
from orchestrator.jobs.opening import bucket, opened
from orchestrator.jobs.pair import Pair
from orchestrator.jobs.policy_snapshot import let_go
from orchestrator.jobs.sweep import unlock
from orchestrator.jobs.weighing import weighed
from orchestrator.log import new_run_id
from orchestrator.reports.repair import Plan
from orchestrator.reports.words import size
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from orchestrator.adapters.restic import Restic
    from orchestrator.adapters.restic.checking import Fault
    from orchestrator.app import App
    from orchestrator.core.events import Hurt
    from orchestrator.core.policy.model import Site
    from orchestrator.jobs.upkeep import Watch

SHUT = frozenset({"key", "config"})


def sources(site: Site, repository: str) -> list[str]:
    """Return the other repositories, those first that share the most services with this one."""

    def shared(other: str) -> int:
        pairs = [{s.backup_to, *s.copy_to} for s in site.services.values()]
        return sum({repository, other} <= pair for pair in pairs)

    return sorted((one for one in site.repositories if one != repository), key=lambda o: -shared(o))


def repair(app: App, site: Site, repository: str, begun: Begun, watch: Watch) -> RepairFinished:
    """Repair it from the run's origin, if there is one, and write what became of it.

    Raises RepositoryLocked, RepositoryDamaged where it cannot even be opened, Interrupted,
    StateUnusable, and what else the repositories have to say.
    """
    with begun:
        began = time.monotonic()
        origin = begun.started.origin
        with _at_work(app, site, repository, origin, begun, watch) as work:
            url = site.repositories[repository].url
            # The readings are not alone: they take hours, and would stop the backups.
            with lease(app.state, url, exclusive=False):
                found = work.examine()
            if any(fault.kind in SHUT for fault in found.faults):
                raise RepositoryDamaged(
                    f"{repository}: it cannot be opened: {found.faults[0].words}",
                    hint="No repair from inside: bring back its config and keys, from the versions"
                    " of its bucket (`pra repo rewind`) or from the recovery kit.",
                )
            try:
                with lease(app.state, url, exclusive=True):
                    _alone(work.restic)
                    before = work.mend(found)
            except Interrupted:
                # A restic that is stopped while it takes its lock may leave it behind.
                with contextlib.suppress(PraError):
                    unlock(site, repository, app.state, begun.run)
                raise
            with lease(app.state, url, exclusive=False):
                after = work.examiner.examine(1, 1)
                lost = work.hurt(after)
        gone = {(one.service, one.run) for one in lost}
        ended = RepairFinished(
            run=begun.run,
            site=site.id,
            repository=repository,
            origin=origin,
            sound=not after.faults,
            healed=tuple(one for one in before if (one.service, one.run) not in gone),
            lost=lost,
            fetched_bytes=work.fetched,
            seconds=round(time.monotonic() - began, 3),
        )
        begun.end(ended)
    return ended


def plan(app: App, site: Site, repository: str, origin: str, watch: Watch) -> Plan:
    """Return what a repair would do; it reads, and changes nothing."""
    processes = Processes(new_run_id(app.clock()))
    url = site.repositories[repository].url
    with (
        _at_work(app, site, repository, origin, processes, watch) as work,
        lease(app.state, url, exclusive=False),
    ):
        found = work.examine()
        there = readable(work.restic) if found.listed is not None else ()
        ids = found.needed.all
        hurt = [s for s in there if ids is None or s.id in ids]
        left = beyond(hurt, work.source.snapshots() if work.source and found.faults else ())
        lost = whole_points(site, repository, there, left)
        gone = {(one.service, one.run) for one in lost}
        return Plan(
            repository=repository,
            origin=origin,
            faults=tuple((one.kind, one.id, one.words) for one in found.faults),
            salvage=tuple(_corrupt(found.faults)),
            index=_needs_index(found.faults),
            healed=tuple(h for h in work.hurt(found) if (h.service, h.run) not in gone),
            lost=lost,
            locks=tuple(
                f"{lock.user}@{lock.host}, process {lock.pid}"
                for lock in (living(work.restic.locks(), datetime.now(UTC)) if there else ())
            ),
        )


@dataclass(slots=True, kw_only=True)
class _Work:
    """What a repair stands on."""

    app: App
    site: Site
    repository: str
    run: str
    restic: Restic
    source: Restic | None
    secrets: SecretFiles
    begun: Begun | None
    examiner: Examiner
    processes: Processes
    said: Callable[[str], None]
    fetched: int | None = None

    def examine(self) -> Examined:
        """Read the parts that are known to be damaged; everything where none is."""
        known = self.app.known().repository(self.site.id, self.repository)
        named = [tuple(map(int, name.split("/"))) for name in known.damages] or [(1, 1)]
        found = Examined()
        for part, parts in named:
            one = self.examiner.examine(part, parts)
            new = [f for f in one.faults if f.name not in {g.name for g in found.faults}]
            if new:
                found = one if not found.faults else self.examiner.examine(1, 1)
        return found

    def mend(self, found: Examined) -> tuple[Hurt, ...]:
        """Do everything that must be alone; return the points that were hurt."""
        before = self.hurt(found)
        saved = self.app.state / "repairs" / self.run
        if corrupt := _corrupt(found.faults):
            self._has_room(found, len(corrupt))
            self.said(f"taking {len(corrupt)} damaged packs out, saved in {saved}")
            repair_packs(self.restic, corrupt, saved)
        for fault in found.faults:
            if fault.kind == "snapshot":
                self._set_aside(fault.id, saved)
        if _needs_index(found.faults):
            self.said("making the index true")
            repair_index(self.restic)
        if found.faults and let_go(self.app, self.site, self.restic, found.needed.all):
            self.said("the policy's damaged snapshot is removed: it is put there anew")
        self._heal(found)
        return before

    def hurt(self, found: Examined) -> tuple[Hurt, ...]:
        """Return the points that need what is damaged."""
        if not found.faults:
            return ()
        named = whole_points(self.site, self.repository, found.listed or (), found.needed.all)
        unread = [
            hurt
            for fault in found.faults
            if fault.kind == "snapshot"
            for hurt in of_snapshot(self.app, self.site, fault.id, found.listed or ())
        ]
        seen = {(one.service, one.run) for one in named}
        return (*named, *(one for one in unread if (one.service, one.run) not in seen))

    def _heal(self, found: Examined) -> None:
        left = self.examiner.structure()
        marked = any(MARK in one.tags for one in readable(self.restic))
        lacking = frozenset(
            hurt.run
            for fault in found.faults
            if fault.kind == "snapshot"
            for hurt in of_snapshot(self.app, self.site, fault.id, found.listed or ())
        )
        if not (left.faults or marked or lacking):
            return
        if self.source is None or self.begun is None:
            self.said("there is no other repository to bring back from what is lost")
            return
        pair = Pair(origin=self.source, into=self.restic, secrets=self.secrets, begun=self.begun)
        before = weighed(self.restic.call.repository, self.processes)
        Healer(pair=pair, site=self.site.id, said=self.said).heal(
            left.needed.all if left.faults else frozenset(), lacking
        )
        after = weighed(self.restic.call.repository, self.processes)
        self.fetched = max(0, after.bytes - before.bytes) if before and after else None

    def _has_room(self, found: Examined, packs: int) -> None:
        """Raise where the damaged packs, which are kept, would fill the disk of the state."""
        if found.sizes is None or not found.sizes.packs:
            return
        wanted = found.sizes.bytes // found.sizes.packs * packs
        if wanted > (free := shutil.disk_usage(self.app.state).free):
            raise StateUnusable(
                f"{self.app.state}: {size(wanted)} of damaged packs are to be kept there, and"
                f" {size(free)} are free: nothing was changed",
                hint="Make room, or give --state a larger disk.",
            )

    def _set_aside(self, short: str, saved: Path) -> None:
        """Take a snapshot file that cannot be read out of the repository, and keep it."""
        spec = self.restic.call.repository
        saved.mkdir(mode=0o700, parents=True, exist_ok=True)
        argv = ["list", "snapshots", "--no-lock"]
        said = self.restic.call(argv, timeout=s3.PROBE_DEADLINE * 60, lines=False, keep=64 << 20)
        for name in said.ended.stdout.decode("ascii", errors="replace").split():
            if not name.startswith(short):
                continue
            if (place := bucket(spec, self.processes)) is not None:
                (saved / f"snapshot-{name}").write_bytes(take_aside(place, f"snapshots/{name}"))
            elif (folder := s3.folder(spec.url)) is not None:
                (saved / f"snapshot-{name}").write_bytes((folder / "snapshots" / name).read_bytes())
                (folder / "snapshots" / name).unlink()
            self.said(f"snapshot file {name[:8]} set aside in {saved}")


@contextlib.contextmanager
def _at_work(  # noqa: PLR0913, PLR0917 - what a repair is begun with
    app: App, site: Site, repository: str, origin: str, begun: Begun | Processes, watch: Watch
) -> Iterator[_Work]:
    processes = begun if isinstance(begun, Processes) else begun.processes
    if origin == repository:
        raise Misused(f"{repository}: it cannot be repaired from itself", hint="Name another.")
    with contextlib.ExitStack() as stack:
        secrets = stack.enter_context(SecretFiles(processes.run_id))
        found = {}
        for name in filter(None, (repository, origin)):
            s3.probe(site.repositories[name].url)
            if name == origin:
                url = site.repositories[name].url
                stack.enter_context(lease(app.state, url, exclusive=False))
            found[name] = stack.enter_context(
                opened(
                    site=site,
                    repository=name,
                    state=app.state,
                    processes=processes,
                    secrets=secrets,
                )
            )
        source = found.get(origin)

        def said(line: str) -> None:
            watch.said(repository, line)

        yield _Work(
            app=app,
            site=site,
            repository=repository,
            run=processes.run_id,
            restic=found[repository],
            source=source,
            secrets=secrets,
            begun=begun if isinstance(begun, Begun) else None,
            examiner=Examiner(
                restic=found[repository],
                processes=processes,
                state=app.state,
                held=app.known().repository(site.id, repository).since is not None,
                said=said,
            ),
            processes=processes,
            said=said,
        )


def _alone(restic: Restic) -> None:
    """Remove stale locks; raise where somebody works in the repository."""
    restic.unlock()
    left = living(restic.locks(), datetime.now(UTC))
    if left:
        who = left[0]
        raise RepositoryLocked(
            f"{restic.call.repository.id}: {who.user}@{who.host} (process {who.pid}) works in it"
            f" since {who.time:%Y-%m-%d %H:%M} UTC: nothing was changed",
            hint="Wait for its end, or end it there, then repair again.",
            retryable=True,
        )


def _corrupt(faults: tuple[Fault, ...]) -> list[str]:
    return [f.id for f in faults if f.kind == "data" and f.id and not f.missing]


def _needs_index(faults: tuple[Fault, ...]) -> bool:
    return any(f.missing or f.blobs or f.kind in {"index", "tree"} for f in faults)

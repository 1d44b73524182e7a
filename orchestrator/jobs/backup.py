"""`pra backup`: each service a run of its own; intent, work, outcome on the log, last."""

from __future__ import annotations

import contextlib
import difflib
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.adapters.leases import lease
from orchestrator.adapters.secrets import SecretFiles
from orchestrator.core.events import BackedUp, BackupFinished, Outcome, RunKind
from orchestrator.errors import Interrupted, Misused, PraError, RepositoryAbsent, SourceFailed
from orchestrator.jobs import point
from orchestrator.jobs.begun import STOPPED, begin
from orchestrator.jobs.copies import Copies
from orchestrator.jobs.judging import Judge
from orchestrator.jobs.making import has_held, listed_or_made, vanished
from orchestrator.jobs.opening import opened
from orchestrator.jobs.policy_snapshot import put_beside
from orchestrator.jobs.sweep import unlock
from orchestrator.log import new_run_id
from orchestrator.reports.backup import Result

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from orchestrator.app import App
    from orchestrator.core.policy.model import Service, Site
    from orchestrator.core.state import State
    from orchestrator.jobs.begun import Begun
    from orchestrator.jobs.point import Point, Taken, Watch

LANES = 2  # services at once: they wait for different things, but share the site's disks
KEPT_SKIPPED = 200


def chosen(site: Site, names: Sequence[str]) -> tuple[list[Service], list[str]]:
    """Return the services to back up, all or the named, and a line for each that is not ours.

    Raises Misused for a name that the site does not have.
    """
    for name in names:
        if name not in site.services:
            near = difflib.get_close_matches(name, site.services, n=1)
            raise Misused(
                f"{site.id}: no service named {name}"
                + (f" (did you mean {near[0]}?)" if near else ""),
                hint=f"It has {', '.join(site.services)}.",
            )
    wanted = [s for s in site.services.values() if not names or s.id in names]
    elsewhere = [
        f"{s.id}: not backed up by us, somebody else's work (adopted or external)"
        for s in wanted
        if s.backup_to is None
    ]
    return [s for s in wanted if s.backup_to is not None], elsewhere


def back_up(
    app: App, site: Site, services: Sequence[Service], watch: Watch, *, copies: bool = False
) -> list[Result]:
    """Back services up, two at a time; one that fails does not stop the others.

    `copies`: what is complete is then copied, as the policy says. Must be called in the main
    thread: Ctrl-C is awaited here. Raises Interrupted when every run has ended and said so on the
    log, StateUnusable.
    """
    backup, copying = Backup(app, site), Copies(app, site)

    def one(service: Service) -> Result:
        result = backup.one(service, watch)
        if not copies or result.finished.outcome is not Outcome.COMPLETE:
            return result
        return replace(result, copies=copying.of(service, watch))

    with ThreadPoolExecutor(LANES, "backup") as pool:
        futures = [pool.submit(one, service) for service in services]
        try:
            wait(futures)
        except KeyboardInterrupt:
            backup.stop()
            copying.stop()
            wait(futures)
            raise Interrupted(f"{site.id}: the backup was interrupted") from None
    return [future.result() for future in futures]


class Backup:
    """The backups of one site, one run for each service."""

    def __init__(self, app: App, site: Site, known: State | None = None) -> None:
        self._app = app
        self._log = app.log  # opened here, once, and the state folder with it
        self._site = site
        self._known = known or app.known()
        self._seeds = _seeds(site, self._known)
        self._stopped = False
        self._running: list[Begun] = []
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Begin no run; have those under way end."""
        with self._lock:
            self._stopped = True
            for begun in self._running:
                begun.stop()

    def begin(
        self, service: Service, *, slot: datetime | None = None, key: str | None = None
    ) -> Begun | None:
        """Begin the run of a service; None when `key` was taken before. Raises StateUnusable."""
        return begin(
            self._log,
            self._app.state,
            run=new_run_id(self._app.clock()),
            kind=RunKind.BACKUP,
            site=self._site.id,
            service=service.id,
            repository=service.backup_to or "",
            slot=slot,
            key=key,
        )

    def one(self, service: Service, watch: Watch) -> Result:
        """Back one service up; that it failed is a result. Raises Interrupted, StateUnusable."""
        with self._lock:
            begun = None if self._stopped else self.begin(service)
            if begun is None:
                raise Interrupted(f"{self._site.id}/{service.id}: not started, {STOPPED}")
            self._running.append(begun)
        return self.carry_out(service, begun, watch)

    def carry_out(self, service: Service, begun: Begun, watch: Watch) -> Result:
        """Do what was begun and write its end. Raises Interrupted, StateUnusable."""
        began = time.monotonic()
        with begun:
            try:
                result = self._work(service, begun, watch, began)
            except Interrupted:
                raise
            except PraError as error:
                begun.fail(error)
                return self._failed(service, begun.run, error, time.monotonic() - began)
            begun.end(result.finished)
        return result

    def _work(self, service: Service, begun: Begun, watch: Watch, began: float) -> Result:
        repository, processes = begun.started.repository, begun.processes
        url = self._site.repositories[repository].url
        s3.probe(url)
        with (
            SecretFiles(processes.run_id) as secrets,
            opened(
                site=self._site,
                repository=repository,
                state=self._app.state,
                processes=processes,
                secrets=secrets,
            ) as restic,
        ):
            work = point.Work(
                site=self._site.id,
                service=service,
                run=processes.run_id,
                restic=restic,
                secrets=secrets,
                processes=processes,
                watch=watch,
                seed=service.id in self._seeds,
            )
            tasks = point.judged(work)
            held, listing = has_held(self._app, self._known, self._site.id, repository), None
            if not held:
                listing, is_new = listed_or_made(restic, self._app.state, url, restic.initialise)
                if is_new:
                    watch.said(service.id, f"new repository made at {url}")
            judge = Judge(
                app=self._app,
                site=self._site.id,
                service=service,
                restic=restic,
                said=partial(watch.said, service.id),
                listing=listing,
            )
            try:
                with (
                    lease(self._app.state, url, exclusive=False),
                    ThreadPoolExecutor(1, "policy") as beside,  # its restic's start overlaps
                ):
                    policy = beside.submit(
                        put_beside, self._app, self._site, restic, partial(watch.said, service.id)
                    )
                    made = point.make(replace(work, judge=judge), tasks)
                    policy.result()
            except (Interrupted, SourceFailed):
                # A restic that is stopped while it takes its lock may leave it behind.
                with contextlib.suppress(PraError):
                    unlock(self._site, repository, self._app.state, processes.run_id)
                raise
            except RepositoryAbsent as error:
                raise vanished(repository, error) from error
        return self._made(service, processes.run_id, made, time.monotonic() - began)

    def _made(self, service: Service, run: str, made: Point, seconds: float) -> Result:
        """Return what was made; one that is suspected could be used, were it not."""
        whole = made.outcome is not Outcome.PARTIAL
        summaries, opinion = [t.summary for t in made.taken], made.opinion
        return Result(
            finished=BackupFinished(
                run=run,
                site=self._site.id,
                service=service.id,
                outcome=made.outcome,
                repository=service.backup_to or "",
                snapshots=tuple(
                    BackedUp(source=s.source, id=s.id, tree=s.tree, data_time=s.data_time)
                    for s in made.sealed
                ),
                usable_at=self._app.clock() if whole else None,
                files_new=sum(s.files_new for s in summaries),
                files_changed=sum(s.files_changed for s in summaries),
                data_added_bytes=sum(s.data_added_bytes for s in summaries),
                seconds=seconds,
                skipped=_skipped(made.taken),
                error=None if whole else "some files could not be read",
                signs=opinion.signs,
                suspect=opinion.suspect,
                decoys=dict(opinion.decoys),
            ),
            read_bytes=sum(s.total_bytes for s in summaries),
            remedy="" if whole else "Let pra read them, exclude them, or tolerate them by name.",
        )

    def _failed(self, service: Service, run: str, error: PraError, seconds: float) -> Result:
        return Result(
            finished=BackupFinished(
                run=run,
                site=self._site.id,
                service=service.id,
                outcome=Outcome.FAILED,
                repository=service.backup_to or "",
                snapshots=(),
                usable_at=None,
                files_new=0,
                files_changed=0,
                data_added_bytes=0,
                seconds=seconds,
                skipped=(),
                error=str(error),
            ),
            remedy=error.hint,
        )


def _seeds(site: Site, state: State) -> frozenset[str]:
    """Return the services whose first backup shares the line with those of others."""
    homes = Counter(service.backup_to for service in site.services.values())
    return frozenset(
        name
        for name, service in site.services.items()
        if homes[service.backup_to] > 1 and state.service(site.id, name).complete is None
    )


def _skipped(taken: Sequence[Taken]) -> tuple[str, ...]:
    found = [f"{u.path}: {u.why}" for t in taken for u in t.summary.skipped]
    if len(found) > KEPT_SKIPPED:
        found[KEPT_SKIPPED:] = [f"and {len(found) - KEPT_SKIPPED} more"]
    return tuple(found)

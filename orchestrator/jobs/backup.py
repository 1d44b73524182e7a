"""`pra backup`: each service a run of its own; intent, work, outcome on the log, last."""

from __future__ import annotations

import contextlib
import difflib
import threading
import time
from concurrent.futures import ThreadPoolExecutor, wait
from functools import cached_property
from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.adapters.leases import lease
from orchestrator.adapters.secrets import SecretFiles
from orchestrator.core.events import (
    BackedUp,
    BackupFinished,
    Outcome,
    RunFailed,
    RunInterrupted,
    RunKind,
    RunStarted,
)
from orchestrator.errors import Interrupted, Misused, PraError, RepositoryAbsent, SourceFailed
from orchestrator.jobs import point
from orchestrator.jobs.opening import opened
from orchestrator.jobs.sweep import unlock
from orchestrator.log import RunLock, boot_id, new_run_id
from orchestrator.reports.backup import Result
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.adapters.restic import Restic
    from orchestrator.app import App
    from orchestrator.core.policy.model import Service, Site
    from orchestrator.jobs.point import Taken, Watch

LANES = 2  # services at once: they wait for different things, but share the site's disks
KEPT_SKIPPED = 200
STOPPED = "stopped by hand"


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


def back_up(app: App, site: Site, services: Sequence[Service], watch: Watch) -> list[Result]:
    """Back services up, two at a time; one that fails does not stop the others.

    Must be called in the main thread: Ctrl-C is awaited here. Raises Interrupted when every run
    has ended and said so on the log, StateUnusable.
    """
    backup = Backup(app, site, watch)
    with ThreadPoolExecutor(LANES, "backup") as pool:
        futures = [pool.submit(backup.one, service) for service in services]
        try:
            wait(futures)
        except KeyboardInterrupt:
            backup.stop()
            wait(futures)
            raise Interrupted(f"{site.id}: the backup was interrupted") from None
    return [future.result() for future in futures]


class Backup:
    """The backups of one site, one run for each service."""

    def __init__(self, app: App, site: Site, watch: Watch) -> None:
        self._app = app
        self._log = app.log  # opened here, once, and the state folder with it
        self._site = site
        self._watch = watch
        self._stopped = False
        self._running: list[Processes] = []
        self._lock = threading.Lock()

    def stop(self) -> None:
        """Begin no run; have those under way end."""
        with self._lock:
            self._stopped = True
            for processes in self._running:
                processes.cancel(STOPPED)

    def one(self, service: Service) -> Result:
        """Back one service up; that it failed is a result. Raises Interrupted, StateUnusable."""
        repository = service.backup_to or ""
        run = new_run_id(self._app.clock())
        processes = Processes(run)
        with self._lock:
            if self._stopped:
                raise Interrupted(f"{self._site.id}/{service.id}: not started, {STOPPED}")
            self._running.append(processes)
        began = time.monotonic()
        with RunLock(self._app.state, run):
            started = self._log.append(
                RunStarted(
                    run=run,
                    kind=RunKind.BACKUP,
                    site=self._site.id,
                    service=service.id,
                    repository=repository,
                    boot_id=boot_id(),
                )
            )
            try:
                result = self._work(service, repository, processes, began)
            except Interrupted:
                self._log.append(
                    RunInterrupted(
                        run=run,
                        kind=RunKind.BACKUP,
                        site=self._site.id,
                        service=service.id,
                        swept=0,
                        note=STOPPED,
                    ),
                    cause=started.id,
                )
                raise
            except PraError as error:
                self._log.append(
                    RunFailed(
                        run=run,
                        kind=RunKind.BACKUP,
                        site=self._site.id,
                        service=service.id,
                        error=str(error),
                        remedy=error.hint,
                        retryable=error.retryable,
                    ),
                    cause=started.id,
                )
                return self._failed(service, run, error, time.monotonic() - began)
            self._log.append(result.finished, cause=started.id)
        return result

    def _work(
        self, service: Service, repository: str, processes: Processes, began: float
    ) -> Result:
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
                watch=self._watch,
            )
            tasks = point.judged(work)
            if repository not in self._held and self._made(restic, url):
                self._watch.said(service.id, f"new repository made at {url}")
            try:
                with lease(self._app.state, url, exclusive=False):
                    made = point.make(work, tasks)
            except (Interrupted, SourceFailed):
                # A restic that is stopped while it takes its lock may leave it behind.
                with contextlib.suppress(PraError):
                    unlock(self._site, repository, self._app.state, processes.run_id)
                raise
            except RepositoryAbsent as error:
                raise RepositoryAbsent(
                    f"{repository}: the repository has vanished: {error}",
                    hint="It held our snapshots: find out who removed it, and recover it. If it "
                    "was moved on purpose, give the new place another name in the policy.",
                ) from error
        complete = made.outcome is Outcome.COMPLETE
        summaries = [t.summary for t in made.taken]
        return Result(
            finished=BackupFinished(
                run=processes.run_id,
                site=self._site.id,
                service=service.id,
                outcome=made.outcome,
                repository=repository,
                snapshots=tuple(
                    BackedUp(source=s.source, id=s.id, tree=s.tree, data_time=s.data_time)
                    for s in made.sealed
                ),
                usable_at=self._app.clock() if complete else None,
                files_new=sum(s.files_new for s in summaries),
                files_changed=sum(s.files_changed for s in summaries),
                data_added_bytes=sum(s.data_added_bytes for s in summaries),
                seconds=time.monotonic() - began,
                skipped=_skipped(made.taken),
                error=None if complete else "some files could not be read",
            ),
            read_bytes=sum(s.total_bytes for s in summaries),
            remedy="" if complete else "Let pra read them, exclude them, or tolerate them by name.",
        )

    @cached_property
    def _held(self) -> frozenset[str]:
        """The repositories that have held snapshots of ours, as the log knows."""
        events = (recorded.event for recorded in self._log.read(site=self._site.id))
        return frozenset(e.repository for e in events if isinstance(e, BackupFinished))

    def _made(self, restic: Restic, url: str) -> bool:
        """Make the repository where there is none yet; true when this made it."""
        state = self._app.state
        try:
            with lease(state, url, exclusive=False):
                restic.snapshots()
        except RepositoryAbsent:
            with lease(state, url, exclusive=True):
                try:  # another run may have made it meanwhile
                    restic.snapshots()
                except RepositoryAbsent:
                    restic.initialise()
                    return True
        return False

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


def _skipped(taken: Sequence[Taken]) -> tuple[str, ...]:
    found = [f"{u.path}: {u.why}" for t in taken for u in t.summary.skipped]
    if len(found) > KEPT_SKIPPED:
        found[KEPT_SKIPPED:] = [f"and {len(found) - KEPT_SKIPPED} more"]
    return tuple(found)

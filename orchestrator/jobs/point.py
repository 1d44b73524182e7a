"""One recovery point: a snapshot of each source, then the seal over them, last."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from orchestrator import __version__
from orchestrator.adapters.secrets import resolve
from orchestrator.adapters.sources import files, postgresql
from orchestrator.core.events import Outcome
from orchestrator.core.policy.model import Adopted, External, Files, Postgresql
from orchestrator.core.suspicion import Opinion
from orchestrator.errors import Interrupted, ResticChanged, SourceFailed
from restore_drills import seal

if TYPE_CHECKING:
    from orchestrator.adapters.restic import Progress, Restic, Summary
    from orchestrator.adapters.secrets import SecretFiles
    from orchestrator.core.policy.model import Service, Source
    from orchestrator.jobs.judging import Judge
    from restore_drills.process import Processes

T = TypeVar("T")
SAY_S = 2.0


class Watch(Protocol):
    """Whoever looks on; called from several threads, and must return quickly."""

    def said(self, service: str, line: str) -> None:
        """Take a line about the work."""

    def moved(self, service: str, source: str, progress: Progress) -> None:
        """Take how far a source is."""

    def taken(self, service: str, source: str, summary: Summary) -> None:
        """Take that a source's snapshot is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the making of one recovery point stands on.

    `seed`: it is the service's first, and other services share the line with it. `judge` says
    whether it is ordinary work.
    """

    site: str
    service: Service
    run: str
    restic: Restic
    secrets: SecretFiles
    processes: Processes
    watch: Watch
    seed: bool = False
    judge: Judge | None = None

    def tags(self, source: str) -> list[str]:
        """Return the tags of a snapshot of this run."""
        return [f"service={self.service.id}", f"run={self.run}", f"source={source}"]

    def where(self, source: str) -> str:
        """Name a source in an error."""
        return f"{self.site}/{self.service.id}/{source}"

    def progress(self, source: str) -> Callable[[Progress], None]:
        """Return who is told how far a source is."""
        return lambda progress: self.watch.moved(self.service.id, source, progress)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A snapshot of one source; `detail` says what made it."""

    source: str
    summary: Summary
    outcome: Outcome = Outcome.COMPLETE
    detail: str = ""


Task = Callable[[], Taken]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What was made and sealed."""

    taken: tuple[Taken, ...]
    sealed: tuple[seal.Sealed, ...]
    outcome: Outcome
    opinion: Opinion


def judged(work: Work) -> list[Task]:
    """Look at every source before one is read; return what is then to do.

    A missing folder is told at once, not after hours. Raises SourceFailed, SecretMissing.
    """
    return [task for source in work.service.sources for task in _tasks(work, source)]


def make(work: Work, tasks: list[Task]) -> Point:
    """Make a recovery point of a service. Without an error, and only then, it is sealed.

    Raises SourceFailed, Interrupted, and what the repository has to say.
    """
    with ThreadPoolExecutor(len(tasks), "source") as pool:
        futures = [pool.submit(task) for task in tasks]
        done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        if any(future.exception() for future in done):
            wait(futures, timeout=SAY_S)  # what failed for the same reason may say it better
            work.processes.cancel("another source of the service failed")
    taken = _all(futures)
    partial = any(t.outcome is Outcome.PARTIAL for t in taken)
    opinion = Opinion()
    if work.judge is not None:
        opinion = work.judge.opinion(work.run, [(t.source, t.summary) for t in taken])
    outcome = opinion.outcome(Outcome.PARTIAL if partial else Outcome.COMPLETE)
    sealed = _seal(work, taken, outcome, opinion)
    if work.judge is not None and not partial:
        work.judge.remember(opinion)
    return Point(taken=taken, sealed=sealed, outcome=outcome, opinion=opinion)


def _tasks(work: Work, source: Source) -> list[Task]:
    match source.spec:
        case Files() as spec:
            paths = [str(p) for p in files.judge(spec, where=work.where(source.name))]
            return [lambda: _files(work, source.name, spec, paths)]
        case Postgresql() as spec:
            database = _database(work, source.name, spec)
            return [
                lambda: _stream(work, source.name, f"{source.name}.dump", database.dump),
                lambda: _stream(
                    work, f"{source.name}.roles", f"{source.name}.roles.sql", database.roles
                ),
            ]
        case Adopted() | External():
            return []  # somebody else's work


def _files(work: Work, source: str, spec: Files, paths: list[str]) -> Taken:
    summary = work.restic.backup(
        paths,
        host=work.site,
        tags=work.tags(source),
        exclude=spec.exclude,
        exclude_caches=spec.exclude_caches,
        one_file_system=spec.one_file_system,
        seed=work.seed,
        on_progress=work.progress(source),
    )
    if summary.total_files == 0:
        raise SourceFailed(
            f"{work.where(source)}: not one file of {', '.join(paths)} is in the snapshot",
            hint="All is excluded, on another file system, or unreadable: look at the source.",
        )
    accepted = summary.complete or (
        bool(summary.skipped) and files.tolerated(spec, [u.path for u in summary.skipped])
    )
    work.watch.taken(work.service.id, source, summary)
    outcome = Outcome.COMPLETE if accepted else Outcome.PARTIAL
    return Taken(source=source, summary=summary, outcome=outcome)


def _database(work: Work, source: str, spec: Postgresql) -> postgresql.Database:
    where = work.where(source)
    passwords = None
    if spec.password is not None:
        password = resolve(spec.password, processes=work.processes)
        content = postgresql.passfile(password, where=where)
        passwords = work.secrets.write(f"{source}.pgpass", content)
    return postgresql.Database(spec, where=where, processes=work.processes, passwords=passwords)


def _stream(work: Work, source: str, filename: str, write: Callable[[int], str]) -> Taken:
    details = []
    summary = work.restic.backup_stdin(
        lambda into: details.append(write(into)),
        filename=filename,
        host=work.site,
        tags=work.tags(source),
        on_progress=work.progress(source),
    )
    work.watch.taken(work.service.id, source, summary)
    outcome = Outcome.COMPLETE if summary.complete else Outcome.PARTIAL
    return Taken(source=source, summary=summary, outcome=outcome, detail=" ".join(details))


def _seal(
    work: Work, taken: tuple[Taken, ...], outcome: Outcome, opinion: Opinion
) -> tuple[seal.Sealed, ...]:
    """Sign what the repository says that it holds; the seal's own restic starts meanwhile.

    Its tags tell whoever has the repository alone since which run the service is suspected, or in
    doubt.
    """
    tags = [*work.tags(seal.SOURCE), f"outcome={outcome}"]
    tags += [f"suspect={opinion.suspect}"] if opinion.suspect else []
    tags += [f"unusual={opinion.unusual}"] if opinion.unusual else []
    with ThreadPoolExecutor(1, "listing") as pool:
        listing = pool.submit(_listed, work, taken)

        def produce(into: int) -> None:
            # The first byte starts restic, whose key derivation then runs beside the listing's.
            os.write(into, b"{")
            manifest = seal.Manifest(
                site=work.site,
                service=work.service.id,
                run=work.run,
                outcome=outcome,
                snapshots=listing.result(),
                pra=__version__,
            )
            rest = memoryview(seal.write(manifest, work.restic.seal_key()).removeprefix(b"{"))
            while rest:
                rest = rest[os.write(into, rest) :]

        work.restic.backup_stdin(
            produce,
            filename=seal.FILENAME,
            host=work.site,
            tags=tags,
        )
        return listing.result()


def _listed(work: Work, taken: tuple[Taken, ...]) -> tuple[seal.Sealed, ...]:
    found = {s.id: s for s in work.restic.snapshots([t.summary.snapshot for t in taken])}
    lacking = [t.summary.snapshot for t in taken if t.summary.snapshot not in found]
    if lacking:
        raise ResticChanged(
            f"{work.site}/{work.service.id}: the repository does not list {', '.join(lacking)},"
            " which restic has just made",
            hint="Look whether somebody else removes snapshots from the repository.",
        )
    return tuple(
        seal.Sealed(
            source=t.source,
            id=t.summary.snapshot,
            tree=found[t.summary.snapshot].tree,
            data_time=found[t.summary.snapshot].time,
            outcome=t.outcome,
            detail=t.detail,
        )
        for t in taken
    )


def _all(futures: list[Future[T]]) -> tuple[T, ...]:
    """Return every result, or raise the fault that the others only followed."""
    faults = [fault for future in futures if (fault := future.exception()) is not None]
    for fault in sorted(faults, key=lambda f: isinstance(f, Interrupted)):
        raise fault
    return tuple(future.result() for future in futures)

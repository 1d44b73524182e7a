"""A wiped bucket, brought back to what it held at an instant, and read again."""

from __future__ import annotations

import shutil
import threading
import time
from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from orchestrator.adapters import s3
from orchestrator.adapters.leases import lease
from orchestrator.adapters.restic.checking import check
from orchestrator.adapters.s3 import rewind as bucket
from orchestrator.adapters.secrets import SecretFiles, resolve
from orchestrator.core import plan as plans
from orchestrator.core.events import Hurt, RewindFinished
from orchestrator.core.policy.model import S3Access, Secret
from orchestrator.core.rewinding.values import Rewinding
from orchestrator.errors import Misused, RepositoryAbsent, RepositoryDamaged, RepositoryRefused
from orchestrator.jobs.opening import drill_cache, opened
from restore_drills import points
from restore_drills.model import Scenario
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from orchestrator.adapters.restic import Restic
    from orchestrator.app import App
    from orchestrator.core.policy.model import Repository, Site
    from orchestrator.core.rewinding.values import Rewound
    from orchestrator.jobs.begun import Begun
    from orchestrator.jobs.upkeep import Watch
    from restore_drills.model import Snapshot

Keys = tuple[bytes, bytes]
PATIENCE = timedelta(seconds=30)
SAMPLE = 1 << 30  # bytes of data read again at the end: a person waits, `pra verify` reads the rest
MOST_PARTS = 256  # restic divides by the first byte of a pack's name
NAMED = 3
SAID_EVERY_S = 10.0
REPAIR = "Repair it from another copy: `pra repo repair`."
LOST = (RepositoryDamaged, RepositoryAbsent, RepositoryRefused)


def rewind(  # noqa: PLR0913, PLR0917 - what every upkeep is called with
    app: App,
    site: Site,
    repository: str,
    at: datetime,
    begun: Begun,
    watch: Watch,
    *,
    keys: Keys | None = None,
    read: bool = False,
) -> Rewinding:
    """Bring a repository back to `at`, check it, and write what it has again.

    `keys` are used instead of the policy's, for the bucket and by restic. `read`: all of the data
    is read and hashed on the way. Raises PraError.
    """
    with begun:
        began = time.monotonic()
        spec = site.repositories[repository]
        with lease(app.state, spec.url, exclusive=True, wait=PATIENCE):
            said = _Said(watch, repository)
            done = bucket.rewind(
                _bucket(spec, begun.processes, keys), at, read=read, tell=said.moved
            )
            if done.is_nothing:
                raise nothing(repository, spec, at, site.timezone)
            watch.said(repository, f"{done.total('restored')} objects brought back; checking")
            with SecretFiles(begun.run) as secrets:
                ours = _with_keys(site, repository, keys, secrets)
                fault, remedy, found = _read_again(
                    app, ours, repository, begun, secrets, done.total("held")
                )
        event = RewindFinished(
            run=begun.run,
            site=site.id,
            repository=repository,
            at=at.astimezone(UTC),
            restored=done.total("restored"),
            set_aside=done.total("aside"),
            lost=done.total("lost"),
            sound=not fault,
            points=found,
            seconds=round(time.monotonic() - began, 3),
        )
        begun.end(event)
    return Rewinding(event=event, bucket=done, fault=fault, remedy=remedy)


def foreseen(
    site: Site, repository: str, at: datetime, run: str, keys: Keys | None = None
) -> Rewound:
    """Return what a rewind would do, from the bucket's listing alone. Raises PraError."""
    spec = site.repositories[repository]
    return bucket.rewind(_bucket(spec, Processes(run), keys), at, dry_run=True)


def chosen(site: Site, name: str | None) -> str:
    """Return the repository to rewind: the one named, or the only one in a bucket.

    Raises Misused.
    """
    known = [r.id for r in site.repositories.values() if _is_bucket(r)]
    if name is not None and name not in site.repositories:
        raise Misused(
            f"{site.id}: no repository named {name} (known: {', '.join(site.repositories)})",
            hint="Name the repository as the policy does.",
        )
    if name is not None and name not in known:
        raise Misused(
            f"{site.id}: {name} is in no bucket: there are no versions to go back to",
            hint="Recover from another repository.",
        )
    if name is None and len(known) != 1:
        raise Misused(
            f"{site.id}: {len(known) or 'no'} repositories are in a bucket"
            + (f": {', '.join(known)}" if known else ""),
            hint="Name the one to rewind with --repository." if known else "Nothing can be done.",
        )
    return name or known[0]


def nothing(repository: str, spec: Repository, at: datetime, zone: str) -> RepositoryAbsent:
    """Return what there is to say of an instant at which there was nothing."""
    return RepositoryAbsent(
        f"{repository}: {spec.url} held no object of a repository at"
        f" {at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S} ({zone})",
        hint="Give a later --at; `--dry-run` shows when objects were deleted.",
    )


def _is_bucket(repository: Repository) -> bool:
    return repository.s3 is not None and s3.address(repository.url) is not None


def _bucket(repository: Repository, processes: Processes, keys: Keys | None) -> s3.Bucket:
    if repository.s3 is None:
        raise ValueError(repository.id)  # `chosen` lets only buckets through
    access, secret = keys or (
        resolve(repository.s3.access_key, processes=processes).strip(),
        resolve(repository.s3.secret_key, processes=processes).strip(),
    )
    return s3.Bucket(repository, (access, secret), processes)


def _with_keys(site: Site, repository: str, keys: Keys | None, secrets: SecretFiles) -> Site:
    """Return the site as it is with other keys for one repository, each a file of the run."""
    if keys is None:
        return site
    spec = site.repositories[repository]
    files = [
        Secret(kind="file", value=(str(secrets.write(f"{repository}.{name}", key)),))
        for name, key in zip(("access", "secret"), keys, strict=True)
    ]
    region = spec.s3.region if spec.s3 else None
    access = S3Access(access_key=files[0], secret_key=files[1], region=region)
    return replace(site, repositories={**site.repositories, repository: replace(spec, s3=access)})


def _read_again(  # noqa: PLR0913, PLR0917 - what a repository is opened with
    app: App, site: Site, repository: str, begun: Begun, secrets: SecretFiles, held: int
) -> tuple[str, str, tuple[Hurt, ...]]:
    """Open the repository as anybody would; return why it is not sound, and its points."""
    found: tuple[Hurt, ...] = ()
    try:
        with opened(
            site=site,
            repository=repository,
            state=app.state,
            processes=begun.processes,
            secrets=secrets,
        ) as restic:
            found = usable(site, restic.snapshots(), app.clock())
            restic.unlock()
            fault = _check(restic, held, drill_cache(app.state, begun.run))
    except LOST as error:
        return str(error), error.hint, found
    return fault, REPAIR if fault else "", found


def usable(site: Site, snapshots: tuple[Snapshot, ...], now: datetime) -> tuple[Hurt, ...]:
    """Return the usable recovery points of a listing, service by service."""
    request = plans.Request(
        run="", services=(), scenario=Scenario.SERVER_FAILURE, place="", t0=None, repository=None
    )
    nobody: Callable[[str], dict[str, float]] = lambda _service: {}  # noqa: E731 - a stand-in
    memory = plans.Memory(pinned=lambda _service: {}, last_values=nobody)
    return tuple(
        Hurt(service=service.id, run=point.run, data_time=point.data_time)
        for service in plans.build(site, request, memory, now).services
        for point in points.find(snapshots, service).usable
    )


def _check(restic: Restic, held: int, cache: Path) -> str:
    """Check the structure and read some of the data; return what is damaged. Raises PraError."""
    parts = min(-(-held // SAMPLE) or 1, MOST_PARTS)
    try:
        faults = check(restic, 1, parts, cache=cache).faults
    finally:
        shutil.rmtree(cache, ignore_errors=True)
    said = [f"{f.kind} {f.id[:8]}: {f.words}" if f.id else f.words for f in faults[:NAMED]]
    more = [f"and {len(faults) - NAMED} more"] if len(faults) > NAMED else []
    return "; ".join(said + more)


class _Said:
    """Tells the watch how far a rewind is, now and then."""

    def __init__(self, watch: Watch, repository: str) -> None:
        self._watch = watch
        self._repository = repository
        self._next = time.monotonic() + SAID_EVERY_S
        self._lock = threading.Lock()

    def moved(self, moved: bucket.Moved) -> None:
        with self._lock:
            if time.monotonic() < self._next:
                return
            self._next = time.monotonic() + SAID_EVERY_S
        line = (
            f"{moved.done} versions listed"
            if moved.of is None
            else f"{moved.done} of {moved.of} objects settled"
        )
        self._watch.said(self._repository, line)

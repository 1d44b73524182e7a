"""A relock: every live object of an immutable repository keeps at least half of its period."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from orchestrator.adapters.s3 import Bucket, address
from orchestrator.adapters.s3 import relocking as s3
from orchestrator.adapters.secrets import resolve
from orchestrator.core.events import RelockFinished
from orchestrator.errors import Misused

if TYPE_CHECKING:
    from orchestrator.app import App
    from orchestrator.core.policy.model import Immutable, Repository, Site
    from orchestrator.jobs.begun import Begun
    from orchestrator.jobs.upkeep import Watch
    from restore_drills.process import Processes

SAID_EVERY_S = 15.0


def relock(app: App, site: Site, repository: str, begun: Begun, watch: Watch) -> RelockFinished:
    """Carry the run out and write its end. Raises PraError, StateUnusable."""
    del app
    with begun:
        began = time.monotonic()
        found = look(site, repository, begun.processes, watch)
        ended = RelockFinished(
            run=begun.run,
            site=site.id,
            repository=repository,
            objects=found.objects,
            extended=found.extended,
            bare=found.bare,
            least_until=found.least_until,
            least_key=found.least_key,
            problems=found.problems,
            seconds=round(time.monotonic() - began, 3),
        )
        begun.end(ended)
    return ended


def look(
    site: Site, repository: str, processes: Processes, watch: Watch, *, dry_run: bool = False
) -> s3.Relocked:
    """Look at every live object; extend what is due, or with `dry_run` only count it.

    Raises PraError.
    """
    spec = site.repositories[repository]
    immutable = promised(site, spec)
    word = "to extend" if dry_run else "extended"

    said = time.monotonic()

    def moved(objects: int, extended: int) -> None:
        nonlocal said
        if (now := time.monotonic()) - said < SAID_EVERY_S:
            return
        said = now
        watch.said(repository, f"{objects} objects looked at, {extended} {word}")

    bucket = of(spec, processes)
    return s3.relock(bucket, immutable, dry_run=dry_run, moved=moved)


def of(repository: Repository, processes: Processes) -> Bucket:
    """Return the bucket of a repository that is in one. Raises SecretMissing, Misused."""
    if repository.s3 is None or address(repository.url) is None:
        raise Misused(
            f"{repository.id}: it is in no bucket, and has no Object Lock",
            hint="Name a repository whose url begins with s3:.",
        )
    keys = (repository.s3.access_key, repository.s3.secret_key)
    access, secret = (resolve(key, processes=processes).strip() for key in keys)
    return Bucket(repository, (access, secret), processes)


def promised(site: Site, repository: Repository) -> Immutable:
    """Return what the policy promises of a repository's lock. Raises Misused where nothing."""
    if repository.immutable is None:
        raise Misused(
            f"{site.id}/{repository.id}: the policy does not call it immutable",
            hint="Write `immutable: {mode: compliance, for: 30d}` in it, or name another.",
        )
    return repository.immutable

"""Repositories: whether they answer, open, hold what they should, and whose locks are in them."""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.core.diagnosis import Fine
from orchestrator.errors import PraError, RepositoryAbsent, ResticMissing, SecretMissing
from orchestrator.jobs.checkup.ground import BOTH, PATIENCE, error, note, warning
from orchestrator.jobs.opening import opened
from orchestrator.reports.words import ago, duration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from orchestrator.adapters.restic import Lock, Restic
    from orchestrator.core.diagnosis import Finding
    from orchestrator.core.policy.model import Repository, Site
    from orchestrator.jobs.checkup.ground import Check, Ground, Said
    from restore_drills.model import Snapshot

WITHIN_S = 60.0  # a repository that moves, and never arrives
STALE = timedelta(minutes=30)  # restic renews the lock of a living process every five minutes
SKEW_NOTED, SKEW_REFUSED = timedelta(minutes=1), timedelta(minutes=15)


def each(ground: Ground) -> Iterator[tuple[str, Check]]:
    """Yield a check for every repository in use, by its subject."""
    for site in ground.sites:
        for repository in site.repositories.values():
            yield f"{site.id}/{repository.id}", _check(site, repository)


def mounted(ground: Ground) -> Said:
    """Repositories in a folder: the folder is there, and is still one."""
    for site in ground.sites:
        for repository in site.repositories.values():
            folder = s3.folder(repository.url)
            absent = folder is not None and not (folder / "config").exists()
            if absent and _ours(ground, site, repository):
                yield _vanished(ground, site, repository)


def _check(site: Site, repository: Repository) -> Check:
    def look(ground: Ground) -> Said:
        subject = f"{site.id}/{repository.id}"
        try:
            there = s3.probe(repository.url, deadline=PATIENCE)
            if there is not None:
                yield clock(subject, there, ground.app.clock().astimezone(UTC))
            yield from _opened(ground, site, repository, subject)
        except (SecretMissing, ResticMissing):
            return  # told by the checks of the secrets and of the tools
        except PraError as fault:
            yield error(
                fault.code,
                subject,
                str(fault).removeprefix(f"{repository.id}: "),
                fault.hint,
                stops=BOTH,
                because=f"the repository {subject} cannot be used",
            )

    return look


def clock(subject: str, there: datetime, here: datetime) -> Finding | Fine:
    """Judge this machine's clock against the storage's, which signs nothing that is too old."""
    skew = abs(here - there)
    way = "ahead of" if here > there else "behind"
    message = f"this machine's clock is {duration(skew)} {way} the storage's"
    remedy = "Let the clock follow NTP: `timedatectl set-ntp true`."
    if skew > SKEW_REFUSED:
        refused = f"{message}: S3 refuses whoever is more than 15 min off"
        because = "the clock is wrong"
        return error("clock-wrong", subject, refused, remedy, stops=BOTH, because=because)
    if skew > SKEW_NOTED:
        return warning("clock-skewed", subject, message, remedy)
    return Fine(subject=subject, message="the storage's clock agrees with this machine's")


def _opened(ground: Ground, site: Site, repository: Repository, subject: str) -> Said:
    processes = ground.apart(f"{site.id}-{repository.id}")
    bell = threading.Timer(WITHIN_S, processes.cancel, [f"no end after {WITHIN_S:.0f} s"])
    bell.daemon = True
    bell.start()
    with ExitStack() as stack:
        stack.callback(bell.cancel)
        restic = stack.enter_context(
            opened(
                site=site,
                repository=repository.id,
                state=ground.app.state,
                processes=processes,
                patience=PATIENCE,
            )
        )
        try:
            listed = restic.snapshots()
        except RepositoryAbsent as fault:
            yield _absent(ground, site, repository, restic, subject, fault)
            return
        ground.listed[site.id, repository.id] = listed
        yield _held(ground, site, repository, subject, listed)
        yield from _locks(subject, restic.locks(), ground.app.clock())


def _absent(  # noqa: PLR0913, PLR0917 - what an absent repository is judged by
    ground: Ground,
    site: Site,
    repository: Repository,
    restic: Restic,
    subject: str,
    fault: RepositoryAbsent,
) -> Finding:
    if _ours(ground, site, repository):
        return _vanished(ground, site, repository)
    if restic.is_vacant():
        return note("repository-new", subject, "there is none yet: the first backup will make it")
    raise fault


def _vanished(ground: Ground, site: Site, repository: Repository) -> Finding:
    subject = f"{site.id}/{repository.id}"
    held = ", ".join(_ours(ground, site, repository))
    return error(
        "repository-vanished",
        subject,
        f"the repository has vanished: it held the backups of {held}",
        "Mount its disk, or find out who removed it and recover it; one that was moved gets "
        "another name in the policy.",
        stops=BOTH,
        because=f"the repository {subject} has vanished",
    )


def _ours(ground: Ground, site: Site, repository: Repository) -> list[str]:
    """Return the services whose last usable point is in this repository, as the log knows."""
    known = ground.state.sites.get(site.id)
    return [
        name
        for name, service in (known.services.items() if known else ())
        if service.complete is not None and service.complete.repository == repository.id
    ]


def _held(
    ground: Ground, site: Site, repository: Repository, subject: str, listed: tuple[Snapshot, ...]
) -> Finding | Fine:
    ids = {snapshot.id for snapshot in listed}
    known = ground.state.sites.get(site.id)
    lacking = [
        name
        for name in _ours(ground, site, repository)
        if known
        and (last := known.services[name].complete)
        and not {snapshot.id for snapshot in last.snapshots} <= ids
    ]
    if lacking:
        return error(
            "point-vanished",
            subject,
            f"it no longer holds the last recovery point of {', '.join(lacking)}",
            f"Find out who removed it, then run `pra backup {site.id}`.",
        )
    if not listed:
        return note("repository-empty", subject, "it opens, and holds no snapshot yet")
    age = ago(max(snapshot.time for snapshot in listed), ground.app.clock())
    return Fine(subject=subject, message=f"opens, {len(listed)} snapshots, the last {age}")


def _locks(subject: str, locks: tuple[Lock, ...], now: datetime) -> Said:
    here = socket.gethostname()
    for lock in locks:
        age = now - lock.time
        who = f"{lock.user} on {lock.host} (process {lock.pid})"
        if age > STALE:
            yield warning(
                "lock-stale",
                subject,
                f"a lock of {who} is {duration(age)} old: its process is gone",
                "Run `restic unlock` on it; the next backup of that machine also removes it.",
            )
        elif lock.exclusive or lock.host != here:
            how = "alone" if lock.exclusive else "too"
            yield note("lock-foreign", subject, f"{who} works in it {how}, right now")

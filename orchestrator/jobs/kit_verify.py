"""Opens a kit as one of its holders would, and every repository that it names with its keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from orchestrator.adapters import envelope, s3
from orchestrator.adapters.restic import keys
from orchestrator.adapters.secrets import SecretFiles, resolve
from orchestrator.core.events import KitVerified
from orchestrator.core.kit import contents
from orchestrator.core.policy.model import Limits, Location, Repository, S3Access, Secret
from orchestrator.errors import (
    Interrupted,
    KitDamaged,
    PraError,
    RepositoryAbsent,
    RepositoryDamaged,
    RepositoryRefused,
    SecretMissing,
)
from orchestrator.jobs.kit_objects import objects
from orchestrator.jobs.kit_today import material_of
from orchestrator.jobs.opening import opened
from orchestrator.log import new_run_id
from orchestrator.reports.kit import Outcome, Row, Verified
from orchestrator.reports.kit_blocks import opens
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from orchestrator.app import App
    from orchestrator.core.policy.model import Site

NO = (RepositoryAbsent, RepositoryRefused, RepositoryDamaged)


def verify(  # noqa: PLR0913 - what a caller may choose
    app: App,
    path: Path,
    secret: envelope.Secret,
    holder: str | None,
    *,
    by: str,
    tell: Callable[[str], None],
) -> Verified:
    """Verify a kit; on the log where all that it names opened and nothing is stale.

    Raises KitRefused (wrong secret, unknown holder), KitDamaged, Misused.
    """
    parts = envelope.load(path)
    found = envelope.unsealed(parts, secret, holder, what=str(path))
    kit = contents.read(found.parts)
    altered = envelope.altered(path, parts)
    if altered:
        raise KitDamaged(
            f"{path}: the envelope of {found.holder} opens, but {altered} in it is not as it was"
            " written",
            hint="Replace this copy by another holder's, or export the kit again.",
        )
    site = app.checked.sites.get(kit.site)
    processes = Processes(new_run_id(app.clock()))
    rows = []
    with SecretFiles(processes.run_id) as files:
        for one in kit.repositories:
            tell(f"{one.id}: opening it with the kit's keys")
            today = site.repositories.get(one.id) if site else None
            rows.append(_row(app, kit, one, today, processes, files))
    stale = _stale(app, kit, site, processes)
    verified = Verified(
        kit=kit,
        holder=found.holder,
        rows=tuple(rows),
        stale=stale,
        is_known=site is not None,
        waiting=_waiting(app, kit, found.holder),
    )
    if verified.is_good and site is not None:
        app.log.append(KitVerified(site=kit.site, kit=kit.kit, holder=found.holder, by=by))
    return verified


def spec(one: contents.KitRepository, files: SecretFiles, password: str) -> Repository:
    """Return a repository as a policy would have it, its secrets in files of this run."""

    def kept(name: str, text: str) -> Secret:
        written = files.write(f"{one.id}.{name}", f"{text}\n".encode())
        return Secret(kind="file", value=(str(written),))

    return Repository(
        id=one.id,
        url=one.url,
        password=kept("kit", password),
        s3=S3Access(
            access_key=kept("access", one.s3.access_key),
            secret_key=kept("secret", one.s3.secret_key),
            region=one.region,
        )
        if one.s3
        else None,
        location=Location(one.location),
        equipment=one.equipment,
        country=one.country,
        limits=Limits(upload=None, download=None),
    )


def _row(  # noqa: PLR0913, PLR0917 - one repository of all that is asked
    app: App,
    kit: contents.Kit,
    one: contents.KitRepository,
    today: Repository | None,
    processes: Processes,
    files: SecretFiles,
) -> Row:
    row = Row(repository=one.id, location=one.location)
    ways = [("password", one.password, "")]
    ways += [("recovery key", kit.recovery, one.recovery_key)] if one.recovery_key else []
    for what, password, key in ways:
        try:
            s3.probe(one.url)
            _opens(app, one, password, processes, files, key)
        except Interrupted:
            raise
        except NO as error:
            row = replace(row, outcome=Outcome.REFUSED, what=what, error=error)
        except PraError as error:
            return replace(row, outcome=Outcome.UNREACHABLE, error=error)
        else:
            good = row.outcome if row.error is not None else Outcome.OPENS
            row = replace(row, outcome=good, recovery=row.recovery or bool(key))
    if row.error is not None:
        return row
    return replace(row, remarks=_remarks(one, today, processes))


def _opens(  # noqa: PLR0913, PLR0917 - what one opening takes
    app: App,
    one: contents.KitRepository,
    password: str,
    processes: Processes,
    files: SecretFiles,
    key: str,
) -> None:
    """Open a repository with one password. Raises as restic; RepositoryRefused for another one."""
    bare = _bare(one, spec(one, files, password))
    with opened(
        site=bare, repository=one.id, state=app.state, processes=processes, secrets=files
    ) as restic:
        if key:
            current = next((k.id for k in keys.keys(restic) if k.current), "")
            if one.restic and current != key:  # a page that was scanned names no ids
                raise RepositoryRefused(
                    f"{one.id}: the recovery key opens, but it is the key {current[:8]}, not"
                    f" {key[:8]}",
                    hint="Export the kit again.",
                )
            return
        found = keys.repository_id(restic)
        if one.restic and found != one.restic:
            raise RepositoryRefused(
                f"{one.id}: at this address is another repository ({found[:8]}, the kit has"
                f" {one.restic[:8]})",
                hint="Find out who made a new one there, then export the kit again.",
            )


def _bare(one: contents.KitRepository, repository: Repository) -> Site:
    """Return a site of nothing but this repository: what the kit alone knows."""
    from orchestrator.core.kit.bare import site  # noqa: PLC0415 - see there

    return site({one.id: repository})


def _remarks(
    one: contents.KitRepository, today: Repository | None, processes: Processes
) -> tuple[str, ...]:
    """Say what the kit lacks of the small files without which nothing opens."""
    if today is None or not one.objects:
        return () if one.objects else ("config and keys are not in the kit",)
    there = objects(today, processes)
    said = []
    if there.get("config") != one.objects.get("config"):
        said.append("its config is not the one in the kit: it was written over")
    gone = [name for name in one.objects if name.startswith("keys/") and name not in there]
    if gone:
        said.append(f"{len(gone)} of the kit's keys were revoked since")
    return tuple(said)


def _waiting(app: App, kit: contents.Kit, holder: str) -> tuple[str, ...]:
    """Return who has not opened it yet, besides this one."""
    known = app.known().sites.get(kit.site)
    last = known.kit if known else None
    done = last.verified if last is not None and last.kit == kit.kit else {}
    return tuple(name for name in kit.holders if name != holder and name not in done)


def _stale(app: App, kit: contents.Kit, site: Site | None, processes: Processes) -> tuple[str, ...]:
    """Say why the kit is not that of today; nothing where it is, or where nobody can tell."""
    if site is None:
        return ()
    said = []
    known = app.known().sites.get(kit.site)
    last = known.kit if known else None
    if last is not None and last.kit != kit.kit:
        said.append(f"there is a newer kit, {last.kit}: this is {kit.kit}")
    for name, repository in site.repositories.items():
        one = kit.repository(name)
        if one is None:
            said.append(f"{name}: it is not in the kit")
            continue
        try:
            if opens(one) != material_of(repository, processes):
                said.append(f"{name}: {difference(one, repository, processes)}")
        except SecretMissing:  # on another machine: its own secrets are not asked for
            continue
    said += [
        f"{one.id}: today's policy does not have it"
        for one in kit.repositories
        if one.id not in site.repositories
    ]
    return tuple(said)


def difference(one: contents.KitRepository, repository: Repository, processes: Processes) -> str:
    """Say what of a repository is another than in the kit, and no secret."""
    changed = []
    if one.url.rstrip("/") != repository.url.rstrip("/"):
        changed.append("address")
    if one.password.encode() != resolve(repository.password, processes=processes).strip():
        changed.append("password")
    pairs: Mapping[str, tuple[str, Secret]] = (
        {
            "access key": (one.s3.access_key, repository.s3.access_key),
            "secret key": (one.s3.secret_key, repository.s3.secret_key),
        }
        if one.s3 and repository.s3
        else {}
    )
    changed += [
        name
        for name, (mine, theirs) in pairs.items()
        if mine.encode() != resolve(theirs, processes=processes).strip()
    ]
    what = " and ".join(changed) or "region or keys"
    return f"its {what} {'are' if ' and ' in what else 'is'} another today"

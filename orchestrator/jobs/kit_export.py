"""Makes a recovery kit: asks every repository, adds the kit's own key, seals an envelope each."""

from __future__ import annotations

import contextlib
import secrets as chance
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from orchestrator import __version__
from orchestrator.adapters import envelope, s3
from orchestrator.adapters.leases import lease
from orchestrator.adapters.restic import keys
from orchestrator.adapters.secrets import SecretFiles, resolve
from orchestrator.core.events import DrillFinished, KitExported
from orchestrator.core.kit import contents, typed
from orchestrator.core.kit.fingerprint import fingerprint, key_of, with_key
from orchestrator.core.policy.model import Adopted, External, Postgresql
from orchestrator.core.recovering.order import coming_back
from orchestrator.errors import KitRefused, PraError, RepositoryUnreachable
from orchestrator.jobs.kit_objects import objects
from orchestrator.jobs.kit_times import measured
from orchestrator.jobs.opening import opened, restic_version
from orchestrator.log import new_run_id
from orchestrator.reports import kit_pdf, kit_text
from orchestrator.reports.kit_blocks import opens
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from orchestrator.adapters.restic import Restic
    from orchestrator.app import App
    from orchestrator.core.policy.model import Repository, Site

USER = "pra-kit"
MOST_KEYS = 15  # restic tries 20 at most, then nothing opens


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A kit that was written; `remarks` are what it does not have, or what should be known."""

    kit: contents.Kit
    path: Path
    remarks: tuple[str, ...]
    replaces: str  # the kit that the log knew before; empty for none
    old_keys: tuple[tuple[str, str], ...] = ()  # repository and key of that one


def export(  # noqa: PLR0913 - what a caller may choose
    app: App,
    site: Site,
    path: Path,
    holders: Mapping[str, envelope.Lock],
    *,
    by: str,
    over: bool = False,
    own_key: bool = True,
    tell: Callable[[str], None],
) -> Exported:
    """Write the kit of a site. Raises PraError; then no repository has a key more than before."""
    envelope.writable(path, over=over)
    for name, lock in holders.items():  # a public key that is none is said before any work
        if isinstance(lock, envelope.Recipient):
            envelope.seal(name.encode(), lock)
    name = new_run_id(app.clock())
    processes = Processes(name)
    known = app.known().sites.get(site.id)
    with contextlib.ExitStack() as stack, contextlib.ExitStack() as undo:
        files = stack.enter_context(SecretFiles(name))
        recovery = typed.recovery_key(chance.token_bytes(typed.CHANCE_BYTES)) if own_key else ""
        new = files.write("kit.password", f"{recovery}\n".encode()) if own_key else None
        restics, remarks = _opened(app, site, processes, files, stack)
        made = []
        for restic in restics:
            repository = restic.call.repository
            tell(f"{repository.id}: {'adding the recovery key' if new else 'reading'}")
            key = ""
            if new is not None:
                key = keys.add(restic, new, user=USER, host=name)
                undo.callback(_removed, restic, key)
            one = _repository(restic, processes, key)
            made.append(one)
            if not one.objects:
                remarks.append(
                    f"{one.id}: its back end gives `config` and `keys` to restic alone: they are"
                    " not in the kit"
                )
        made += [_unplugged(site.repositories[name], processes) for name in _absent(site, restics)]
        kit = _kit(app, site, name, tuple(holders), tuple(made), recovery, processes)
        tell(f"sealing {len(holders)} envelopes")
        envelope.write(path, sealed(kit, holders), over=over)
        app.log.append(
            KitExported(
                site=site.id, kit=name, holders=tuple(holders), keys=fingerprints(kit), by=by
            )
        )
        undo.pop_all()
    before = known.kit if known is not None else None
    old = [(one, key_of(kept)) for one, kept in before.keys.items()] if before else []
    return Exported(
        kit=kit,
        path=path,
        remarks=tuple(remarks),
        replaces=before.kit if before else "",
        old_keys=tuple((one, key) for one, key in old if key),
    )


def sealed(kit: contents.Kit, holders: Mapping[str, envelope.Lock]) -> bytes:
    """Return the file of a kit."""
    printed = {
        contents.PDF: kit_pdf.pdf(kit),
        contents.TEXT: kit_text.text(kit).encode(),
    }
    inner = envelope.packed(contents.files(kit, printed))
    notes = {
        "LISEZMOI.txt": kit_text.readme(kit, "fr").encode(),
        "README.txt": kit_text.readme(kit, "en").encode(),
    }
    return envelope.enclosed(
        notes, {name: envelope.seal(inner, lock) for name, lock in holders.items()}
    )


def fingerprints(kit: contents.Kit) -> dict[str, str]:
    """Return what the log keeps of a kit, by repository."""
    return {
        one.id: with_key(fingerprint(kit.kit, opens(one)), one.recovery_key)
        for one in kit.repositories
    }


def _opened(
    app: App,
    site: Site,
    processes: Processes,
    files: SecretFiles,
    stack: contextlib.ExitStack,
) -> tuple[list[Restic], list[str]]:
    """Open every repository before anything is changed; one that is unplugged is only remarked."""
    found, remarks = [], []
    for repository in site.repositories.values():
        try:
            s3.probe(repository.url)
            stack.enter_context(lease(app.state, repository.url, exclusive=False))
            restic = stack.enter_context(
                opened(
                    site=site,
                    repository=repository.id,
                    state=app.state,
                    processes=processes,
                    secrets=files,
                )
            )
            there = keys.keys(restic)
        except RepositoryUnreachable as error:
            if repository.rotation is None:
                raise
            remarks.append(f"{repository.id}: it is unplugged, and has no recovery key: {error}")
            continue
        if len(there) > MOST_KEYS:
            raise KitRefused(
                f"{repository.id}: it has {len(there)} keys, and restic tries 20 at most",
                hint=f"Revoke those of old kits: `pra repo revoke {site.id} {repository.id}` lists"
                " them.",
            )
        found.append(restic)
    if not found:
        raise KitRefused(f"{site.id}: no repository can be opened", hint="Plug one in, try again.")
    return found, remarks


def _absent(site: Site, restics: list[Restic]) -> list[str]:
    there = {restic.call.repository.id for restic in restics}
    return [name for name in site.repositories if name not in there]


def _removed(restic: Restic, key: str) -> None:
    with contextlib.suppress(PraError):  # what went wrong before is what is said
        keys.remove(restic, key)


def _repository(restic: Restic, processes: Processes, key: str) -> contents.KitRepository:
    repository = restic.call.repository
    return replace(
        _unplugged(repository, processes),
        restic=keys.repository_id(restic),
        recovery_key=key,
        objects=objects(repository, processes),
    )


def _unplugged(one: Repository, processes: Processes) -> contents.KitRepository:
    """Return what is known of a repository without asking it."""
    access = None
    if one.s3 is not None:
        pair = (one.s3.access_key, one.s3.secret_key)
        access = contents.Keys(
            **{
                name: _text(one.id, resolve(key, processes=processes))
                for name, key in zip(("access_key", "secret_key"), pair, strict=True)
            }
        )
    lock = f"{one.immutable.mode} {one.immutable.period.days}d" if one.immutable else ""
    return contents.KitRepository(
        id=one.id,
        url=one.url,
        location=str(one.location),
        password=_text(one.id, resolve(one.password, processes=processes)),
        restic="",
        region=one.s3.region if one.s3 else None,
        s3=access,
        equipment=one.equipment,
        country=one.country,
        lock=lock,
        append_only=one.append_only,
        offline=one.rotation is not None,
    )


def _text(repository: str, secret: bytes) -> str:
    try:
        return secret.strip().decode()
    except UnicodeDecodeError as error:
        raise KitRefused(
            f"{repository}: its password or a key is no UTF-8 text: nobody could type it",
            hint=f"Give it another: `pra repo rotate-key SITE {repository}`.",
        ) from error


def _kit(  # noqa: PLR0913, PLR0917 - what a kit is made of
    app: App,
    site: Site,
    name: str,
    holders: tuple[str, ...],
    repositories: tuple[contents.KitRepository, ...],
    recovery: str,
    processes: Processes,
) -> contents.Kit:
    provider, referent = site.provider, site.referent
    people = []
    if provider is not None and provider.contact is not None:
        who = f"{provider.name} ({provider.contact.name})"
        people.append(contents.Person(role="provider", name=who, phone=provider.contact.phone))
    if referent is not None:
        people.append(contents.Person(role="referent", name=referent.name, phone=referent.phone))
    return contents.Kit(
        kit=name,
        site=site.id,
        name=site.name,
        at=app.clock(),
        language=site.language,
        timezone=site.timezone,
        holders=holders,
        repositories=repositories,
        recovery=recovery,
        people=tuple(people),
        services=coming_back(site),
        times=measured(app, site.id),
        sources=tuple(_sources(site)),
        tools={"pra": __version__, "restic": restic_version(processes), **_majors(app, site)},
    )


def _sources(site: Site) -> list[tuple[str, str, str]]:
    found = []
    for service in site.services.values():
        for source in service.sources:
            match source.spec:
                case Postgresql():
                    found.append((service.id, source.name, contents.DATABASE))
                case Adopted():
                    found.append((service.id, source.spec.host, contents.ADOPTED))
                case External():
                    pass
                case _:
                    found.append((service.id, source.name, contents.FILES))
    return found


def _majors(app: App, site: Site) -> dict[str, str]:
    """Return the version of PostgreSQL that the last drill of a database used; it is known good."""
    if not any(kind == contents.DATABASE for _, _, kind in _sources(site)):
        return {}
    for recorded in reversed(list(app.recorded(site.id, types=(DrillFinished,)))):
        if isinstance(event := recorded.event, DrillFinished):
            said = event.document.get("tools", {}).get("postgresql")
            if said:
                return {"postgresql": str(said)}
    return {}

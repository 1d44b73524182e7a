"""Another password for a repository, and keys that open it no more."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.adapters.leases import lease
from orchestrator.adapters.restic import keys, sealing
from orchestrator.adapters.secrets import SecretFiles, resolve
from orchestrator.adapters.whole_file import replace_secret
from orchestrator.core.events import KeyRotated
from orchestrator.core.kit.fingerprint import key_of
from orchestrator.core.kit.keyed import Changed
from orchestrator.core.policy.model import Secret
from orchestrator.errors import KitRefused, Misused, PraError
from orchestrator.jobs.opening import opened
from orchestrator.log import new_run_id
from restore_drills import seal
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from orchestrator.adapters.restic import Restic
    from orchestrator.app import App
    from orchestrator.core.kit.keyed import Key
    from orchestrator.core.policy.model import Repository, Site

USER = "pra"


def rotate(  # noqa: PLR0913 - what a caller may choose
    app: App,
    site: Site,
    names: tuple[str, ...],
    password: bytes,
    *,
    by: str,
    reason: str,
    tell: Callable[[str], None],
) -> tuple[Changed, ...]:
    """Give repositories of a site another password. Raises PraError, and all opens as before.

    The new one has opened each before the old one is taken away; the keys of earlier seals are
    kept in the repository, so that its points stay checkable. A secret that is a file is written;
    another is its owner's to change, and until then the old password opens too.
    """
    repositories = [site.repositories[name] for name in names]
    _shared(app, repositories)
    processes = Processes(new_run_id(app.clock()))
    with SecretFiles(processes.run_id) as files, contextlib.ExitStack() as undo:
        file = files.write("new.password", password + b"\n")
        fresh = Secret(kind="file", value=(str(file),))
        found = []
        for repository in repositories:
            tell(f"{repository.id}: adding a key for the new password")
            found.append(_added(app, site, repository, fresh, processes, files, undo))
        for path in {one.repository.password.value[0] for one in found if one.is_ours}:
            tell(f"writing {path}")
            before = Path(path).read_bytes()
            replace_secret(path, password + b"\n")
            undo.callback(replace_secret, path, before)
        undo.pop_all()  # from here on the new password is the policy's
        changed = []
        for one in found:
            kept = "" if one.is_ours else "the policy's secret is not a file of ours to write"
            if one.is_ours:
                tell(f"{one.repository.id}: taking the old key away")
                try:
                    with _restic(
                        app, site, one.repository, processes, files, fresh, exclusive=True
                    ) as restic:
                        keys.remove(restic, one.old)
                except PraError as error:  # the new one is in force: what is left is said
                    kept = str(error)
            revoked = () if kept else (one.old,)
            changed.append(_said(app, site, one, revoked, kept=kept, by=by, reason=reason))
    return tuple(changed)


@dataclass(frozen=True, slots=True)
class _Added:
    repository: Repository
    old: str
    new: str

    @property
    def is_ours(self) -> bool:
        """Whether the policy's secret is a file, which we may write."""
        return self.repository.password.kind == "file"


def _added(  # noqa: PLR0913, PLR0917 - one repository of all
    app: App,
    site: Site,
    repository: Repository,
    fresh: Secret,
    processes: Processes,
    files: SecretFiles,
    undo: contextlib.ExitStack,
) -> _Added:
    """Add a key and see it open; where the password opens already, nothing is added."""
    with _restic(app, site, repository, processes, files) as restic:
        old = next(key.id for key in keys.keys(restic) if key.current)
        password = resolve(fresh, processes=processes).strip()
        if password == restic.call.password:
            raise Misused(
                f"{repository.id}: this is the password that it has",
                hint="Give a new one in --new-password-file. Was a rotation cut short? "
                f"`pra repo revoke {site.id} {repository.id}` lists the keys, and takes one away.",
            )
        added = keys.add(restic, Path(fresh.value[0]), user=USER, host=site.id)
        undo.callback(_removed, app, site, repository, added)
        with _restic(app, site, repository, processes, files, fresh) as other:
            current = next((key.id for key in keys.keys(other) if key.current), "")
        if current != added:
            raise KitRefused(
                f"{repository.id}: the new password opens the key {current[:8]}, not {added[:8]}",
                hint="This password was a key's already: choose one that was never used.",
            )
        restic.snapshots()
        known = restic.seal_keys()
        each = [known[at : at + seal.KEY_BYTES] for at in range(0, len(known), seal.KEY_BYTES)]
        scratch = app.state / "tmp"
        sealing.store(restic, [seal.key(password), *each], site=site.id, scratch=scratch)
    return _Added(repository, old, added)


def _removed(app: App, site: Site, repository: Repository, key: str) -> None:
    with contextlib.suppress(PraError):  # what went wrong before is what is said
        processes = Processes(new_run_id(app.clock()))
        with (
            SecretFiles(processes.run_id) as files,
            _restic(app, site, repository, processes, files) as restic,
        ):
            keys.remove(restic, key)


def revoke(  # noqa: PLR0913 - what a caller may choose
    app: App, site: Site, repository: str, wanted: tuple[str, ...], *, by: str, reason: str
) -> Changed:
    """Take keys of a repository away: ids, or what they begin with.

    Raises Misused for the key in use, the last one, or one that is not there.
    """
    processes = Processes(new_run_id(app.clock()))
    spec = site.repositories[repository]
    with (
        SecretFiles(processes.run_id) as files,
        _restic(app, site, spec, processes, files, exclusive=True) as restic,
    ):
        there = keys.keys(restic)
        chosen = [_chosen(repository, there, word) for word in wanted]
        for key in chosen:
            if key.current:
                raise Misused(
                    f"{repository}: {key.id[:8]} is the key that the policy's password opens",
                    hint=f"Give it another first: `pra repo rotate-key {site.id} {repository}"
                    " --new-password-file FILE` takes this one away.",
                )
        for key in chosen:
            keys.remove(restic, key.id)
    ids = tuple(key.id for key in chosen)
    return _said(app, site, _Added(spec, "", ""), ids, by=by, reason=reason)


def listed(app: App, site: Site, repository: str) -> tuple[Key, ...]:
    """Return the keys of a repository."""
    processes = Processes(new_run_id(app.clock()))
    spec = site.repositories[repository]
    with (
        SecretFiles(processes.run_id) as files,
        _restic(app, site, spec, processes, files) as restic,
    ):
        return keys.keys(restic)


@contextlib.contextmanager
def _restic(  # noqa: PLR0913, PLR0917 - what a repository is opened with
    app: App,
    site: Site,
    repository: Repository,
    processes: Processes,
    files: SecretFiles,
    password: Secret | None = None,
    *,
    exclusive: bool = False,
) -> Iterator[Restic]:
    s3.probe(repository.url)
    spec = repository if password is None else replace(repository, password=password)
    # The name is that of the password's file, and the old one is still in use.
    named = spec if password is None else replace(spec, id=f"{repository.id}.new")
    used = replace(site, repositories={**site.repositories, named.id: named})
    with (
        lease(app.state, repository.url, exclusive=exclusive),
        opened(
            site=used, repository=named.id, state=app.state, processes=processes, secrets=files
        ) as restic,
    ):
        yield restic


def _chosen(repository: str, there: tuple[Key, ...], word: str) -> Key:
    found = [key for key in there if word and key.id.startswith(word)]
    if len(found) == 1:
        return found[0]
    shown = "; ".join(f"{key.id[:8]} ({key})" for key in there)
    raise Misused(
        f"{repository}: {word or 'no key'} is not one of its keys: {shown}",
        hint="Name one by the first digits of its id.",
    )


def _shared(app: App, repositories: list[Repository]) -> None:
    """Raise Misused where another repository's password stands in the same file."""
    files = {one.password.value for one in repositories if one.password.kind == "file"}
    for site in app.checked.sites.values():
        for one in site.repositories.values():
            if one in repositories:
                continue
            if one.password.kind == "file" and one.password.value in files:
                raise Misused(
                    f"{site.id}/{one.id}: its password stands in the same file,"
                    f" {one.password.value[0]}",
                    hint="Name both in one command, or give each repository a file of its own.",
                )


def _said(  # noqa: PLR0913 - what is to be said
    app: App,
    site: Site,
    one: _Added,
    revoked: tuple[str, ...],
    *,
    by: str,
    reason: str,
    kept: str = "",
) -> Changed:
    """Put it on the log; say which kit it makes stale."""
    known = app.known().sites.get(site.id)
    kit = known.kit if known else None
    repository = one.repository
    held = kit.keys.get(repository.id, "") if kit else ""
    app.log.append(
        KeyRotated(
            site=site.id,
            repository=repository.id,
            added=one.new,
            revoked=revoked,
            reason=reason,
            by=by,
        )
    )
    is_stale = kit is not None and held and (one.new or key_of(held) in revoked)
    secret = repository.password
    return Changed(
        repository=repository.id,
        added=one.new,
        revoked=revoked,
        left=one.old if kept else "",
        why=kept,
        where="" if one.is_ours or not one.new else f"{{{secret.kind}: {' '.join(secret.value)}}}",
        stale=kit.kit if kit and is_stale else "",
        immutable=repository.immutable is not None,
    )

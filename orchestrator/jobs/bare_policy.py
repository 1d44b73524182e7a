"""From a kit to a site: every repository that is left is opened, the newest policy is taken."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.adapters.restic import Restic, shelf
from orchestrator.adapters.secrets import SecretFiles
from orchestrator.core import bare, carried
from orchestrator.errors import Interrupted, PraError, RepositoryAbsent, RepositoryRefused
from orchestrator.jobs.opening import restic_version
from orchestrator.jobs.restore_keys import opening_of
from restore_drills.model import Finding, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from orchestrator.core.bare import Files
    from orchestrator.core.kit.contents import Kit, KitRepository
    from orchestrator.jobs.bare_home import Home
    from restore_drills.model import Snapshot
    from restore_drills.process import Processes

LANES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """One repository, as the kit opened it: with which files, and what it lists; or why not."""

    id: str
    files: Files
    restic: Restic | None = None
    listing: tuple[Snapshot, ...] = ()
    second: bool = False  # the recovery key opened it, the password did not
    error: PraError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The newest policy that is there: its files by name, where it was, when it was put there."""

    files: Mapping[str, str]
    repository: str
    at: datetime
    digest: str


@dataclass(slots=True, kw_only=True)
class Found:
    """What the kit gave; `policy` None: none can be had, and the findings say why."""

    looked: Sequence[Looked] = ()
    policy: Policy | None = None
    findings: list[Finding] = field(default_factory=list)

    @property
    def files(self) -> dict[str, Files]:
        """By repository, the files that open it, or that should."""
        return {one.id: one.files for one in self.looked}

    @property
    def shut(self) -> frozenset[str]:
        """The repositories that did not open, where others did."""
        return frozenset(one.id for one in self.looked if one.error is not None)


def find(  # noqa: PLR0913, PLR0917 - what a search stands on
    kit: Kit,
    names: Sequence[str],
    home: Home,
    secrets: Mapping[str, tuple[Files, Files | None]],
    processes: Processes,
    now: datetime,
) -> Found:
    """Open the named repositories at once; take the newest policy of the site in any of them.

    Raises ResticMissing, Interrupted, StateUnusable.
    """
    restic_version(processes)
    with SecretFiles(processes.run_id) as own:
        held = [one for one in kit.repositories if one.id in names]
        with ThreadPoolExecutor(LANES, "kit") as pool:
            looks = [pool.submit(_look, one, home, secrets[one.id], processes, own) for one in held]
            try:
                found = Found(looked=[future.result() for future in looks])
            except KeyboardInterrupt:  # the pool waits for them
                processes.cancel("stopped by hand")
                raise
        for one, mine in zip(held, found.looked, strict=True):
            found.findings += _opening(kit, one, mine, processes)
        found.policy = _newest(kit, found, now)
    return found


def _look(
    held: KitRepository,
    home: Home,
    secrets: tuple[Files, Files | None],
    processes: Processes,
    own: SecretFiles,
) -> Looked:
    first, second = secrets
    try:
        s3.probe(held.url)
        restic, listing = _open(held, first, home, processes, own)
        return Looked(id=held.id, files=first, restic=restic, listing=listing)
    except Interrupted:
        raise
    except RepositoryRefused as error:
        if second is not None:
            try:
                restic, listing = _open(held, second, home, processes, own)
                return Looked(id=held.id, files=second, restic=restic, listing=listing, second=True)
            except RepositoryRefused:
                pass
            except PraError as other:
                return Looked(id=held.id, files=second, error=other)
        return Looked(id=held.id, files=first, error=error)
    except PraError as error:
        return Looked(id=held.id, files=first, error=error)


def _open(
    held: KitRepository, files: Files, home: Home, processes: Processes, own: SecretFiles
) -> tuple[Restic, tuple[Snapshot, ...]]:
    restic = Restic(
        repository=bare.repository(held, files),
        secrets=own,
        processes=processes,
        cache=home.path / "cache" / held.id,
        tmp=home.path / "tmp",
    )
    return restic, restic.snapshots()


def _opening(
    kit: Kit, held: KitRepository, mine: Looked, processes: Processes
) -> Iterator[Finding]:
    """Say how a repository did or did not open."""
    if mine.second:
        yield Finding(
            code="kit-recovery-key",
            severity=Severity.WARNING,
            message=f"{mine.id}: its password is another one since the kit was written; the kit's"
            " recovery key opened it",
            remedy=f"Write a new kit: `pra kit export {kit.site} -o FILE`.",
        )
    if mine.error is None:
        return
    hint = mine.error.hint
    message = f"{mine.id}: {str(mine.error).removeprefix(f'{mine.id}: ')}"
    if isinstance(mine.error, (RepositoryRefused, RepositoryAbsent)) and (
        lost := _lost(held, mine, processes)
    ):
        message = f"{mine.id}: its {lost} gone from the repository: no password opens it"
        hint = (
            "The kit has them. Put them back:"
            f" `pra repo restore-keys {kit.site} {mine.id} --kit FILE`."
            if held.objects
            else "This kit has no copy of them: take the file of a kit, not its typed page."
        )
    elif isinstance(mine.error, RepositoryRefused):
        hint = (
            f"What opened it on {kit.at:%Y-%m-%d}, when this kit was written, does no more: take a"
            " newer kit. There is none? Where a copy still opens:"
            f" `pra kit export {kit.site} -o FILE`."
        )
    yield Finding(code="kit-repository-shut", severity=Severity.ERROR, message=message, remedy=hint)


def _lost(held: KitRepository, mine: Looked, processes: Processes) -> str:
    """Name what of the repository's own opening is not there; empty: all is, or nobody can tell."""
    try:
        there = opening_of(bare.repository(held, mine.files), processes)
    except PraError:
        return ""
    if there is None:
        return ""
    no_config, no_key = "config" not in there, not any(name.startswith("keys/") for name in there)
    lost = [*(["config"] if no_config else []), *(["keys"] if no_key else [])]
    return f"{' and '.join(lost)} {'are' if no_key else 'is'}" if lost else ""


def _newest(kit: Kit, found: Found, now: datetime) -> Policy | None:
    """Take the newest policy that is what its digest says; say what others there are."""
    there: list[tuple[Snapshot, Looked]] = []
    for looked in found.looked:
        past, ahead = carried.policies(looked.listing, kit.site, now)
        there += [(one, looked) for one in past]
        found.findings += [_ahead(one, looked.id) for one in ahead[:1]]
    there.sort(key=lambda each: (each[0].time, each[0].id), reverse=True)
    newest = {one.id: next((s for s, of in there if of is one), None) for one in found.looked}
    for snapshot, looked in there:
        if (policy := _taken(kit, snapshot, looked, found.findings)) is not None:
            found.findings += _others(policy, newest)
            return policy
    if any(one.error is None for one in found.looked):
        names = ", ".join(one.id for one in found.looked if one.error is None)
        points = sum(s.tag("source") == "seal" for one in found.looked for s in one.listing)
        found.findings.append(
            Finding(
                code="policy-absent",
                severity=Severity.ERROR,
                message=f"no policy of {kit.site} is in {names}: somebody removed it, or none was"
                f" ever put there; {points} sealed points are there all the same",
                remedy="Restore them by hand, as the kit's page says:"
                f" `restic snapshots --host {kit.site}`, `restic restore ID --target DIR`.",
            )
        )
    return None


def _taken(kit: Kit, snapshot: Snapshot, looked: Looked, findings: list[Finding]) -> Policy | None:
    """Read one; what is not what it says it is, is passed over."""
    assert looked.restic is not None  # noqa: S101 - it gave the listing
    said = snapshot.tag("digest") or ""
    try:
        parts = shelf.get(looked.restic, snapshot.id)
        files = {name: content.decode() for name, content in sorted(parts.items())}
    except Interrupted:
        raise
    except (PraError, UnicodeDecodeError) as error:
        findings.append(_passed_over(snapshot, looked.id, f"it cannot be read: {error}"))
        return None
    if f"{kit.site}.yaml" not in files or carried.digest(files) != said:
        findings.append(_passed_over(snapshot, looked.id, "it is not what its tag says"))
        return None
    return Policy(files=files, repository=looked.id, at=snapshot.time, digest=said)


def _others(policy: Policy, newest: Mapping[str, Snapshot | None]) -> Iterator[Finding]:
    for name, snapshot in newest.items():
        if snapshot is not None and snapshot.tag("digest") != policy.digest:
            yield Finding(
                code="policy-differs",
                severity=Severity.WARNING,
                message=f"{name} has another policy, of {snapshot.time:%Y-%m-%d %H:%M} UTC; the"
                f" newer one is used, of {policy.at:%Y-%m-%d %H:%M} UTC in {policy.repository}",
                remedy="Look why the newer one never arrived there.",
            )


def _passed_over(snapshot: Snapshot, repository: str, why: str) -> Finding:
    return Finding(
        code="policy-passed-over",
        severity=Severity.ERROR,
        message=f"{repository}: the policy of {snapshot.time:%Y-%m-%d %H:%M} UTC was passed over:"
        f" {why}",
        remedy="Find out who wrote it.",
    )


def _ahead(snapshot: Snapshot, repository: str) -> Finding:
    return Finding(
        code="policy-ahead",
        severity=Severity.ERROR,
        message=f"{repository}: a policy is dated {snapshot.time:%Y-%m-%d %H:%M} UTC, in the"
        " future: not used",
        remedy="Set the clocks right; if they are, find out who made it up.",
    )

"""Repositories that do not let our runs in: gone, refusing, damaged, away. Pure.

However many services and kinds of runs fail on one, it is one condition of the repository.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from orchestrator.core.copies.nearest import homes, is_s3
from orchestrator.core.decide.wrong.conditions import Condition, Held
from orchestrator.core.events import RunKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from orchestrator.core.events import Damage
    from orchestrator.core.policy.model import Repository, Service, Site
    from orchestrator.core.state import Incident, Run

# One failure that the retry heals wakes nobody.
HICCUPS = 2
# By the code of the error, as a run's end has it.
CODES = {
    "repository-absent": Condition.REPOSITORY_LOST,
    "repository-refused": Condition.REPOSITORY_REFUSED,
    "repository-damaged": Condition.REPOSITORY_DAMAGED,
    "repository-unreachable": Condition.REPOSITORY_UNREACHABLE,
}
# An unplugged disk is neither: it is expected back after its rotation.
UNPLUGGED = {"repository-absent", "repository-unreachable"}
OPENS = {"key", "config"}  # kinds of damage
# What goes before the others, and holds until the repository lets those runs in again.
GRAVE = (Condition.REPOSITORY_LOST, Condition.REPOSITORY_REFUSED)
WORDS = {
    RunKind.BACKUP: "no backup",
    RunKind.COPY: "no copy",
    RunKind.VERIFY: "no verification",
    RunKind.RELOCK: "no relocking",
    RunKind.RETAIN: "no retention",
}


class Trouble(NamedTuple):
    """A run that a repository did not let in, how often in a row, and whose backup or copy."""

    repository: str
    code: str
    run: Run
    failures: int
    service: Service | None = None
    breach: datetime | None = None


class Found(NamedTuple):
    """What one look found. `held` is explained by `trouble`, where that is a condition itself.

    `own` holds whatever the repositories do. `until`: when time alone may change the answer.
    """

    trouble: Trouble | None
    held: Held | None
    own: tuple[Held, ...]
    until: datetime | None


def shut(run: Run | None, fallback: str = "") -> tuple[str, str] | None:
    """Return the repository that did not let a run in, and the code; None where none did.

    A copy reads one and writes another: our errors begin with the name of theirs.
    """
    if run is None or run.outcome != "failed" or run.code not in CODES:
        return None
    of_origin = run.origin and (run.error or "").startswith(f"{run.origin}:")
    return (run.origin if of_origin else run.repository) or fallback, run.code


def shut_to(run: Run | None, service: Service) -> tuple[str, str] | None:
    """Return the same of a service's backup or copy.

    What was tried at a repository that the policy has left says nothing of the present ones.
    """
    found = shut(run, service.backup_to or "")
    return found if found is not None and found[0] in homes(service) else None


def worst(site: Site, repository: str) -> str:
    """Return the criticality of the gravest service that has points in a repository."""
    return min(
        (s.criticality for s in site.services.values() if repository in homes(s)), default="P3"
    )


def key(site: Site, condition: Condition, repository: str) -> str:
    """Return the key of a condition of a repository."""
    return f"{site.id}//{condition}-{repository}"


def explained(
    site: Site,
    troubles: Iterable[Trouble],
    since: Mapping[str, datetime | None],
    open_now: Mapping[str, Incident],
) -> dict[tuple[str, str], Held]:
    """Return the condition that explains what failed, by repository and code.

    `since`: when the first point was in each repository.
    """
    groups: dict[str, list[Trouble]] = {}
    for one in troubles:
        groups.setdefault(one.repository, []).append(one)
    found: dict[tuple[str, str], Held] = {}
    for name, those in groups.items():
        repository = site.repositories.get(name)
        if repository is None:
            continue
        grave = _grave(site, repository, those, since.get(name), open_now)
        if grave is not None:
            found |= {(name, code): grave for code in CODES}
            continue
        for code in ("repository-damaged", "repository-unreachable"):
            condition, of_code = CODES[code], [one for one in those if one.code == code]
            if _holds(site, condition, name, of_code, open_now):
                found[name, code] = _held(site, repository, condition, of_code)
    return found


def _grave(
    site: Site,
    repository: Repository,
    those: list[Trouble],
    since: datetime | None,
    open_now: Mapping[str, Incident],
) -> Held | None:
    """Return that a repository which was good is gone, or refuses us; it explains all else."""
    if since is None:  # it never was good: that is for whoever sets it up
        return None
    for condition in GRAVE:
        of_code = [one for one in those if CODES[one.code] is condition]
        if key(site, condition, repository.id) in open_now or _holds(
            site, condition, repository.id, of_code, open_now
        ):
            return _held(site, repository, condition, those, since)
    return None


def _holds(
    site: Site,
    condition: Condition,
    repository: str,
    those: list[Trouble],
    open_now: Mapping[str, Incident],
) -> bool:
    if not those:
        return False
    often = any(one.failures >= HICCUPS or not one.run.retryable for one in those)
    return often or key(site, condition, repository) in open_now


def _held(
    site: Site,
    repository: Repository,
    condition: Condition,
    those: list[Trouble],
    since: datetime | None = None,
) -> Held:
    last = max((one.run for one in those), key=lambda run: run.started_at)
    why = last.error or f"{repository.id} does not answer"
    before = {
        Condition.REPOSITORY_LOST: f"{repository.id} held recovery points, and is gone; ",
        Condition.REPOSITORY_REFUSED: f"{repository.id} used to open, and refuses us; ",
    }
    named = [one.service.criticality for one in those if one.service]
    lead = before.get(condition, "") if since else ""
    return Held(
        site=site.id,
        service="",
        condition=f"{condition}-{repository.id}",
        criticality=min(named) if named else worst(site, repository.id),
        summary=f"{lead}{_kept_from(those)}: {why}",
        remedy=_remedy(condition, site, repository, last),
        evidence=last.run,
        predicted_breach_at=min((t.breach for t in those if t.breach), default=None),
    )


def _kept_from(those: list[Trouble]) -> str:
    """Say what cannot be done: no backup of till, share, no copy of till, no verification."""
    said = []
    for kind, words in WORDS.items():
        of_kind = [one for one in those if one.run.kind is kind]
        names = ", ".join(dict.fromkeys(one.service.id for one in of_kind if one.service))
        if of_kind:
            said.append(f"{words} of {names}" if names else words)
    return ", ".join(said)


def _remedy(condition: Condition, site: Site, repository: Repository, last: Run) -> str:
    if condition is Condition.REPOSITORY_DAMAGED:
        return repair(site, repository)
    if condition is Condition.REPOSITORY_LOST and is_s3(repository):
        return f"Restore nothing over it. {_rewind(site, repository)}"
    if condition is Condition.REPOSITORY_LOST:
        return (
            "See whether its disk is mounted and who removed it; make no new repository there. "
            f"{last.remedy}"
        ).strip()
    return last.remedy


def repair(site: Site, repository: Repository, damage: Iterable[Damage] = ()) -> str:
    """Say how a damaged repository is healed: what opens it cannot be, from inside."""
    if not any(one.kind in OPENS for one in damage):
        call = f"pra repo repair {site.id} --repository {repository.id}"
        return f"Remove nothing from it. Repair it: `{call}`."
    if is_s3(repository):
        return f"It cannot be opened, nor repaired from inside. {_rewind(site, repository)}"
    return "It cannot be opened, nor repaired from inside. Bring its config and keys back."


def _rewind(site: Site, repository: Repository) -> str:
    call = f"pra repo rewind {site.id} --repository {repository.id} --dry-run"
    return f"See when that was, and what its versions give back: `{call}`."

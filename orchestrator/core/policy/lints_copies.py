"""What too few copies, or copies that fall together, cannot hold: warnings about a valid site."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.policy.model import Adopted, Location, LockMode
from orchestrator.core.policy.values import spoken
from restore_drills.model import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.core.policy.fault import Path
    from orchestrator.core.policy.model import Immutable, Repository, Service, Site

Warned = tuple["Path", str, str]  # where, what, what to do
DAY = timedelta(days=1)
LONG = timedelta(days=400)
ON_S3 = "s3:"
NOBODY_REFUSES = ("/", "sftp:")  # addresses at which whoever may write may delete


def copy_lints(site: Site) -> Iterator[Warned]:
    """Yield the path, the message and the remedy of each warning."""
    for repository in site.repositories.values():
        yield from _protection(repository)
    yield from _deletable(site)
    for service in site.services.values():
        kept = kept_in(site, service)
        if kept:
            yield from _copies(service, kept)
            yield from _slow_turns(service, kept)
            yield from _lost(service, kept)
    yield from _nothing_removable(site)
    yield from _read_again(site)


def kept_in(site: Site, service: Service) -> list[Repository]:
    """Return the repositories that hold the service, where its backup goes first."""
    adopted = [s.spec.repository for s in service.sources if isinstance(s.spec, Adopted)]
    own = [service.backup_to] if service.backup_to else []
    return [site.repositories[name] for name in (*adopted, *own, *service.copy_to)]


def _copies(service: Service, kept: list[Repository]) -> Iterator[Warned]:
    path = ("services", service.id)
    first, *others = kept
    names = ", ".join(repository.id for repository in kept)
    ours = service.backup_to is not None
    if service.criticality == "P1" and not others:
        yield (
            path,
            f"criticality P1, and kept in one repository only, {names}",
            "add copy_to: [another] to its backup"
            if ours
            else "have whoever makes its snapshots copy them elsewhere too",
        )
    if all(repository.location is Location.ONSITE for repository in kept):
        yield (
            path,
            f"no offsite copy: a burglary or a fire leaves nothing of it ({names})",
            "add copy_to: with an offsite repository to its backup, or keep it in one"
            if ours
            else "keep it in an offsite repository",
        )
    if first.rotation and ours:
        yield (
            (*path, "backup"),
            f"its backup goes to {first.id}, and fails while that is unplugged",
            f"back up to one that stays, and add copy_to: [{first.id}]",
        )
    for other in others:
        if other.equipment is not None and other.equipment == first.equipment:
            yield (
                (*path, "backup", "copy_to"),
                f"{first.id} and its copy {other.id} sit on one machine, {other.equipment}",
                "copy it to another machine as well",
            )


def _slow_turns(service: Service, kept: list[Repository]) -> Iterator[Warned]:
    """Where the scenario leaves unplugged disks alone, the loss is their turn, not the backup's."""
    for scenario in (Scenario.BURGLARY, Scenario.RANSOMWARE):
        promise = service.promise(scenario)
        left = [repository for repository in kept if _survives(repository, scenario)]
        turns = [repository.rotation for repository in left if repository.rotation]
        if promise is None or not left or len(turns) < len(left) or promise.rpo > min(turns):
            continue
        own = ("scenarios", scenario.value) if scenario in service.objectives else ()
        names = ", ".join(repository.id for repository in left)
        what = (
            f"an rpo of {spoken(promise.rpo)} is missed under {scenario}, which leaves {names} "
            f"alone: unplugged for up to {spoken(min(turns))}"
        )
        remedy = "promise less there, plug it in more often, or add a copy that stays online"
        yield ("services", service.id, "objectives", *own, "rpo"), what, remedy


def _lost(service: Service, kept: list[Repository]) -> Iterator[Warned]:
    """What leaves no copy needs no drill to be known: a promise for it cannot be held."""
    remedies = {
        Scenario.BURGLARY: "copy it to an offsite repository",
        Scenario.RANSOMWARE: "keep a copy that is immutable, append_only or offline",
    }
    for scenario, remedy in remedies.items():
        if scenario in service.objectives and not any(_survives(one, scenario) for one in kept):
            yield (
                ("services", service.id, "objectives", "scenarios", scenario.value),
                (
                    f"no copy survives a {scenario} ({', '.join(one.id for one in kept)}): what is "
                    "promised here cannot be held"
                ),
                f"{remedy}, or promise nothing",
            )


def _survives(repository: Repository, scenario: Scenario) -> bool:
    if scenario is Scenario.BURGLARY:
        return repository.location is Location.OFFSITE
    return _is_protected(repository)


def _is_protected(repository: Repository) -> bool:
    """Whether our own keys are not enough to delete it, as far as the policy says."""
    refuses = repository.append_only and not repository.url.startswith(NOBODY_REFUSES)
    return bool(repository.immutable or refuses or repository.rotation)


def _deletable(site: Site) -> Iterator[Warned]:
    """Warn once of each set of repositories, whatever is in it."""
    found: dict[tuple[str, ...], list[str]] = {}
    for service in site.services.values():
        kept = kept_in(site, service)
        if kept and not any(map(_is_protected, kept)):
            found.setdefault(tuple(sorted(one.id for one in kept)), []).append(service.id)
    for names, services in found.items():
        on_s3 = [name for name in names if site.repositories[name].url.startswith(ON_S3)]
        best = "immutable: {mode: compliance, for: 30d}" if on_s3 else "append_only: or offline:"
        what = (
            f"our own keys can delete every copy of {', '.join(services)}: {', '.join(names)} "
            f"{'is' if len(names) == 1 else 'are'} online and nothing refuses"
        )
        remedy = f"add {best} to one; ANSSI asks for a copy that is offline"
        yield ("repositories", (on_s3 or list(names))[0]), what, remedy


def _protection(repository: Repository) -> Iterator[Warned]:
    path = ("repositories", repository.id)
    if repository.immutable:
        yield from _period(repository.immutable, (*path, "immutable", "for"))
    if repository.append_only and repository.url.startswith(NOBODY_REFUSES):
        yield (
            (*path, "append_only"),
            "nothing enforces it at such an address: whoever may write there may delete",
            "use a rest-server with --append-only, or S3 with immutable:",
        )


def _period(lock: Immutable, path: Path) -> Iterator[Warned]:
    if lock.period < DAY:
        what = f"a lock of {spoken(lock.period)} ends before anybody notices an attack"
        yield path, what, "write 30d"
    elif lock.period > LONG and lock.mode is LockMode.COMPLIANCE:
        what = f"for {spoken(lock.period)} nobody, not even the bucket's owner, can delete anything"
        yield path, what, "relocking renews it: 30d protects as long as pra runs"


def _nothing_removable(site: Site) -> Iterator[Warned]:
    every = site.repositories.values()
    if site.retention and every and all(repository.append_only for repository in every):
        yield (
            ("retention",),
            "every repository is append_only: nothing can be removed from here",
            "remove old points where the repositories are, or remove retention:",
        )


def _read_again(site: Site) -> Iterator[Warned]:
    often = site.read_all_within
    far = [one.id for one in site.repositories.values() if one.url.startswith(ON_S3)]
    if often is not None and often < DAY and far:
        yield (
            ("verify", "read_all_within"),
            f"all of {', '.join(far)} is downloaded every {spoken(often)}",
            "write 30d: what a bucket sends is paid for",
        )

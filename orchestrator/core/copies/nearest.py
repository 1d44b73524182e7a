"""Which copy of a service a recovery uses: the nearest that a scenario leaves. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.core.lead import survives, taken
from orchestrator.core.policy.model import Adopted, Location
from orchestrator.core.state import CopyState
from restore_drills.model import Scenario

if TYPE_CHECKING:
    from orchestrator.core.policy.model import Repository, Service, Site
    from orchestrator.core.state import ServiceState

S3 = "s3:"
NOBODY_REFUSES = ("/", "sftp:")  # addresses at which whoever may write may delete
REWOUND = {Scenario.BUCKET_WIPE, Scenario.RANSOMWARE}  # a bucket is read from its versions


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearest:
    """The repository to recover from; None where nothing is left, and then `lost` says why.

    `rewound`: not as it is now, but as the versions of its objects show it was.
    """

    repository: str | None
    lost: str = ""
    rewound: bool = False


def homes(service: Service) -> tuple[str, ...]:
    """Return the repositories that hold the service's points, as the policy orders them."""
    if service.backup_to is not None:
        return (service.backup_to, *service.copy_to)
    return tuple(s.spec.repository for s in service.sources if isinstance(s.spec, Adopted))


def nearest(site: Site, service: Service, scenario: Scenario) -> Nearest:
    """Return the copy that a recovery uses: on site before off site, then as the policy has it."""
    return among(site, service, scenario, homes(service))


def among(site: Site, service: Service, scenario: Scenario, names: tuple[str, ...]) -> Nearest:
    """Return the nearest of these repositories that the scenario leaves."""
    if not names:
        return Nearest(repository=None, lost="no copy survives: there is none")
    left = sorted(
        leaves(site, service, scenario, names), key=lambda one: one.location is Location.OFFSITE
    )
    if scenario is Scenario.BUCKET_WIPE:
        left.sort(key=_after_a_wipe)
    if scenario is Scenario.RANSOMWARE:  # what is unplugged holds the oldest points
        left.sort(key=lambda one: one.rotation is not None)
    if left:
        used = left[0]
        locked = scenario is Scenario.BUCKET_WIPE or used.immutable is not None
        return Nearest(repository=used.id, rewound=scenario in REWOUND and is_s3(used) and locked)
    return Nearest(repository=None, lost=_lost(site, scenario, names))


def leaves(
    site: Site, service: Service, scenario: Scenario, names: tuple[str, ...]
) -> list[Repository]:
    """Return those of the repositories that the scenario leaves standing."""
    gone = taken(site, service, scenario)
    left = [one for name in names if survives(one := site.repositories[name], gone)]
    if scenario is Scenario.RANSOMWARE:
        left = [one for one in left if withstands(one)]
    return left


def withstands(repository: Repository) -> bool:
    """Say whether whoever has all our keys cannot destroy it, as far as the policy can tell.

    Object Lock is measured when it is read; a server that refuses is believed where there is one.
    """
    if repository.immutable is not None or repository.rotation is not None:
        return True
    return repository.append_only and not repository.url.startswith(NOBODY_REFUSES)


def _lost(site: Site, scenario: Scenario, names: tuple[str, ...]) -> str:
    listed, one = ", ".join(names), len(names) == 1
    if scenario is not Scenario.RANSOMWARE:
        verb = "goes" if one else "go"
        return f"no copy survives: {listed} {verb} with what the {scenario} takes"
    lost = (
        f"no copy survives: {listed} {'is' if one else 'are'} neither immutable, append-only nor "
        f"offline, and the {scenario} deletes what our own keys can"
    )
    believed = [name for name in names if site.repositories[name].append_only]
    if believed:
        lost += f" (append_only of {', '.join(believed)}: no server is there that would refuse)"
    return lost


def _after_a_wipe(repository: Repository) -> int:
    """Order what a wipe leaves: versions that nobody can delete are what is to be proven.

    Without them, what is out of the attacker's reach comes before what may be left of a bucket.
    """
    if not is_s3(repository):
        return 1
    return 2 if repository.immutable is None else 0


def relied_on(site: Site, service: Service, repository: str) -> tuple[Scenario, ...]:
    """Return the scenarios whose objective rests on what the repository holds of the service.

    A wiped bucket that is the drill's to rewind endangers nothing while another copy is out of
    the attacker's reach.
    """
    found = []
    for scenario in Scenario:
        if service.promise(scenario) is None:
            continue
        chosen = nearest(site, service, scenario)
        if chosen.repository != repository:
            continue
        wiped = chosen.rewound and scenario is Scenario.BUCKET_WIPE
        if wiped and any(not is_s3(site.repositories[n]) for n in homes(service)):
            continue
        found.append(scenario)
    return tuple(found)


def tightest(site: Site, service: Service, repository: str) -> tuple[Scenario, ...]:
    """Return those of them whose RPO is the shortest."""
    found = relied_on(site, service, repository)
    rpos = {one: promise.rpo for one in found if (promise := service.promise(one))}
    return tuple(one for one in found if rpos[one] == min(rpos.values()))


def held_in(
    known: ServiceState, service: Service, repository: str | None
) -> ServiceState | CopyState:
    """Return what is known of a service's points in one of its repositories."""
    if repository is None or repository == service.backup_to or service.backup_to is None:
        return known
    return known.copies.get(repository) or CopyState()


def is_s3(repository: Repository) -> bool:
    """Whether it is a bucket, which our own keys can empty."""
    return repository.url.startswith(S3)

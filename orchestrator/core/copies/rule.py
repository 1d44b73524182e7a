"""3-2-1-1-0, asked of a site and of what the log knows: each point with its reason. Pure.

Three copies of the data, production counted; on two kinds of media, which here means two machines;
one of them off the site; one that nobody can delete; no error in what was read and restored. A copy
counts when a usable recovery point is in it, not when the policy names it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.core.policy.model import Adopted, External, Location

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from orchestrator.core.policy.model import Repository, Service, Site
    from orchestrator.core.state import RepositoryState, State

COPIES, MEDIA = 3, 2
PRODUCTION = "production"


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One figure of the rule: whether it holds, why, and what to do where it does not."""

    code: str
    title: str
    holds: bool
    why: str
    remedy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A service of ours and the repositories in which it has a usable point."""

    service: Service
    repositories: tuple[Repository, ...]


def points(site: Site, state: State, now: datetime) -> tuple[Point, ...]:
    """Return the five figures of 3-2-1-1-0; nothing where every service is somebody else's."""
    held = tuple(_held(site, state))
    if not held:
        return ()
    return (
        _three(held),
        _two(held),
        _one(
            held,
            "copies-offsite",
            "1 copy off the site",
            lambda one: one.location is Location.OFFSITE,
            "Add a repository elsewhere and name it in `copy_to`.",
        ),
        _one(
            held,
            "copies-immutable",
            "1 copy that nobody can delete",
            lambda one: _immutable(one, state.repository(site.id, one.id), now),
            _lockable(site, held),
        ),
        _zero(site, state, held),
    )


def _lockable(site: Site, held: tuple[_Held, ...]) -> str:
    """Say what to do: a lock that was declared and never seen wants a look first."""
    declared = any(one.immutable is not None for each in held for one in each.repositories)
    if declared:
        return f"See what its locks are: `pra repo relock {site.id}`."
    return "Make a copy immutable (a bucket with Object Lock, relocked) or offline."


def _held(site: Site, state: State) -> Iterator[_Held]:
    for service in site.services.values():
        if not any(isinstance(source.spec, External) for source in service.sources):
            names = dict.fromkeys(_names(site, service, state))
            repositories = (site.repositories.get(name) for name in names)
            yield _Held(service=service, repositories=tuple(one for one in repositories if one))


def _names(site: Site, service: Service, state: State) -> Iterator[str]:
    point = state.service(site.id, service.id).complete
    if point is not None:
        yield point.repository
    for name in service.copy_to:
        if state.copy(site.id, service.id, name).complete is not None:
            yield name
    for source in service.sources:
        if isinstance(source.spec, Adopted):  # another restic's: a drill tells what is in there
            yield source.spec.repository


def _three(held: tuple[_Held, ...]) -> Point:
    short = {
        one.service.id: 1 + len(one.repositories)
        for one in held
        if 1 + len(one.repositories) < COPIES
    }
    said = ", ".join(f"{name} has {count}" for name, count in short.items())
    return Point(
        code="copies-three",
        title="3 copies",
        holds=not short,
        why=f"{said}, production counted" if short else "production, and two repositories each",
        remedy="Name a second repository in `copy_to`, and let a copy run." if short else "",
    )


def _two(held: tuple[_Held, ...]) -> Point:
    one = [each.service.id for each in held if len(_media(each)) < MEDIA]
    return Point(
        code="copies-media",
        title="2 media",
        holds=not one,
        why=f"all of {', '.join(one)} is on one machine" if one else "on two machines or more each",
        remedy="Keep a copy on another machine than the data." if one else "",
    )


def _media(held: _Held) -> set[str]:
    """Return the machines that a service's data is on; what names none on site is one with it."""
    own = {source.equipment or PRODUCTION for source in held.service.sources}
    for repository in held.repositories:
        if repository.equipment is not None:
            own.add(repository.equipment)
        elif repository.location is Location.OFFSITE:
            own.add(f"offsite {repository.id}")
    return own


def _one(
    held: tuple[_Held, ...],
    code: str,
    title: str,
    is_such: Callable[[Repository], bool],
    remedy: str,
) -> Point:
    lacking = [one.service.id for one in held if not any(map(is_such, one.repositories))]
    such = dict.fromkeys(r.id for one in held for r in one.repositories if is_such(r))
    return Point(
        code=code,
        title=title,
        holds=not lacking,
        why=f"{_all(lacking)} none" if lacking else f"in {', '.join(such)}",
        remedy=remedy if lacking else "",
    )


def _immutable(repository: Repository, known: RepositoryState, now: datetime) -> bool:
    """Whether nobody can delete it: unplugged, held by its server, or locked as a relock saw."""
    if repository.rotation is not None or repository.append_only:
        return True
    found = known.relocked
    return (
        repository.immutable is not None
        and found is not None
        and not found.problems
        and found.least_until is not None
        and found.least_until > now
    )


def _zero(site: Site, state: State, held: tuple[_Held, ...]) -> Point:
    used = dict.fromkeys(r.id for one in held for r in one.repositories)
    damaged = [name for name in used if state.repository(site.id, name).damaged is not None]
    unread = [name for name in used if not state.repository(site.id, name).read]
    unproven = [one.service.id for one in held if not _proven(state, site, one.service)]
    why = [
        *([f"{', '.join(damaged)} is damaged"] if damaged else []),
        *([f"nothing has read {', '.join(unread)} back yet"] if unread else []),
        *([f"no drill has proven {', '.join(unproven)}"] if unproven else []),
    ]
    return Point(
        code="copies-errors",
        title="0 errors",
        holds=not why,
        why="; ".join(why) or "read back without damage, and proven by drills",
        remedy=f"Run `pra verify {site.id}` and `pra drill {site.id}`." if why else "",
    )


def _proven(state: State, site: Site, service: Service) -> bool:
    """Whether the last answer of some scenario's drill is a proof, and no answer is a no."""
    proofs = state.service(site.id, service.id).proofs.values()
    answered = [one.answered for one in proofs if one.answered is not None]
    proven = [one.proven for one in proofs if one.proven is not None]
    return bool(answered) and all(answer in proven for answer in answered)


def _all(names: Iterable[str]) -> str:
    said = list(names)
    return f"{', '.join(said)} {'have' if len(said) > 1 else 'has'}"

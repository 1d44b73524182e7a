"""What was found well, and from which values: it is looked at again when one of them is another.

Pure, but for what it remembers.
"""

from __future__ import annotations

from operator import is_
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.core.policy.model import Repository, Service, Site
    from orchestrator.core.state import RepositoryState, ServiceState

Key = tuple[str, str, str]  # site, kind, name


class Calm(NamedTuple):
    """What was found well at `at`, from these very values, until `until`; None: for good.

    `of` is the service or the repository, `facts` what its look rests on.
    """

    of: Service | Repository
    site: Site
    awake_since: datetime | None
    facts: tuple[object, ...]
    at: datetime
    until: datetime | None

    def lasts(self, now: datetime) -> bool:
        """Whether time alone has not changed the answer."""
        return self.at <= now and (self.until is None or now < self.until)


_known: dict[Key, Calm] = {}  # as many as the policies ever named


def known(
    key: Key,
    of: Service | Repository,
    site: Site,
    facts: tuple[object, ...],
    awake_since: datetime | None,
) -> Calm | None:
    """Return what was found well from these very values."""
    calm = _known.get(key)
    if (
        calm is None
        or calm.of is not of
        or calm.site is not site
        or calm.awake_since != awake_since
        or not _same(calm.facts, facts)
    ):
        return None
    return calm


def remember(  # noqa: PLR0913 - the values
    key: Key,
    *,
    of: Service | Repository,
    site: Site,
    awake_since: datetime | None,
    facts: tuple[object, ...],
    at: datetime,
    until: datetime | None,
) -> None:
    """Keep that it is well."""
    _known[key] = Calm(of=of, site=site, awake_since=awake_since, facts=facts, at=at, until=until)


def of_service(service: Service, known: ServiceState) -> tuple[object, ...]:
    """Return what a service's look rests on: values that never change."""
    series, suspicions = known.backups, known.suspicions or None
    if not service.copy_to:
        return (series.last, series.answered, known.complete, suspicions, known.unusual)
    facts: list[object] = [series.last, series.answered, known.complete, suspicions, known.unusual]
    for name in service.copy_to:
        there = known.copies.get(name)
        if there is not None:
            facts += [there.copies.last, there.copies.answered, there.complete]
    return tuple(facts)


def of_repository(known: RepositoryState) -> tuple[object, ...]:
    """Return the same of a repository."""
    ends = [one.answered for one in known.series.values()]
    return (known.damaged, known.relocked, known.retained, known.since, *ends)


def _same(before: tuple[object, ...], after: tuple[object, ...]) -> bool:
    return len(before) == len(after) and all(map(is_, before, after))

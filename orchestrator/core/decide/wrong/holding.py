"""Which conditions hold now, one for each cause. Pure, but for what it remembers of the calm.

`survey` is asked at every event and every tick about every service, nearly all of which are well.
What a service's look depends on is immutable, so one that was found well is looked at again only
when one of these values is another, or when time alone may have changed the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.decide.wrong import calm, kits, pausing
from orchestrator.core.decide.wrong.behind import View
from orchestrator.core.decide.wrong.conditions import Condition, Held, stem
from orchestrator.core.decide.wrong.copying import Copying
from orchestrator.core.decide.wrong.keeping import Keeping
from orchestrator.core.decide.wrong.proving import too_late, unproven
from orchestrator.core.decide.wrong.shut import GRAVE, Found, Trouble, explained
from orchestrator.core.decide.wrong.suspicion import mistrusted, only
from orchestrator.core.state import RepositoryState, ServiceState, SiteState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from orchestrator.core.decide.actions import Policies
    from orchestrator.core.policy.model import Repository, Service, Site
    from orchestrator.core.state import Incident, Observation, Run, State

OBSERVED = {Condition.CLOCK_WRONG.value: "P3"}  # the others of the machine are P2
NOTHING = SiteState()
UNKNOWN = ServiceState()
UNKEPT = RepositoryState()


def holding(state: State, policies: Policies, now: datetime) -> list[Held]:
    """Return every condition that holds, one for each cause."""
    return survey(state, policies, now)[0]


def survey(state: State, policies: Policies, now: datetime) -> tuple[list[Held], datetime | None]:
    """Return what holds, and the next instant at which time alone may change it."""
    open_now = {i.key: i for i in state.incidents.values() if i.resolved_at is None}
    held = [_observed(o) for o in state.observed.values() if o.condition != Condition.KIT_STALE]
    until: datetime | None = None
    late = too_late(state, policies, now)
    for site in policies.sites.values():
        known = state.sites.get(site.id, NOTHING)
        look = _Site(state, policies, site, known, open_now, now)
        found = look.found()
        proofs, second = unproven(site, known, late.get(site.id, {}), open_now, now)
        told, third = pausing.calmed(site, known, (*found, *proofs), open_now, now)
        held += told
        kit, fourth = kits.lacking(site, known, state.observed, now)
        held += [kit] if kit else []
        for at in (look.until, second, third, fourth):
            if at is not None and (until is None or at < until):
                until = at
    return held, until


class _Site:
    """One look at a site; `until` is when time alone may change what it found."""

    def __init__(  # noqa: PLR0913, PLR0917 - one site of all that decides
        self,
        state: State,
        policies: Policies,
        site: Site,
        known: SiteState,
        open_now: Mapping[str, Incident],
        now: datetime,
    ) -> None:
        self.until: datetime | None = None
        self._state, self._site, self._known = state, site, known
        self._open, self._now = open_now, now
        self._awake = pausing.awake_since(known, policies.awake_since)
        # A service with an open incident is never taken for well.
        self._troubled = (
            {i.service for i in open_now.values() if i.site == site.id} if open_now else ()
        )

    def found(self) -> list[Held]:
        """Return what holds of the site's backups, copies and repositories."""
        looked = [*self._services(), *self._repositories()]
        if not looked:
            return []
        troubles = [one.trouble for one in looked if one.trouble]
        repositories = self._known.repositories
        since = {name: repositories[name].since for name in repositories}
        causes = explained(self._site, troubles, since, self._open) if troubles else {}
        return list(_told(looked, causes))

    def _services(self) -> Iterator[Found]:
        services = self._known.services
        for service in self._site.services.values():
            if service.backup_to is None:  # somebody else's work
                continue
            known = services.get(service.id, UNKNOWN)
            facts = calm.of_service(service, known)
            if service.id in self._troubled or not self._is_calm(service, "service", facts):
                looked = list(self._of_service(service, known))
                yield from looked
                self._remember(service, "service", facts, looked)

    def _of_service(self, service: Service, known: ServiceState) -> Iterator[Found]:
        yield mistrusted(self._site, service, known)
        found = self._backed_up(service, known)
        yield from found if known.suspicion is None else only(found)

    def _backed_up(self, service: Service, known: ServiceState) -> Iterator[Found]:
        yield View(
            state=self._state,
            site=self._site,
            service=service,
            known=known,
            open=self._open,
            now=self._now,
            awake_since=self._awake,
        ).look()
        for repository in service.copy_to:
            yield Copying(
                site=self._site,
                service=service,
                repository=repository,
                known=known,
                open=self._open,
                now=self._now,
                awake_since=self._awake,
            ).look()

    def _repositories(self) -> Iterator[Found]:
        of_site = self._known.repositories
        if not of_site:
            return
        for repository in self._site.repositories.values():
            known = of_site.get(repository.id, UNKEPT)
            facts = calm.of_repository(known)
            if not self._is_calm(repository, "", facts):
                looked = list(self._of_repository(repository, known))
                yield from looked
                self._remember(repository, "", facts, looked)

    def _of_repository(self, repository: Repository, known: RepositoryState) -> Iterator[Found]:
        return Keeping(
            state=self._state,
            site=self._site,
            of_site=self._known,
            repository=repository,
            known=known,
            now=self._now,
            awake_since=self._awake,
            good_at=_good_at(self._known, repository.id),
        ).look()

    def _is_calm(self, of: Service | Repository, kind: str, facts: tuple[object, ...]) -> bool:
        known = calm.known((self._site.id, kind, of.id), of, self._site, facts, self._awake)
        if known is None or not known.lasts(self._now):
            return False
        self._until(known.until)
        return True

    def _remember(
        self, of: Service | Repository, kind: str, facts: tuple[object, ...], looked: list[Found]
    ) -> None:
        """Keep that it is well, if it is; and when to look again."""
        until = min((one.until for one in looked if one.until), default=None)
        self._until(until)
        if not any(one.held or one.own or one.trouble for one in looked):
            calm.remember(
                (self._site.id, kind, of.id),
                of=of,
                site=self._site,
                awake_since=self._awake,
                facts=facts,
                at=self._now,
                until=until,
            )

    def _until(self, at: datetime | None) -> None:
        if at is not None and (self.until is None or at < self.until):
            self.until = at


def _good_at(known: SiteState, repository: str) -> datetime | None:
    """Return when a run last ended well on a repository."""
    runs: list[Run | None] = []
    for service in known.services.values():
        runs.append(service.backups.answered)
        runs += [copies.copies.answered for copies in service.copies.values()]
    if repository in known.repositories:
        runs += [one.answered for one in known.repositories[repository].series.values()]
    ends = [
        run.finished_at
        for run in runs
        if run
        and run.finished_at
        and run.outcome != "failed"
        and repository in {run.repository, run.origin}
    ]
    return max(ends, default=None)


def _told(looked: Iterable[Found], causes: Mapping[tuple[str, str], Held]) -> Iterator[Held]:
    """Yield what holds, each once; a repository that is shut explains what failed on it."""
    told: set[str] = set()
    gone = {repository for (repository, _), held in causes.items() if _is_grave(held)}
    own = [held for one in looked for held in one.own if not _is_of(held, gone)]
    rest = [one.held for one in looked if one.held and not _is_explained(one.trouble, causes)]
    for held in (*own, *causes.values(), *rest):
        if held.key not in told:
            told.add(held.key)
            yield held


def _is_grave(held: Held) -> bool:
    return stem(held.condition)[0] in GRAVE


def _is_of(held: Held, gone: set[str]) -> bool:
    """Whether it says how old the copies are in a repository that is gone: nobody is to copy."""
    condition, part = stem(held.condition)
    return condition is Condition.COPY_LAGS and part in gone


def _is_explained(trouble: Trouble | None, causes: Mapping[tuple[str, str], Held]) -> bool:
    return trouble is not None and (trouble.repository, trouble.code) in causes


def _observed(one: Observation) -> Held:
    return Held(
        site=one.site,
        service="",
        condition=one.condition,
        criticality=OBSERVED.get(one.condition, "P2"),
        summary=one.detail,
        remedy=one.remedy,
        evidence=one.event,
    )

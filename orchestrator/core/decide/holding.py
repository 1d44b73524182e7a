"""Which conditions hold now, one for each cause. Pure, but for what it remembers of the calm.

`survey` is asked at every event and every tick about every service, nearly all of which are well.
What a service's look depends on is immutable, so one that was found well is looked at again only
when one of these values is another, or when time alone may have changed the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from orchestrator.core.decide.behind import HICCUPS, Looked, View
from orchestrator.core.decide.conditions import Condition, Held
from orchestrator.core.decide.proving import too_late, unproven
from orchestrator.core.state import ServiceState, SiteState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from orchestrator.core.decide.actions import Policies
    from orchestrator.core.events import BackupFinished
    from orchestrator.core.policy.model import Service, Site
    from orchestrator.core.state import Incident, Observation, Run, State

OBSERVED = {Condition.CLOCK_WRONG.value: "P3"}  # the others of the machine are P2
NOTHING = SiteState()
UNKNOWN = ServiceState()


class Calm(NamedTuple):
    """A service that was found well at `at`, from these very values, until `until`."""

    service: Service
    last: Run | None
    answered: Run | None
    complete: BackupFinished | None
    awake_since: datetime | None
    at: datetime
    until: datetime | None


_calm: dict[tuple[str, str], Calm] = {}  # as many as the policies ever named


def holding(state: State, policies: Policies, now: datetime) -> list[Held]:
    """Return every condition that holds, one for each cause."""
    return survey(state, policies, now)[0]


def survey(state: State, policies: Policies, now: datetime) -> tuple[list[Held], datetime | None]:
    """Return what holds, and the next instant at which time alone may change it."""
    open_now = {i.key: i for i in state.incidents.values() if i.resolved_at is None}
    held = [_observed(one) for one in state.observed.values()]
    until: datetime | None = None
    late = too_late(state, policies, now)
    for site in policies.sites.values():
        known = state.sites.get(site.id, NOTHING)
        found, first = _backups(state, policies, site, known, open_now=open_now, now=now)
        held += found
        proofs, second = unproven(site, known, late.get(site.id, {}), open_now, now)
        held += proofs
        for at in (first, second):
            if at is not None and (until is None or at < until):
                until = at
    return held, until


def _backups(  # noqa: PLR0913 - one site of all that decides
    state: State,
    policies: Policies,
    site: Site,
    known: SiteState,
    *,
    open_now: Mapping[str, Incident],
    now: datetime,
) -> tuple[list[Held], datetime | None]:
    until: datetime | None = None
    looked: list[tuple[View, Looked]] = []
    troubled = {i.service for i in open_now.values() if i.site == site.id} if open_now else ()
    services, awake = known.services, policies.awake_since
    for service in site.services.values():
        if service.backup_to is None:  # somebody else's work
            continue
        of = services.get(service.id, UNKNOWN)
        at = _still_calm(site.id, service, of, awake, now)
        if at is None or service.id in troubled:
            view = View(
                state=state,
                site=site,
                service=service,
                known=of,
                open=open_now,
                now=now,
                awake_since=awake,
            )
            one = view.look()
            at = one.until
            if one.held or one.chronic or one.away:
                looked.append((view, one))
            else:
                _remember(site.id, view, one)
        if at is not None and (until is None or at < until):
            until = at
    return (list(_causes(looked, open_now)) if looked else []), until


def _still_calm(
    site: str, service: Service, known: ServiceState, awake: datetime | None, now: datetime
) -> datetime | None:
    """Return until when a service is known to be well; None where it must be looked at."""
    calm = _calm.get((site, service.id))
    series = known.backups
    if (
        calm is not None
        and calm.service is service
        and calm.last is series.last
        and calm.answered is series.answered
        and calm.complete is known.complete
        and calm.awake_since == awake
        and calm.until is not None
        and calm.at <= now < calm.until
    ):
        return calm.until
    return None


def _remember(site: str, view: View, looked: Looked) -> None:
    _calm[site, view.service.id] = Calm(
        service=view.service,
        last=view.known.backups.last,
        answered=view.known.backups.answered,
        complete=view.known.complete,
        awake_since=view.awake_since,
        at=view.now,
        until=looked.until,
    )


def _causes(
    looked: Iterable[tuple[View, Looked]], open_now: Mapping[str, Incident]
) -> Iterable[Held]:
    """Yield what holds; a repository that does not answer explains all of its services."""
    away: dict[str, list[View]] = {}
    for view, one in looked:
        if one.away is not None:
            away.setdefault(one.away, []).append(view)
    gone = {
        repository: views
        for repository, views in away.items()
        if any(view.known.backups.failures >= HICCUPS for view in views)
        or f"{views[0].site.id}//{_unreachable(repository)}" in open_now
    }
    for repository, views in gone.items():
        yield _gone(repository, views)
    for _, one in looked:
        if one.held and one.away not in gone:
            yield one.held
        if one.chronic:
            yield one.chronic


def _gone(repository: str, views: list[View]) -> Held:
    tried = [view.known.backups.answered for view in views]
    last = max((run for run in tried if run), key=lambda run: run.started_at)
    names = ", ".join(view.service.id for view in views)
    return Held(
        site=views[0].site.id,
        service="",
        condition=_unreachable(repository),
        criticality=min(view.service.criticality for view in views),
        summary=f"no backup of {names}: {last.error or f'{repository} does not answer'}",
        remedy=last.remedy,
        evidence=last.run,
        predicted_breach_at=min((v.breach for v in views if v.breach), default=None),
    )


def _unreachable(repository: str) -> str:
    return f"{Condition.REPOSITORY_UNREACHABLE}-{repository}"


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

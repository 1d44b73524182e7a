"""Which upkeep of repositories to start now: read a part, extend locks, thin out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.core.decide.actions import StartUpkeep
from orchestrator.core.decide.starts.occupied import address, in_use, shut, wanted_by
from orchestrator.core.decide.starts.readings import Reading, reading
from orchestrator.core.decide.starts.retaining import (
    LetGo,
    doubted_until,
    let,
    retention,
    suspected,
)
from orchestrator.core.decide.starts.turns import LONG_AGO, Turn, backoff, endless, key
from orchestrator.core.decide.starts.working import is_paused
from orchestrator.core.events import Outcome, RunKind
from orchestrator.core.policy.model import Adopted
from orchestrator.core.schedule import of_readings, of_relocks, of_retention
from orchestrator.core.state import RepositoryState, Series, SiteState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from orchestrator.core.decide.actions import Policies, StartBackup, StartCopy, StartDrill
    from orchestrator.core.policy.model import Repository, Site
    from orchestrator.core.schedule import Schedule
    from orchestrator.core.state import Run, State

# At once, each kind in lanes of its own, in the order in which they choose. A prune holds the index
# of a repository in memory.
LANES = {RunKind.RELOCK: 1, RunKind.RETAIN: 2, RunKind.VERIFY: 1}
AGAIN = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60))
NOTHING, UNKNOWN, NEVER = SiteState(), RepositoryState(), Series()


@dataclass(slots=True)
class _Plan:
    """What the policy wants done to a repository; `ours`: our runs write to it.

    Mostly it lies ahead, and rests on what never changes: `at` is remembered as it was found at
    `seen`, from what was `known` of the repository after event `seq`.
    """

    repository: Repository
    kind: RunKind
    when: Schedule
    ours: bool
    within: timedelta = timedelta(0)  # in which all is to be read
    known: RepositoryState | None = None
    seq: int = 0
    seen: datetime = LONG_AGO
    at: datetime = LONG_AGO


class _Due(NamedTuple):
    """An upkeep to start, in the order in which they are: what waits for longest first."""

    since: datetime
    site: str
    repository: str
    address: str
    start: StartUpkeep


Owed = Turn | Reading | LetGo
_plans: dict[str, tuple[Site, tuple[_Plan, ...]]] = {}


def upkeep(
    state: State,
    policies: Policies,
    now: datetime,
    starting: Iterable[StartBackup | StartCopy | StartDrill] = (),
) -> tuple[list[StartUpkeep], datetime | None]:
    """Return the upkeep to start now, and when the next comes if nothing happens before.

    `starting`: what starts in this same instant, and uses repositories as well.
    """
    free = dict(LANES)
    for run in state.open.values():
        if run.kind in free:
            free[run.kind] -= 1
    why = suspected(state, now).keys()
    due: dict[RunKind, list[_Due]] = {kind: [] for kind in LANES}
    trusted_at = doubted_until(state)
    ahead = [trusted_at] if why and trusted_at is not None and trusted_at > now else []
    for site, plan, known in _promised(state, policies):
        if plan.known is known and plan.seq == known.seq and plan.seen <= now < plan.at:
            ahead.append(plan.at)
            continue
        stands_back = plan.kind is RunKind.RETAIN and not why.isdisjoint(("", site.id))
        if stands_back or free[plan.kind] <= 0:  # the end of that wakes us
            continue
        owed = _owed(state, site, plan, known, now)
        if owed.at <= now:
            due[plan.kind].append(_due(site, plan, known, owed, now))
            continue
        ahead.append(owed.at)
        if known.retained is None or not known.retained.held:  # which a person may let go
            plan.known, plan.seq, plan.seen, plan.at = known, known.seq, now, owed.at
    return _admitted(state, policies, due, free, starting), min(ahead, default=None)


def _promised(state: State, policies: Policies) -> Iterator[tuple[Site, _Plan, RepositoryState]]:
    """Yield what the policies want done, wherever there is something to do it to."""
    for site in policies.sites.values():
        made = _plans.get(site.id)
        if made is None or made[0] is not site:
            made = _plans[site.id] = (site, tuple(_planned(site)))
        if made[1]:
            stands_still = is_paused(state, site.id)
            repositories = state.sites.get(site.id, NOTHING).repositories
            for plan in made[1]:
                if stands_still and plan.kind is not RunKind.RELOCK:
                    continue
                known = repositories.get(plan.repository.id, UNKNOWN)
                if known.since is not None or not plan.ours:
                    yield site, plan, known


def _planned(site: Site) -> Iterator[_Plan]:
    services = site.services.values()
    ours = {name for one in services for name in (one.backup_to, *one.copy_to) if name}
    specs = [source.spec for one in services for source in one.sources]
    theirs = {spec.repository for spec in specs if isinstance(spec, Adopted)}
    for name, repository in site.repositories.items():
        whens = {RunKind.VERIFY: of_readings(site, name) if name in ours | theirs else None}
        if name in ours:
            whens[RunKind.RELOCK] = of_relocks(site, repository)
            whens[RunKind.RETAIN] = of_retention(site, repository)
        for kind, when in whens.items():
            if when is not None:
                within = site.read_all_within or timedelta(0)
                yield _Plan(repository, kind, when, name in ours, within)


def patience(series: Series, last: Run) -> timedelta:
    """Return how long to wait before locks are extended again; a run cut short is, at once."""
    if last.outcome == Outcome.INTERRUPTED:
        cut = series.interruptions
        return backoff(cut - 1, AGAIN) if cut > 1 else timedelta(0)
    return backoff(max(series.failures, 1), AGAIN)


def _owed(state: State, site: Site, plan: _Plan, known: RepositoryState, now: datetime) -> Owed:
    match plan.kind:
        case RunKind.VERIFY:
            return reading(plan.repository, plan.within, plan.when, known, now)
        case RunKind.RELOCK:
            series = known.series.get(plan.kind, NEVER)
            return endless(plan.when, series, now, patience)
        case _:
            freed = let(state, site, plan.repository.id, known, now)
            return freed or retention(site, plan.when, known, now)


def _due(site: Site, plan: _Plan, known: RepositoryState, owed: Owed, now: datetime) -> _Due:
    name = plan.repository.id
    slot = (now if owed.slot == LONG_AGO else owed.slot).replace(microsecond=0)
    start = StartUpkeep(
        site=site.id,
        repository=name,
        kind=plan.kind,
        slot=slot,
        key=f"{name} {key(slot, known.series.get(plan.kind, NEVER))}",
    )
    if isinstance(owed, Reading):
        start = replace(start, part=owed.part, parts=owed.parts)
    elif isinstance(owed, LetGo):
        start = replace(start, allowed=owed.allowed)
    return _Due(owed.since, site.id, name, address(site, name), start)


def _admitted(
    state: State,
    policies: Policies,
    due: dict[RunKind, list[_Due]],
    free: dict[RunKind, int],
    starting: Iterable[StartBackup | StartCopy | StartDrill],
) -> list[StartUpkeep]:
    """Give the free lanes to the first ones; what thins a repository out is alone with it."""
    closed = shut(state, policies)
    used = frozenset(wanted_by(starting, policies)) if due[RunKind.RETAIN] else frozenset()
    if due[RunKind.RETAIN]:
        used |= in_use(state, policies)
    starts: list[StartUpkeep] = []
    for kind in LANES:
        for one in sorted(due[kind], key=lambda one: one[:3]):
            alone = kind is RunKind.RETAIN
            if free[kind] <= 0 or one.address in closed or (alone and one.address in used):
                continue
            free[kind] -= 1
            used |= {one.address}
            closed |= {one.address} if alone else frozenset()
            starts.append(one.start)
    return starts

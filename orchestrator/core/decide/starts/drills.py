"""Which drill to start now: by the policy's crons, and where a proof needs it. One at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.core.decide.actions import StartDrill
from orchestrator.core.decide.starts.occupied import address, shut
from orchestrator.core.decide.starts.proofs import DAY, PROOF, SCENARIO, wanted
from orchestrator.core.decide.starts.turns import AHEAD, LONG_AGO, Turn, Turns, backoff, key
from orchestrator.core.decide.starts.working import working
from orchestrator.core.events import Outcome, RunKind
from orchestrator.core.policy.model import External
from orchestrator.core.schedule import of_drill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from orchestrator.core.decide.actions import Policies
    from orchestrator.core.decide.starts.proofs import Wanted
    from orchestrator.core.policy.model import DrillPlan, Site
    from orchestrator.core.state import Run, Series, ServiceState, State

HOUR = timedelta(hours=1)
TRIES = 4  # the first and three more
# A drill that is always cut short may be what cuts it short: it takes memory and disk.
AGAIN = (timedelta(minutes=15), HOUR, 6 * HOUR, 24 * HOUR)


class Due(NamedTuple):
    """A drill to start: the one that is due for longest goes first."""

    since: datetime
    site: str
    drill: str
    start: StartDrill


class Awaited(NamedTuple):
    """A drill that belongs elsewhere, whose slot has passed without news of it."""

    site: str
    drill: str
    slot: datetime


def patience(series: Series, last: Run) -> timedelta | None:
    """Return how long to wait before a drill is tried again; None: not for this slot."""
    if last.outcome == Outcome.INTERRUPTED:
        cut = series.interruptions
        return backoff(cut - 1, AGAIN) if cut > 1 else timedelta(0)
    return HOUR if series.failures % TRIES else None


_turns = Turns(patience)


def drills(
    state: State, policies: Policies, now: datetime
) -> tuple[list[StartDrill], datetime | None]:
    """Return the drill to start now, and when the next one comes if nothing happens before."""
    if any(run.kind is RunKind.DRILL for run in state.open.values()):
        return [], None  # its end wakes us
    due: list[Due] = []
    later: list[datetime] = []
    closed = shut(state, policies)
    for site in working(state, policies):
        if closed and any(address(site, name) in closed for name in site.repositories):
            continue  # the same
        for at, one in _asked(state, site, policies.place, now):
            if one is None:
                later.append(at)
            else:
                due.append(one)
    first = min(due, key=lambda one: one[:3], default=None)
    return [] if first is None else [first.start], min(later, default=None)


def awaited(state: State, policies: Policies, now: datetime) -> list[Awaited]:
    """Return the drills elsewhere whose newest slot some service has had no drill since.

    A service counts from its first usable point on; a service that somebody else backs up, from
    its first drill on.
    """
    return [
        Awaited(site.id, plan.name, slot)
        for site in policies.sites.values()
        for plan in site.drills or ()
        if plan.where not in {None, policies.place}
        and (slot := of_drill(site, plan).newest(now)) is not None
        and not _has_news(state, site, plan, slot)
    ]


def _asked(
    state: State, site: Site, place: str, now: datetime
) -> Iterator[tuple[datetime, Due | None]]:
    """Yield from when on each drill of a site is due, and those that are."""
    for plan in site.drills or ():
        if plan.where in {None, place}:
            owed = _by_cron(state, site, plan, now)
            if owed is not None:
                yield owed.at, _of_cron(state, site, plan, owed) if owed.at <= now else None
    need = wanted(state, site, place, now, patience)
    if need is not None:
        yield need.at, _of_proof(state, site, need, now) if need.at <= now else None


def _by_cron(state: State, site: Site, plan: DrillPlan, now: datetime) -> Turn | None:
    series = state.drill(site.id, plan.name)
    owed = _turns.next(site, plan.name, plan, series, now)
    if owed is None or owed.at > now:
        return owed
    if all(isinstance(s.sources[0].spec, External) for s in site.services.values()):
        return None
    if series.last is None and not _began_before(state, site, owed.slot):
        # What was due before there was anything to drill is not owed.
        following = of_drill(site, plan).following(now)
        return None if following is None else Turn(following, following, following)
    return owed


def _of_cron(state: State, site: Site, plan: DrillPlan, owed: Turn) -> Due:
    start = StartDrill(
        site=site.id,
        drill=plan.name,
        scenario=plan.scenario,
        services=(),
        slot=owed.slot,
        key=f"{plan.name} {key(owed.slot, state.drill(site.id, plan.name))}",
        point=plan.point,
    )
    return Due(owed.since, site.id, plan.name, start)


def _of_proof(state: State, site: Site, need: Wanted, now: datetime) -> Due:
    last = state.drill(site.id, PROOF).last
    start = StartDrill(
        site=site.id,
        drill=PROOF,
        scenario=SCENARIO,
        services=need.services,
        slot=now.replace(second=0, microsecond=0) if need.since == LONG_AGO else need.since,
        key=f"{PROOF} after {last.run if last else '-'}",
    )
    # One that is tried day after day lets the others go first.
    since = max(need.since, last.started_at + DAY) if last else need.since
    return Due(since, site.id, PROOF, start)


def _began_before(state: State, site: Site, slot: datetime) -> bool:
    """Say whether something of the site could be drilled at that instant."""
    return any(_was_known(state.service(site.id, name), slot) for name in site.services)


def _was_known(known: ServiceState, slot: datetime) -> bool:
    drilled = (proofs.drilled.started_at for proofs in known.proofs.values() if proofs.drilled)
    since = known.since or min(drilled, default=None)
    return since is not None and since <= slot


def _has_news(state: State, site: Site, plan: DrillPlan, slot: datetime) -> bool:
    """Say whether each service was drilled since, wherever; clocks elsewhere may be behind."""
    for name in site.services:
        known = state.service(site.id, name)
        drilled = state.proofs(site.id, name, plan.scenario).drilled
        told = drilled is not None and drilled.started_at >= slot - AHEAD
        if not told and _was_known(known, slot):
            return False
    return True

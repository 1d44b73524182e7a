"""Which backups to start now: the newest slot of each service, once, in a fair order."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.core.decide.actions import StartBackup
from orchestrator.core.decide.starts.occupied import address, shut
from orchestrator.core.decide.starts.turns import Turns, backoff, key
from orchestrator.core.decide.starts.working import working
from orchestrator.core.events import Outcome, RunKind
from orchestrator.core.schedule import of_backups
from orchestrator.core.state import Series, SiteState

if TYPE_CHECKING:
    from orchestrator.core.decide.actions import Policies
    from orchestrator.core.policy.model import Service, Site
    from orchestrator.core.state import Run, State

LANES = 4
RESERVED = 1  # of them, for what comes every hour or more: a first upload may take a week
NOTHING, NEVER = SiteState(), Series()
AGAIN = tuple(timedelta(minutes=minutes) for minutes in (1, 2, 5, 10, 15))


class Due(NamedTuple):
    """A backup to start, in the order in which they are: what waits for longest first."""

    since: datetime
    criticality: str
    site: str
    service: str
    slot: datetime
    series: Series


def patience(series: Series, last: Run) -> timedelta:
    """Return how long to wait before a backup is tried again.

    One that was cut short is tried again at once, for the first time: a crash is nobody's fault.
    """
    if last.outcome == Outcome.INTERRUPTED:
        cut = series.interruptions
        return backoff(cut - 1, AGAIN) if cut > 1 else timedelta(0)
    return backoff(max(series.failures, 1), AGAIN)


_turns = Turns(patience)


def backups(
    state: State, policies: Policies, now: datetime
) -> tuple[list[StartBackup], datetime | None]:
    """Return the backups to start now, and when the next one comes if nothing happens before."""
    running = [run for run in state.open.values() if run.kind is RunKind.BACKUP]
    busy = {(run.site, run.service) for run in running}
    closed = shut(state, policies)
    due: list[Due] = []
    wake_at: datetime | None = None
    for site in working(state, policies):
        known = state.sites.get(site.id, NOTHING).services
        for name, service in site.services.items():
            series = known[name].backups if name in known else NEVER
            owed = _turns.next(site, name, service, series, now)
            if owed is None or (site.id, name) in busy:  # the end of a run wakes us
                continue
            if closed and address(site, service.backup_to) in closed:
                continue  # the same
            if owed.at <= now:
                due.append(Due(owed.since, service.criticality, site.id, name, owed.slot, series))
            elif wake_at is None or owed.at < wake_at:
                wake_at = owed.at
    return _admitted(sorted(due, key=lambda one: one[:4]), running, policies), wake_at


def next_due(state: State, site: Site, service: Service, now: datetime) -> datetime | None:
    """Return the slot or the retry that comes next; it lies in the past where a backup is late.

    None where nothing is scheduled. While a backup runs it is the slot after now.
    """
    mine = (RunKind.BACKUP, site.id, service.id)
    if any((run.kind, run.site, run.service) == mine for run in state.open.values()):
        when = of_backups(site, service)
        return when.following(now) if when else None
    series = state.service(site.id, service.id).backups
    owed = _turns.next(site, service.id, service, series, now)
    return owed.at if owed else None


def _admitted(due: list[Due], running: list[Run], policies: Policies) -> list[StartBackup]:
    """Give the free lanes to the first ones; the last lane only to what is frequent."""
    if not due:
        return []
    free = LANES - len(running)
    slow = (
        LANES
        - RESERVED
        - sum(
            not is_frequent(policies, run.site, run.service, run.slot or run.started_at)
            for run in running
        )
    )
    starts: list[StartBackup] = []
    for one in due:
        if free <= 0:
            break
        frequent = is_frequent(policies, one.site, one.service, one.slot)
        if not frequent and slow <= 0:
            continue
        slow -= not frequent
        free -= 1
        unique = key(one.slot, one.series)
        starts.append(StartBackup(site=one.site, service=one.service, slot=one.slot, key=unique))
    return starts


def is_frequent(policies: Policies, site: str, service: str, at: datetime) -> bool:
    """Say whether a service is backed up every hour or more often around an instant."""
    of = policies.sites.get(site)
    known = of.services.get(service) if of else None
    when = of_backups(of, known) if of and known else None
    slot = when.newest(at) if when else None
    return when is not None and slot is not None and when.is_frequent(slot)

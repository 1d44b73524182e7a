"""Where copies are and how old, and what of a repository matters now. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.decide.wrong.conditions import Condition
from orchestrator.reports.page_line import clean
from orchestrator.reports.words import SCENARIOS, duration, when

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from orchestrator.core.standing import CopyStatus, RepositoryStatus, ServiceStatus, SiteStatus
    from orchestrator.core.state import Incident


# While one of these is open, nobody is to copy anything there by hand.
OF_RUNS = (Condition.REPOSITORY_LOST, Condition.REPOSITORY_REFUSED, Condition.REPOSITORY_DAMAGED)
OF_UPKEEP = (Condition.REPOSITORY_DAMAGED, Condition.VERIFY_OVERDUE, Condition.LOCK_WEAK)


def is_of(incident: Incident, repository: str, conditions: tuple[Condition, ...]) -> bool:
    """Whether an incident is one of these, of this repository."""
    return any(incident.condition == f"{one}-{repository}" for one in conditions)


def copied(site: SiteStatus, service: ServiceStatus, now: datetime) -> Iterator[str]:
    """Yield where a service's copies are and how old, and what a failure loses because of it."""
    if service.copies:
        told = "; ".join(_copy(one, site.timezone, now) for one in service.copies)
        yield f"{service.id}: copies: {told}."
    for one in service.copies:
        rpo, lost = one.rpo, one.lost(now)
        if rpo is None or service.data_time is None or (lost is not None and lost <= rpo):
            continue
        after = ", ".join(SCENARIOS[scenario] for scenario in one.scenarios)
        loses = "everything" if lost is None else duration(lost)
        shut = any(is_of(i, one.repository, OF_RUNS) for i in site.incidents)
        todo = "" if shut else f": run `pra repo copy {site.site}`"
        yield f"{service.id}, {after}: loses {loses}, promised {duration(rpo)}{todo}."


def _copy(one: CopyStatus, zone: str, now: datetime) -> str:
    if one.data_time is None:
        return f"{one.repository}: none yet"
    at = when(one.data_time, zone)
    today, _, clock = at.partition(" ")
    said = clock if when(now, zone).startswith(today) else at
    behind = f"{duration(one.lag)} behind" if one.lag else "all that there is"
    return f"{one.repository}: {said}, {behind}"


def kept(site: SiteStatus, one: RepositoryStatus, now: datetime) -> Iterator[str]:
    """Yield what is not as it should be in a repository, and is no incident yet."""
    told = {c for c in OF_UPKEEP for i in site.incidents if is_of(i, one.id, (c,))}
    if one.damaged and Condition.REPOSITORY_DAMAGED not in told:
        more = f" (and {len(one.damaged) - 1} more)" if len(one.damaged) > 1 else ""
        yield f"{one.id}: DAMAGED: {clean(one.damaged[0])}{more}. {one.remedy}".rstrip()
    unread, left = one.unread(now), one.unlocked(now)
    if unread is not None and one.within is not None and Condition.VERIFY_OVERDUE not in told:
        yield (
            f"{one.id}: some of it was not read for {duration(unread)}, "
            f"promised within {duration(one.within)}."
        )
    if left is not None and one.locked_until is not None and Condition.LOCK_WEAK not in told:
        ends = f"ends {when(one.locked_until, site.timezone)}"
        yield f"{one.id}: a lock {ends if left > timedelta() else 'has ended'}."

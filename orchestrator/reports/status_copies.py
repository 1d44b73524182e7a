"""Where copies are and how old, and what of a repository matters now. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.reports.page_line import clean
from orchestrator.reports.words import SCENARIOS, duration, when

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from orchestrator.core.standing import CopyStatus, RepositoryStatus, ServiceStatus, SiteStatus


def copied(site: SiteStatus, service: ServiceStatus, now: datetime) -> Iterator[str]:
    """Yield where a service's copies are and how old, and what a failure loses because of it."""
    if service.copies:
        told = "; ".join(_copy(one, site.timezone, now) for one in service.copies)
        yield f"{service.id}: copies: {told}."
    for one in service.copies:
        rpo = service.rpo_in(one.repository)
        lost = None if one.data_time is None else max(now - one.data_time, timedelta())
        if rpo is None or (lost is not None and lost <= rpo):
            continue
        rests = [s for s in service.scenarios if s.repository == one.repository]
        worst = [s for s in rests if s.promised and s.promised.rpo == rpo]
        after = ", ".join(SCENARIOS[s.scenario] for s in worst)
        loses = "everything" if lost is None else duration(lost)
        yield (
            f"{service.id}, {after}: loses {loses}, promised {duration(rpo)}: "
            f"run `pra repo copy {site.site}`."
        )


def _copy(one: CopyStatus, zone: str, now: datetime) -> str:
    if one.data_time is None:
        return f"{one.repository}: none yet"
    at = when(one.data_time, zone)
    today, _, clock = at.partition(" ")
    said = clock if when(now, zone).startswith(today) else at
    behind = f"{duration(one.lag)} behind" if one.lag else "all that there is"
    return f"{one.repository}: {said}, {behind}"


def kept(site: SiteStatus, one: RepositoryStatus, now: datetime) -> Iterator[str]:
    """Yield what is not as it should be in a repository; nothing where all is well."""
    if one.damaged:
        more = f" (and {len(one.damaged) - 1} more)" if len(one.damaged) > 1 else ""
        yield (
            f"{one.id}: DAMAGED: {clean(one.damaged[0])}{more}: "
            f"run `pra repo repair {site.site} --repository {one.id}`."
        )
    unread, left = one.unread(now), one.unlocked(now)
    if unread is not None and one.within is not None:
        yield (
            f"{one.id}: some of it was not read for {duration(unread)}, "
            f"promised within {duration(one.within)}."
        )
    if left is not None and one.locked_until is not None:
        ends = f"ends {when(one.locked_until, site.timezone)}"
        yield f"{one.id}: a lock {ends if left > timedelta() else 'has ended'}."

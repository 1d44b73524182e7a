"""When a site works: its hours less its closures and public holidays."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from orchestrator.core.policy.holidays import days_off
from restore_drills.calendar import Calendar

if TYPE_CHECKING:
    from orchestrator.core.policy.model import Site


def calendar(site: Site, *, start: date, end: date) -> Calendar:
    """Return the site's calendar; its closed days are known from start to end, both included."""
    business = site.business
    closed: set[date] = set()
    if business.holidays:
        for year in range(start.year, end.year + 1):
            closed |= days_off(business.holidays, year)
    for first, last in business.closed:
        begin, stop = max(first, start), min(last, end)
        closed |= {begin + timedelta(days=n) for n in range((stop - begin).days + 1)}
    return Calendar(
        timezone=site.timezone,
        hours=business.hours,
        closed=frozenset(day for day in closed if start <= day <= end),
    )

"""The calendars of the sites as of now, each made once a day: holidays cost milliseconds."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.policy.calendar import calendar

if TYPE_CHECKING:
    from datetime import date, datetime

    from orchestrator.core.policy.model import Site
    from restore_drills.calendar import Calendar

AROUND = timedelta(days=63)  # how far ahead an opening is looked for, and a little behind
_made: dict[str, tuple[Site, date, Calendar]] = {}


def hours_of(site: Site, now: datetime) -> Calendar:
    """Return a site's calendar, its holidays known for two months around `now`."""
    today = now.date()
    known = _made.get(site.id)
    if known is None or known[0] is not site or known[1] != today:
        made = calendar(site, start=today - AROUND, end=today + AROUND)
        known = _made[site.id] = (site, today, made)
    return known[2]

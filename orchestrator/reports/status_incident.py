"""An open incident, as the page of a status tells it. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.reports.causes import another
from orchestrator.reports.page_line import clean
from orchestrator.reports.words import ago, duration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from orchestrator.core.state import Incident, Run


def told(one: Incident, now: datetime, last: Run | None = None, site: str = "") -> Iterator[str]:
    """What is broken, and the first thing to do; `last`: the service's last backup."""
    where = "/".join(filter(None, (site, one.service)))
    what = f"{where}, {one.condition}" if where else one.condition
    seen = f"acknowledged by {one.acknowledged_by}" if one.acknowledged_by else "nobody has it yet"
    since = duration(max(now - one.opened_at, timedelta()))
    yield f"INCIDENT {one.id}: {one.criticality} {what}, for {since}, {seen}"
    newer = another(one, last)
    yield f"  {clean(one.summary)}"
    if newer is not None:
        yield f"  now: {clean(newer.error or '')}"
    breach = one.predicted_breach_at
    if breach is not None:
        soon = f"breaks in {duration(breach - now)}"
        yield f"  its promise {f'broke {ago(breach, now)}' if breach <= now else soon}"
    if remedy := newer.remedy if newer else one.remedy:
        yield f"  do first: {clean(remedy)}"
    if not one.acknowledged_by:
        yield f"  take it: `pra ack {one.id}`"

"""When the disaster of a drill was, and which points are mistrusted under it. Pure."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from orchestrator.core.policy.values import written
from restore_drills.model import FIRST_SUSPECTED, LATEST, Finding, Scenario, Severity, Suspect

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from orchestrator.core.plan import Memory, Request
    from orchestrator.core.policy.model import Site

AT, RANDOM = "at", "random-within-"
NONE = timedelta()


def instant(
    site: Site,
    request: Request,
    memory: Memory,
    homes: Iterable[tuple[str, str | None]],
    now: datetime,
) -> tuple[datetime | None, str]:
    """Return T0, None for the instant at which the drill starts, and how it was chosen.

    Under ransomware it is the data time of the first point that is suspected and that nobody has
    judged, where there is one. `homes`: each service and the repository that it is drilled from; no
    instant is drawn that lies before their first points.
    """
    first = None
    if request.scenario is Scenario.RANSOMWARE:
        every = (one for name in site.services for one in suspects(memory, name))
        first = min((one.since for one in every if one.until is None), default=None)
    if first is not None and first <= (request.t0 or now):
        return first, FIRST_SUSPECTED
    if request.t0 is not None:
        return request.t0, AT
    if request.within is None:
        return None, LATEST
    known = [memory.since(service, repository) for service, repository in homes]
    begin = max([now - request.within, *(at for at in known if at is not None)])
    lot = random.Random(request.run)  # noqa: S311 - a drill is told again by its run
    instant_drawn = now - max(now - begin, NONE) * lot.random()
    return instant_drawn, f"{RANDOM}{written(request.within)}"


def drawn(site: Site, t0: datetime | None, point: str) -> list[Finding]:
    """Say which instant a lot has chosen."""
    if t0 is None or not point.startswith(RANDOM):
        return []
    local = t0.astimezone(ZoneInfo(site.timezone))
    return [
        Finding(
            code="instant-drawn",
            severity=Severity.INFO,
            message=f"the disaster was set by lot to {local:%Y-%m-%d %H:%M:%S} "
            f"({site.timezone}), {point}: old points are proven too",
            remedy=f"To drill the same one again: --at {t0.isoformat(timespec='seconds')}",
        )
    ]


def suspects(memory: Memory, service: str) -> tuple[Suspect, ...]:
    """Return the periods of a service that are mistrusted, as the log has them."""
    return tuple(
        Suspect(
            run=one.run,
            since=one.since,
            why="; ".join(sign.detail for sign in one.signs),
            until=one.until,
        )
        for one in memory.suspicions(service)
        if not one.cleared
    )


def unusual(memory: Memory, service: str) -> Suspect | None:
    """Return the change of a service that nobody has judged yet: its points are used, and told."""
    one = memory.unusual(service)
    if one is None or one.data_time is None:
        return None
    why = "; ".join(sign.detail for sign in one.signs)
    return Suspect(run=one.run, since=one.data_time, why=why)


def acquitted(memory: Memory, service: str) -> frozenset[str]:
    """Return the runs that were found sound: by a person, or by the log when they were made."""
    cleared = {one.run for one in memory.suspicions(service) if one.cleared}
    return frozenset(cleared | set(memory.sound(service)))

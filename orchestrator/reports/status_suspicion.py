"""What a status says of points that are suspected, or of an unusual change. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.core.codec import timestamp
from orchestrator.core.decide.wrong.conditions import stem
from orchestrator.reports.page_suspicion import OF_SUSPICION
from orchestrator.reports.words import ago, when

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from orchestrator.core.standing import ServiceStatus, SiteStatus
    from orchestrator.core.suspicion import Doubted


def suspected(
    site: SiteStatus, service: ServiceStatus, doubted: Doubted, now: datetime
) -> Iterator[str]:
    """Yield since when, what was seen, and the last clean point."""
    since = f"{when(doubted.since, site.timezone)} ({ago(doubted.since, now)})"
    clean = doubted.clean
    before = "there is no point before it"
    if clean is not None and clean.data_time is not None:
        at = f"{when(clean.data_time, site.timezone)} ({ago(clean.data_time, now)})"
        before = f"of {at}, in {', '.join(doubted.places)}, run {clean.run}"
    if doubted.grave:
        yield (
            f"{service.id}: SUSPECTED since {since}: restore nothing onto this machine, do not"
            f" switch off, isolate; see {_where(site, service)}."
        )
        yield f"{service.id}: the last clean point: {before}."
    else:
        look = _where(site, service)
        yield f"{service.id}: changed in an unusual way, {since}: look at it, see {look}."
        yield f"{service.id}: the last point before that: {before}."
    for sign in doubted.signs:
        yield f"{service.id}: seen: {sign.detail}."


def _where(site: SiteStatus, service: ServiceStatus) -> str:
    """Return the command that tells the rest: where nobody watches, no incident is open."""
    for one in site.incidents:
        if one.service == service.id and stem(one.condition)[0] in OF_SUSPICION:
            return f"`pra show {one.id}`"
    return f"`pra snapshots {site.site} {service.id}`"


def document(doubted: Doubted | None) -> dict[str, Any] | None:
    """Return the same for a program; None where nothing is in doubt."""
    if doubted is None:
        return None
    clean = doubted.clean
    data = clean.data_time if clean else None
    return {
        "since": timestamp(doubted.since),
        "suspected": doubted.grave,
        "signs": [{"word": sign.word, "detail": sign.detail} for sign in doubted.signs],
        "last_clean": {
            "run": clean.run,
            "repository": clean.repository,
            "repositories": list(doubted.places),
            "data_time": timestamp(data) if data else None,
        }
        if clean
        else None,
    }

"""What a status says of points that are suspected, or of an unusual change. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.core.codec import timestamp
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
            " switch off, isolate; see `pra incidents`."
        )
        yield f"{service.id}: the last clean point: {before}."
    else:
        yield f"{service.id}: changed in an unusual way, {since}: look, then `pra incidents`."
        yield f"{service.id}: the last point before that: {before}."
    for sign in doubted.signs:
        yield f"{service.id}: seen: {sign.detail}."


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

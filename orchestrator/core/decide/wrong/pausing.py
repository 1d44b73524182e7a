"""What a pause makes of a site's conditions: what is late because of it is calm. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from orchestrator.core.decide.wrong.conditions import Condition, Held, stem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from orchestrator.core.policy.model import Site
    from orchestrator.core.state import Incident, Pause, SiteState

LONG = timedelta(hours=24)  # then somebody is told that a site stands still
CAUGHT_UP = timedelta(hours=24)  # after it went on: until then proofs may be made up for
SOON = timedelta(microseconds=1)  # the rules say "longer than"
CRITICALITY = "P3"
OF_PROOF = {Condition.PROOF_EXPIRED, Condition.EVIDENCE_OVERDUE}
LATE = {
    Condition.BACKUP_OVERDUE,
    Condition.RPO_AT_RISK,
    Condition.COPY_LAGS,
    Condition.VERIFY_OVERDUE,
    *OF_PROOF,
}


def calmed(
    site: Site,
    known: SiteState,
    held: Iterable[Held],
    open_now: Mapping[str, Incident],
    now: datetime,
) -> tuple[list[Held], datetime | None]:
    """Return what of a site's conditions is told, and when time alone may change it.

    While it is paused nothing that is merely late is opened or hurried; what is open stays so.
    """
    pause = known.paused
    if pause is None:
        return _after(known.resumed, held, open_now, now)
    told = [
        replace(one, predicted_breach_at=None)
        for one in held
        if one.key in open_now or stem(one.condition)[0] not in LATE
    ]
    if now > pause.at + LONG:
        return [*told, _long(site, pause)], None
    return told, pause.at + LONG + SOON


def awake_since(known: SiteState, since: datetime | None) -> datetime | None:
    """Return since when work can be made up for: the daemon's beginning, or a pause's end."""
    return max([at for at in (since, known.resumed) if at is not None], default=None)


def _after(
    resumed: datetime | None,
    held: Iterable[Held],
    open_now: Mapping[str, Incident],
    now: datetime,
) -> tuple[list[Held], datetime | None]:
    """Leave the drills that a pause made late a day before their proofs are called expired."""
    told = list(held)
    if resumed is None or not resumed <= now <= resumed + CAUGHT_UP:
        return told, None
    told = [o for o in told if o.key in open_now or stem(o.condition)[0] not in OF_PROOF]
    return told, resumed + CAUGHT_UP + SOON


def _long(site: Site, pause: Pause) -> Held:
    since = pause.at.astimezone(ZoneInfo(site.timezone))
    return Held(
        site=site.id,
        service="",
        condition=Condition.SITE_PAUSED.value,
        criticality=CRITICALITY,
        summary=f"{site.id} is paused since {since:%Y-%m-%d %H:%M} by {pause.by}: {pause.reason}; "
        "nothing is backed up, copied, verified or drilled there by itself",
        remedy=f"Let it go on with `pra resume {site.id}`, with --anew where its machine was "
        "rebuilt.",
        evidence=pause.event,
    )

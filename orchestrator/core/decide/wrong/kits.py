"""Whether a site's recovery kit would do tonight: there is one, of today's keys, and opened. Pure.

A kit is wanted where the policy promises something for a burglary, or drills one, and a repository
is offsite; and wherever one was ever made.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.codec import timestamp
from orchestrator.core.decide.wrong.conditions import Condition, Held
from orchestrator.core.kit.fingerprint import REVOKED
from orchestrator.core.policy.model import Location
from restore_drills.model import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from orchestrator.core.policy.model import Site
    from orchestrator.core.state import Kit, Observation, SiteState

CRITICALITY = "P3"
MADE_WITHIN = timedelta(days=14)  # of the first usable point offsite
OPENED_WITHIN = timedelta(days=35)  # of the export, by each holder
OPENED_EVERY = timedelta(days=400)
SOON = timedelta(microseconds=1)  # the rules say "longer than"


def is_wanted(site: Site, known: SiteState) -> bool:
    """Whether the site's people would miss a kit."""
    if known.kit is not None:
        return True
    promised = any(Scenario.BURGLARY in one.objectives for one in site.services.values())
    drilled = any(plan.scenario is Scenario.BURGLARY for plan in site.drills or ())
    return (promised or drilled) and any(
        one.location is Location.OFFSITE for one in site.repositories.values()
    )


def lacking(
    site: Site, known: SiteState, observed: Mapping[str, Observation], now: datetime
) -> tuple[Held | None, datetime | None]:
    """Return that the kit would not do, and when time alone may change the answer."""
    if not is_wanted(site, known):
        return None, None
    said = list(doubts(site, known, observed, now))
    later = [at for at in _moments(site, known) if at > now]
    if not said:
        return None, min(later, default=None)
    kit = known.kit
    held = Held(
        site=site.id,
        service="",
        condition=Condition.KIT_STALE.value,
        criticality=CRITICALITY,
        summary=f"if all were lost tonight, the recovery kit would not do: {'; '.join(said)}",
        remedy=_remedy(site, known, observed, now),
        evidence=kit.kit if kit else timestamp(_begun(site, known) or now),
    )
    return held, min(later, default=None)


def doubts(
    site: Site, known: SiteState, observed: Mapping[str, Observation], now: datetime
) -> Iterator[str]:
    """Yield why a site's kit would not do, as far as the log and the policy tell."""
    kit = known.kit
    if kit is None:
        begun = _begun(site, known)
        if begun is not None and now > begun + MADE_WITHIN:
            yield "there is none"
        return
    yield from changed(site, kit, observed)
    for holder in kit.holders:
        last = kit.verified.get(holder)
        if last is None and now > kit.at + OPENED_WITHIN:
            yield f"{holder} never opened it"
        elif last is not None and now > last + OPENED_EVERY:
            yield f"{holder} opened it last on {last:%Y-%m-%d}"


def changed(site: Site, kit: Kit, observed: Mapping[str, Observation]) -> Iterator[str]:
    """Yield what opens a repository today and is another thing in the kit."""
    for name in site.repositories:
        if name not in kit.keys:
            yield f"{name} is not in it"
        elif kit.keys[name] == REVOKED:
            yield f"its recovery key of {name} was revoked"
    seen = observed.get(f"{site.id}/{Condition.KIT_STALE}")
    if seen is not None and seen.since > kit.at:
        yield seen.detail


def _remedy(
    site: Site, known: SiteState, observed: Mapping[str, Observation], now: datetime
) -> str:
    kit = known.kit
    if kit is None or any(changed(site, kit, observed)):
        return (
            f"Make one: `pra kit export {site.id} -o FILE` asks who can open it; give each"
            " holder a copy, and have each run `pra kit verify FILE`."
        )
    late = [
        holder
        for holder in kit.holders
        if now > max(kit.at + OPENED_WITHIN, kit.verified.get(holder, kit.at) + OPENED_WITHIN)
    ]
    who = " and ".join(late) or "its holders"
    return f"Have {who} open it: `pra kit verify FILE --holder NAME`."


def _begun(site: Site, known: SiteState) -> datetime | None:
    """Return since when something offsite could be recovered."""
    far = {name for name, one in site.repositories.items() if one.location is Location.OFFSITE}
    since = [one.since for name, one in known.repositories.items() if name in far and one.since]
    return min(since, default=None)


def _moments(site: Site, known: SiteState) -> Iterator[datetime]:
    kit, begun = known.kit, _begun(site, known)
    if kit is None:
        if begun is not None:
            yield begun + MADE_WITHIN + SOON
        return
    for holder in kit.holders:
        last = kit.verified.get(holder)
        yield (kit.at + OPENED_WITHIN if last is None else last + OPENED_EVERY) + SOON

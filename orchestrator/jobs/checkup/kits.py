"""The recovery kits: whether each would do tonight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.decide.wrong import kits as rules
from orchestrator.core.diagnosis import Fine
from orchestrator.core.policy.model import Location
from orchestrator.core.state import SiteState
from orchestrator.jobs.checkup.ground import note, warning
from orchestrator.jobs.kit_today import others, said
from orchestrator.reports.words import ago

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.core.policy.model import Site
    from orchestrator.core.state import Kit
    from orchestrator.jobs.checkup.ground import Ground, Said

NONE = SiteState()


def kits(ground: Ground) -> Said:
    """Compare each with today's keys, and say who has not opened it; once made, it counts at once.

    A site whose copies are all on site has no use for one.
    """
    for site in ground.sites:
        known = ground.state.sites.get(site.id, NONE)
        far = any(one.location is Location.OFFSITE for one in site.repositories.values())
        if not far and known.kit is None:
            continue
        if known.kit is None:
            wanted = rules.is_wanted(site, known)
            said_of = warning if wanted else note
            yield said_of(
                "kit-missing",
                site.id,
                "there is no recovery kit: if all were lost tonight, nobody could open a copy"
                if wanted
                else "there is no recovery kit",
                f"Make one: `pra kit export {site.id} -o FILE` asks who can open it.",
            )
            continue
        found = list(_doubts(ground, site, known.kit))
        for doubt in found:
            yield warning(
                "kit-stale",
                site.id,
                f"the recovery kit would not do: {doubt}",
                f"Export it again: `pra kit export {site.id} -o FILE` asks who can open it.",
            )
        never = [name for name in known.kit.holders if name not in known.kit.verified]
        if never and not found:
            yield note(
                "kit-unopened",
                site.id,
                f"{' and '.join(never)} never opened the recovery kit",
                "Have each run `pra kit verify FILE --holder NAME`.",
            )
        if not found and not never:
            at = ago(known.kit.at, ground.app.clock())
            yield Fine(subject=f"{site.id} kit", message=f"made {at}, opened by every holder")


def _doubts(ground: Ground, site: Site, kit: Kit) -> Iterator[str]:
    known = ground.state.sites[site.id]
    yield from (d for d in rules.doubts(site, known, {}, ground.app.clock()))
    names = others(site, kit.kit, kit.keys, ground.processes)
    if names:
        yield said(names)

"""Damage in a repository: what it takes, and where that is whole. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from orchestrator.core.copies.nearest import held_in, homes
from orchestrator.core.decide.wrong.conditions import Condition, Held
from orchestrator.core.decide.wrong.shut import repair

if TYPE_CHECKING:
    from orchestrator.core.decide.wrong.keeping import Keeping
    from orchestrator.core.events import Hurt

AT_MOST = "P3"  # where no point is known to need it
TOLD = 3  # things named before "and more"


def damaged(of: Keeping) -> Held | None:
    """Return that damage was seen: whose points it takes something from, and who has them."""
    seen = of.known.damaged
    if seen is None:
        return None
    damage = [one for known in of.known.damages.values() for one in known.reading.damage]
    hurt = sorted(
        {point for one in damage for point in one.points},
        key=lambda point: (point.service, point.data_time),
    )
    services = [of.site.services[h.service] for h in hurt if h.service in of.site.services]
    name, faults = of.repository.id, list(dict.fromkeys(one.fault for one in damage))
    what = "; ".join(faults[:TOLD]) + ("; and more" if len(faults) > TOLD else "")
    told = _points(hurt, of.site.timezone) if hurt else "No recovery point is known to need it"
    return of.held(
        Condition.REPOSITORY_DAMAGED,
        min((s.criticality for s in services), default=AT_MOST),
        f"{name} is damaged, seen twice: {what or 'its structure'}. {told}{_elsewhere(of, hurt)}",
        repair(of.site, of.repository, damage),
        seen.run,
        at_most=False,
    )


def _elsewhere(of: Keeping, hurt: list[Hurt]) -> str:
    """Say which other repository has what is hurt, as far as the log knows."""
    if not hurt:
        return ""
    others: dict[str, list[str]] = {}
    for name in dict.fromkeys(one.service for one in hurt):
        of_service = [one for one in hurt if one.service == name]
        others.setdefault(_other(of, name, of_service), []).append(name)
    if [*others] == [""]:
        return "; no other repository has them"
    said = [
        f"{repository or 'no other repository'} has those of {', '.join(names)}"
        for repository, names in others.items()
    ]
    return f"; {', '.join(said)}"


def _other(of: Keeping, name: str, hurt: list[Hurt]) -> str:
    """Return a repository that has all of these points of a service, and has them whole."""
    service, known = of.site.services.get(name), of.of_site.services.get(name)
    if service is None or known is None:
        return ""
    newest = max(one.data_time for one in hurt)
    for other in homes(service):
        there = held_in(known, service, other).complete
        if other == of.repository.id or there is None or there.data_time is None:
            continue
        if there.data_time >= newest and not _hurt(of, other) & {one.run for one in hurt}:
            return other
    return ""


def _hurt(of: Keeping, repository: str) -> set[str]:
    """Return the points that damage in another repository takes something from."""
    known = of.of_site.repositories.get(repository)
    readings = [one.reading for one in known.damages.values()] if known else []
    return {point.run for one in readings for d in one.damage for point in d.points}


def _points(hurt: list[Hurt], zone: str) -> str:
    """Name the points that are hurt, service by service, the newest ones."""
    said = []
    for name in dict.fromkeys(one.service for one in hurt):
        times = [h.data_time for h in hurt if h.service == name]
        newest = [at.astimezone(ZoneInfo(zone)) for at in sorted(times, reverse=True)[:TOLD]]
        named = ", ".join(f"{at:%Y-%m-%d %H:%M}" for at in newest)
        more = f" and {len(times) - TOLD} more" if len(times) > TOLD else ""
        said.append(f"{name} ({named}{more})")
    return f"It hurts the recovery points of {', '.join(said)}"

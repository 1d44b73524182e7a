"""A service whose points are suspected, or that changed in an unusual way. Pure.

What follows from a suspicion is no condition of its own: nobody is told besides that its backups
are late, or its copies too old, for the one page says more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.decide.wrong.conditions import INCIDENT, Condition, Held
from orchestrator.core.decide.wrong.shut import Found

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from orchestrator.core.events import Sign
    from orchestrator.core.policy.model import Service, Site
    from orchestrator.core.state import ServiceState

GRAVEST = "P1"  # whatever the service's own: it may be the first of all
TICKET = "P3"
NOTHING = "Restore nothing onto this machine, do not switch off, isolate."


def mistrusted(site: Site, service: Service, known: ServiceState) -> Found:
    """Return that the service is suspected, or changed in an unusual way, if it is so."""
    held = _suspected(site, service, known) or _unusual(site, service, known)
    return Found(None, None, (held,) if held else (), None)


def only(looked: Iterable[Found]) -> list[Found]:
    """Return what is told of a suspected service beside that: its repositories' troubles alone."""
    return [Found(one.trouble, None, (), one.until) for one in looked]


def _suspected(site: Site, service: Service, known: ServiceState) -> Held | None:
    now = known.suspicion
    if now is None:
        return None
    return _held(
        site,
        service,
        Condition.BACKUP_SUSPECTED,
        GRAVEST,
        f"the data of {service.id} changes as under an attack: {told(now.signs)}",
        f"{NOTHING} Then judge: `pra incidents resolve {INCIDENT} --clean` when the data is back "
        "from the last clean point, `--false-alarm` when it was ordinary work.",
        now.run,
    )


def _unusual(site: Site, service: Service, known: ServiceState) -> Held | None:
    now = known.unusual
    if now is None:
        return None
    return _held(
        site,
        service,
        Condition.CHANGE_UNUSUAL,
        TICKET,
        f"the data of {service.id} changed in an unusual way: {told(now.signs)}",
        "Ask whose work that was. Nothing old is removed until somebody has judged: "
        f"`pra incidents resolve {INCIDENT}`, with `--clean` if it was an attack that is over.",
        now.run,
    )


def told(signs: Sequence[Sign]) -> str:
    """Say what was seen."""
    return "; ".join(sign.detail for sign in signs)


def _held(  # noqa: PLR0913, PLR0917 - what a condition is made of
    site: Site,
    service: Service,
    condition: Condition,
    criticality: str,
    summary: str,
    remedy: str,
    evidence: str,
) -> Held:
    return Held(
        site=site.id,
        service=service.id,
        condition=condition.value,
        criticality=criticality,
        summary=summary,
        remedy=remedy,
        evidence=evidence,
    )

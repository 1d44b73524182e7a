"""How long services took to answer in drills: what the page of a kit says of the time. Pure.

A burglary from the kit alone tells best, then a burglary, then any scenario that brings a whole
service back; of equals the newest. A drill in which a service answered counts though its promise
was missed: what took too long is what somebody must know.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - read at run time by the codec
from typing import TYPE_CHECKING, Any

from orchestrator.core.codec import instant, timestamp
from restore_drills.model import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """How long after the start a service answered, in one drill.

    `bare`: from a kit alone, in an empty home. `drilled` is how many services that drill brought
    back, `size` in bytes what it fetched of this one.
    """

    service: str
    seconds: float
    at: datetime
    scenario: str
    place: str
    repository: str
    bare: bool
    drilled: int
    size: int | None = None

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return {
            "service": self.service,
            "seconds": self.seconds,
            "at": timestamp(self.at),
            "scenario": self.scenario,
            "place": self.place,
            "repository": self.repository,
            "from_kit": self.bare,
            "services_drilled": self.drilled,
            "bytes": self.size,
        }

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Took:
        """Return what `plain` said."""
        return cls(
            service=str(said["service"]),
            seconds=float(said["seconds"]),
            at=instant(said["at"]),
            scenario=str(said["scenario"]),
            place=str(said["place"]),
            repository=str(said["repository"]),
            bare=bool(said["from_kit"]),
            drilled=int(said["services_drilled"]),
            size=None if said["bytes"] is None else int(said["bytes"]),
        )

    @property
    def weight(self) -> tuple[bool, bool, datetime]:
        """How much it tells of a recovery from the kit: the greater, the more."""
        burgled = self.scenario == Scenario.BURGLARY
        return burgled and self.bare, burgled, self.at


def best(found: Iterable[Took]) -> tuple[Took, ...]:
    """Return of each service what tells most."""
    kept: dict[str, Took] = {}
    for one in found:
        known = kept.get(one.service)
        if known is None or one.weight >= known.weight:
            kept[one.service] = one
    return tuple(kept.values())


def measured(documents: Iterable[Mapping[str, Any]]) -> tuple[Took, ...]:
    """Return what drills say of each service; `documents` are those of all kinds of drill."""
    return best(
        Took(
            service=str(service["id"]),
            seconds=float(service["rta_s"]),
            at=instant(document["started_at"]),
            scenario=str(document["scenario"]),
            place=str(document["place"]),
            repository=str(service["repository"]),
            bare=bool(document.get("bare")),
            drilled=len(document["services"]),
            size=service["bytes"],
        )
        for document in documents
        if document["scenario"] != Scenario.HUMAN_ERROR and not document.get("exploratory")
        for service in document["services"]
        if service["rta_s"] is not None and not service.get("path")
    )

"""What a drill said of one service, read from its document (`pra drill --json`)."""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - the checkpoint reads the fields' types
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from orchestrator.core.codec import instant
from orchestrator.errors import StateUnusable
from restore_drills.model import Label, Objective, Scenario, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Drilled:
    """One service under one scenario. What was not measured is None.

    `values`: check name to the number it saw. `why` explains a no.
    """

    run: str
    service: str
    scenario: Scenario
    place: str
    started_at: datetime
    verdict: Verdict
    objective: Objective | None  # None: inconclusive
    label: Label
    depth: int
    policy_hash: str
    rta: timedelta | None
    lead: timedelta | None
    time_to_recover: timedelta | None
    rpa: timedelta | None
    values: Mapping[str, float]
    why: tuple[str, ...]
    data_time: datetime | None = None  # of the point that was restored

    def precedes(self, lineage: datetime | None) -> bool:
        """Whether it is of a point from before a machine was rebuilt; `lineage`: its first hour."""
        return lineage is not None and (self.data_time or self.started_at) < lineage


def read(document: Mapping[str, Any]) -> tuple[Drilled, ...]:
    """Return what the document says of each of its services. Raises StateUnusable."""
    try:
        return tuple(_service(document, service) for service in document["services"])
    except (KeyError, TypeError, ValueError) as error:
        raise StateUnusable(
            f"the document of drill {document.get('run')} cannot be read: "
            f"{type(error).__name__}: {error}",
            hint="It was written by another version of pra: install that one, or drill again.",
        ) from error


def _service(document: Mapping[str, Any], service: Mapping[str, Any]) -> Drilled:
    return Drilled(
        run=document["run"],
        service=service["id"],
        scenario=Scenario(document["scenario"]),
        place=document["place"],
        started_at=instant(document["started_at"]),
        verdict=Verdict(service["verdict"]),
        objective=None if service["objective"] is None else Objective(service["objective"]),
        label=Label(service["label"]),
        depth=int(service["depth"]),
        policy_hash=service["policy_hash"],
        rta=_seconds(service["rta_s"]),
        lead=_seconds(service["lead_s"]),
        time_to_recover=_seconds(service["time_to_recover_s"]),
        rpa=_seconds(service["rpa_s"]),
        values={
            check["name"]: float(check["value"])
            for check in service["checks"]
            if check.get("value") is not None
        },
        why=tuple(service.get("why", ())),
        data_time=instant(service["data_time"]) if service.get("data_time") else None,
    )


def _seconds(value: float | None) -> timedelta | None:
    return None if value is None else timedelta(seconds=value)

"""A disaster for the tests: the bakery is burgled at `T0`, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from orchestrator.core.codec import timestamp
from orchestrator.core.events import (
    IncidentMarked,
    Recorded,
    RecoverFinished,
    RunKind,
    RunStarted,
)
from tests import records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.core.events import Event, IncidentOpened

T0 = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# What became of a service, as offsets from T5.
ANSWERING = {"T5": 0.0, "T5a": 1.0, "T6": 60.0, "T7": 70.0, "T8": 90.0}
SILENT = {"T5": 0.0, "T5a": 1.0, "T6": 60.0}


def log(*facts: tuple[timedelta, Event]) -> list[Recorded]:
    """The events as a log holds them, each so long after the disaster."""
    return [
        Recorded(seq=n, id=f"e{n}", at=T0 + after, event=event, cause=None, prevhash="", hash="")
        for n, (after, event) in enumerate(facts, start=1)
    ]


def opened(scenario: str = "burglary", service: str = "") -> IncidentOpened:
    """The owner reports it, ten hours after."""
    event = records.incident_opened("aaaaaa", condition="reported")
    return replace(event, service=service, scenario=scenario, reported_at=T0 + 10 * HOUR)


def mark(instant: str, after: timedelta, *, by: str = "Zoe", service: str = "") -> IncidentMarked:
    """Somebody says when it was."""
    return IncidentMarked(
        incident="aaaaaa",
        site="bakery",
        service=service,
        instant=instant,
        at=T0 + after,
        by=by,
        note="",
    )


def recovering(run: str, scenario: str = "burglary") -> RunStarted:
    """A recovery of the whole site begins."""
    begun = records.started(run, kind=RunKind.RECOVER, service="")
    return replace(begun, scenario=scenario, incident="aaaaaa")


def recovered(
    run: str,
    after: timedelta,
    verdict: str = "proven",
    scenario: str = "burglary",
    since: timedelta | None = None,
    **services: Mapping[str, float],
) -> RecoverFinished:
    """It ended, having begun so long after the disaster; each service with its offsets.

    `since`: it went on with one that was begun so long after.
    """
    began = T0 + after
    document = dict(records.drilled(run, began).document)
    (till,) = document["services"]
    document |= {"scenario": scenario} | ({"began": timestamp(T0 + since)} if since else {})
    document["services"] = [
        {
            **till,
            "id": name,
            "instants": {
                instant: timestamp(began + timedelta(seconds=offset))
                for instant, offset in offsets.items()
            },
        }
        for name, offsets in (services or {"till": ANSWERING}).items()
    ]
    return RecoverFinished(
        run=run,
        site="bakery",
        verdict=verdict,
        target="/srv/recovered",
        incident="aaaaaa",
        document=document,
    )

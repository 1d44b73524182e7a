"""A site that is drilled, as the log tells it: the bakery, whose till is backed up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from orchestrator.core import cron
from orchestrator.core.decide.actions import Policies, StartDrill
from orchestrator.core.decide.starts.drills import drills
from orchestrator.core.events import DrillFinished, Recorded, RunKind
from orchestrator.core.fold import fold
from orchestrator.core.policy.model import Business, DrillPlan
from orchestrator.core.schedule import of_drill
from restore_drills.model import Scenario
from tests import policies, records

if TYPE_CHECKING:
    from orchestrator.core.events import Event
    from orchestrator.core.policy.model import Site
    from orchestrator.core.state import State

Fact = tuple[datetime, "Event"]

NOW = datetime(2026, 11, 23, 11, 2, 53, tzinfo=UTC)  # a Monday, noon in Paris
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FAILURE = Scenario.SERVER_FAILURE
ANYTIME = Business(employees=None, hours=(), holidays=None, closed=())
WEEKLY = DrillPlan(name="weekly", cron=cron.read("0 3 * * sun"), scenario=FAILURE, where=None)
ELSEWHERE = replace(WEEKLY, name="away", where="provider-dc")
TILL = policies.service(policy_hash="h1")
SITE = policies.site(TILL, business=ANYTIME)
BY_CRON = replace(SITE, drills=(WEEKLY,))


def promised(*sites: Site, place: str = "here") -> Policies:
    return Policies(sites={s.id: s for s in sites}, provider=None, place=place)


def slot_of(plan: DrillPlan = WEEKLY, now: datetime = NOW) -> datetime:
    newest = of_drill(SITE, plan).newest(now)
    assert newest is not None
    return newest


SLOT = slot_of()
NEXT = slot_of(now=NOW + 7 * DAY)


def told(*facts: Fact) -> State:
    return fold(
        Recorded(seq=n, id=f"e{n}", at=at, event=event, cause=None, prevhash="", hash="")
        for n, (at, event) in enumerate(facts, start=1)
    )


def backed_up(at: datetime, service: str = "till", repository: str = "offsite") -> Fact:
    event = records.backed_up(f"of {service}")
    return at, replace(event, service=service, usable_at=at, repository=repository)


def drill(
    at: datetime, end: Event | None, name: str = "weekly", run: str = "d1", after: timedelta = HOUR
) -> list[Fact]:
    begun = replace(records.started(run, kind=RunKind.DRILL, service=""), drill=name)
    facts: list[Fact] = [(at, begun)]
    return facts if end is None else [*facts, (at + after, end)]


def proven(at: datetime, run: str = "d1", **other: object) -> DrillFinished:
    return records.drilled(run, at, **other)


def failed(run: str = "d1", *, retryable: bool = True) -> Event:
    return replace(records.run_failed(run, kind=RunKind.DRILL, service=""), retryable=retryable)


def cut(run: str = "d1") -> Event:
    return records.interrupted(run, kind=RunKind.DRILL, service="")


LONG_BACKED_UP = backed_up(SLOT - 30 * DAY)
PROVEN = drill(SLOT, proven(SLOT))


def started(state: State, site: Site = SITE, now: datetime = NOW) -> StartDrill | None:
    starts, _ = drills(state, promised(site), now)
    return starts[0] if starts else None


def wakes(state: State, site: Site = SITE, now: datetime = NOW) -> datetime | None:
    starts, wake_at = drills(state, promised(site), now)
    assert not starts
    return wake_at

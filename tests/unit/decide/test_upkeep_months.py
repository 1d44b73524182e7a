"""Months of copies and upkeep: every point is copied, every part read, every lock extended."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from orchestrator.core import cron
from orchestrator.core.decide import decide
from orchestrator.core.decide.actions import Policies, StartCopy, StartDrill, StartUpkeep
from orchestrator.core.decide.hours import hours_of
from orchestrator.core.decide.starts.retaining import forbidden
from orchestrator.core.events import RunKind
from orchestrator.core.policy.model import (
    DrillPlan,
    Immutable,
    Location,
    LockMode,
    Retention,
)
from orchestrator.core.schedule import of_relocks, parts_of
from restore_drills.model import Scenario
from tests import policies, records
from tests.simulation import World

if TYPE_CHECKING:
    from orchestrator.core.policy.model import Repository, Service, Site
    from tests.simulation import End, Lived, Start

START = datetime(2026, 9, 21, 12, tzinfo=UTC)  # clocks are put back on 25 October
PARIS = ZoneInfo("Europe/Paris")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WITHIN = 30 * DAY
WEEKLY = DrillPlan(
    name="weekly", cron=cron.read("0 3 * * sun"), scenario=Scenario.SERVER_FAILURE, where=None
)


def locked(name: str) -> Repository:
    lock = Immutable(mode=LockMode.COMPLIANCE, period=18 * DAY)
    return replace(policies.repository(name, Location.OFFSITE), immutable=lock)


def client(*services: Service) -> Site:
    """A site that has everything: two copies, locks, readings, retention, drills."""
    ordinary = (
        policies.service("till", every=HOUR, copy_to=("nas", "far"), policy_hash="h1"),
        policies.service("books", cron=cron.read("30 2 * * *"), copy_to=("far",), policy_hash="h1"),
    )
    site = policies.site(
        *(services or ordinary),
        retention=Retention(daily=7),
        read_all_within=WITHIN,
        drills=(WEEKLY,),
    )
    return replace(site, repositories={**site.repositories, "far": locked("far")})


def promised(*sites: Site) -> Policies:
    return Policies(sites={one.id: one for one in sites}, provider=None, place="here")


def well(action: Start) -> End:
    match action:
        case StartDrill():
            return 30 * MINUTE, "proven"
        case StartUpkeep(kind=RunKind.RETAIN):
            return 20 * MINUTE, "complete"
        case _:
            return 3 * MINUTE, "complete"


def of_anything(chance: Random, action: Start) -> End:
    length, good = well(action)
    if isinstance(action, StartCopy) and chance.random() < 0.01:
        length = timedelta(hours=chance.randint(5, 40))
    bad = {RunKind.VERIFY: "damaged", RunKind.RETAIN: "held"}
    other = bad.get(action.kind, good) if isinstance(action, StartUpkeep) else good
    outcome = chance.choices((good, other, "retry", "final"), weights=(90, 3, 5, 2))[0]
    return length * chance.uniform(0.5, 2), outcome


def runs(world: World, kind: RunKind, repository: str = "", service: str = "") -> list[Lived]:
    return [
        run
        for run in world.lived.values()
        if run.kind is kind and repository in {"", run.repository} and service in {"", run.service}
    ]


def assert_never_twice_at_once(found: list[Lived]) -> None:
    for earlier, later in pairwise(found):
        assert earlier.ended is not None
        assert earlier.ended <= later.began


def lags(world: World, service: str, repository: str) -> list[timedelta]:
    """How long after a point was there it, or a newer one, was in the other repository."""
    points = {
        run.run: run.ended
        for run in runs(world, RunKind.BACKUP, service=service)
        if run.outcome == "complete" and run.ended is not None
    }
    arrived: dict[str, datetime] = {}
    for run in runs(world, RunKind.COPY, repository, service):
        if run.outcome == "complete" and run.ended is not None:
            arrived.setdefault(run.point, run.ended)
    found: list[timedelta] = []
    soonest = world.true
    for point, there in reversed(points.items()):
        soonest = min(soonest, arrived.get(point, soonest))
        found.append(soonest - there)
    return found[::-1]


def assert_read_in_time(world: World, site: Site, repository: str, most: timedelta) -> None:
    """No part was ever unread for longer."""
    parts = parts_of(WITHIN)
    whole = [
        run
        for run in runs(world, RunKind.VERIFY, repository)
        if run.outcome in {"complete", "damaged"}
    ]
    assert {parts} == {run.parts for run in whole}
    for part in range(1, parts + 1):
        began = [START, *(run.began for run in whole if run.part == part), world.true]
        assert max(later - earlier for earlier, later in pairwise(began)) <= most
    assert site.read_all_within == WITHIN


def assert_thinned_out_properly(world: World, site: Site) -> None:
    """Once a night each, never while people work."""
    for name in ("offsite", "nas", "far"):
        found = [run for run in runs(world, RunKind.RETAIN, name) if run.allowed is None]
        assert_never_twice_at_once(found)
        for run in found:
            assert not hours_of(site, run.began).is_open(run.began)
        done = [run for run in found if run.outcome in {"complete", "held"}]
        nights = [run.slot.astimezone(PARIS).date() for run in done]
        assert len(set(nights)) == len(nights)


def test_three_quiet_months_keep_every_promise() -> None:
    site = client()
    world = World(promised(site), START, Random(1), well)  # noqa: S311 - a seed, not a secret

    world.run(START + 90 * DAY)

    for service in site.services.values():
        for repository in service.copy_to:
            assert_never_twice_at_once(runs(world, RunKind.COPY, repository, service.id))
            assert max(lags(world, service.id, repository)[:-1]) <= HOUR
    for repository in ("offsite", "nas", "far"):
        assert_read_in_time(world, site, repository, WITHIN - 4 * DAY)
        nights = {run.slot for run in runs(world, RunKind.RETAIN, repository)}
        assert len(nights) in {89, 90}
    assert_thinned_out_properly(world, site)
    when = of_relocks(site, site.repositories["far"])
    assert when is not None
    assert when.every is not None
    began = [run.began for run in runs(world, RunKind.RELOCK)]
    assert max(later - earlier for earlier, later in pairwise(began)) < 18 * DAY / 8


@pytest.mark.parametrize("seed", [3, 4])
def test_power_cuts_failures_and_clock_changes_lose_nothing(seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - the same
    site = client()
    world = World(promised(site), START, chance, lambda action: of_anything(chance, action))

    while world.true < START + 70 * DAY:
        world.run(world.true + chance.randint(1, 3 * 24 * 60) * MINUTE)
        if chance.random() < 0.5:
            world.switch_off(timedelta(minutes=chance.choice((1, 5, 90, 600, 24 * 60))))
        else:
            world.restart()

    for service in site.services.values():
        for repository in service.copy_to:
            found = lags(world, service.id, repository)
            assert max(found[: -2 * 24]) <= 4 * DAY
    for repository in ("offsite", "nas", "far"):
        assert_read_in_time(world, site, repository, WITHIN + 3 * DAY)
    assert_thinned_out_properly(world, site)
    began = [run.began for run in runs(world, RunKind.RELOCK) if run.outcome == "complete"]
    assert max(later - earlier for earlier, later in pairwise(began)) < 18 * DAY / 4


def test_random_clock_steps_start_nothing_twice_and_stop_nothing() -> None:
    chance = Random(5)  # noqa: S311 - the same
    site = client()
    world = World(promised(site), START, chance, lambda action: of_anything(chance, action))

    for _ in range(60):
        world.run(world.true + chance.randint(1, 1500) * MINUTE)
        world.step_clock(timedelta(minutes=chance.choice((-600, -61, -10, -1, 1, 10, 61, 600))))
    world.step_clock(-world.skew)
    quiet = world.true
    world.run(quiet + 4 * DAY)

    for kind, repository in ((RunKind.COPY, "nas"), (RunKind.VERIFY, ""), (RunKind.RETAIN, "far")):
        began = [run.began for run in runs(world, kind, repository) if run.began >= quiet]
        assert max(later - earlier for earlier, later in pairwise(began)) <= 2 * DAY + 2 * HOUR


def test_a_first_copy_of_days_does_not_starve_the_till() -> None:
    tills = [policies.service(f"till{n}", every=HOUR, copy_to=("far",)) for n in range(3)]
    slow = [
        policies.service(f"slow{n}", cron=cron.read(f"{n} 1 * * *"), copy_to=("far",))
        for n in range(4)
    ]
    site = replace(client(*tills, *slow), retention=None, drills=())

    def length(action: Start) -> End:
        long = isinstance(action, StartCopy) and action.service.startswith("slow")
        return (3 * DAY if long else MINUTE), "complete"

    world = World(promised(site), START, Random(1), length)  # noqa: S311 - the same
    world.run(START + 25 * DAY)

    for till in tills:
        assert max(lags(world, till.id, "far")[:-1]) <= 10 * MINUTE
    began = [len(runs(world, RunKind.COPY, service=one.id)) for one in slow]
    assert 8 <= sum(began) <= 9  # the lane was never idle
    assert min(began) >= 2


def test_nothing_is_thinned_out_while_something_is_suspected_and_soon_after_it_is_not() -> None:
    site = client()
    world = World(promised(site), START, Random(1), well)  # noqa: S311 - the same
    world.run(START + 10 * DAY)

    world.say(records.observed("clock-wrong"))
    world.run(START + 15 * DAY)
    world.say(records.observed("clock-wrong", present=False))
    over = world.true
    world.run(START + 20 * DAY)

    found = runs(world, RunKind.RETAIN)
    assert [] == [r for r in found if START + 10 * DAY < r.began < over + DAY]
    soon = [r.repository for r in found if over + DAY <= r.began < over + DAY + HOUR]
    assert ["far", "nas", "offsite"] == sorted(soon)


def test_a_disk_that_is_there_one_day_a_week_has_it_all_and_is_all_read() -> None:
    disk = replace(policies.repository("disk", Location.OFFSITE), rotation=timedelta(weeks=1))
    till = policies.service("till", every=HOUR, copy_to=("disk",))
    base = replace(client(till), retention=None, drills=())
    site = replace(base, repositories={"offsite": base.repositories["offsite"], "disk": disk})

    def there(action: Start) -> End:
        away = getattr(action, "repository", "") == "disk" and world.true.weekday() != 4
        return MINUTE, "retry" if away else "complete"

    world = World(promised(site), START, Random(1), there)  # noqa: S311 - the same
    world.run(START + 70 * DAY)

    arrived = [r for r in runs(world, RunKind.COPY, "disk") if r.outcome == "complete"]
    assert {4} == {run.began.weekday() for run in arrived}
    assert 10 == len({run.began.date() for run in arrived})
    assert_read_in_time(world, site, "disk", WITHIN)
    for kind in (RunKind.COPY, RunKind.VERIFY):
        failed = [r.began for r in runs(world, kind, "disk") if r.outcome == "retry"]
        assert min(later - earlier for earlier, later in pairwise(failed)) >= HOUR


def test_with_incidents_and_all_it_is_the_same_after_every_restart() -> None:
    chance = Random(11)  # noqa: S311 - the same
    site = client()
    world = World(promised(site), START, chance, lambda a: of_anything(chance, a), decide)

    while world.true < START + 20 * DAY:
        world.run(world.true + chance.randint(1, 2 * 24 * 60) * MINUTE)
        world.restart()

    for kind in (RunKind.COPY, RunKind.VERIFY, RunKind.RELOCK):
        assert runs(world, kind)
    assert forbidden(world.state, site, world.now) in {"", "repository-damaged"}

"""Years of a machine's life: no slot is lost, none is answered twice, nobody starves."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from orchestrator.core import cron
from orchestrator.core.decide import decide
from orchestrator.core.decide.actions import Policies, StartBackup
from orchestrator.core.events import RunKind
from orchestrator.core.policy.model import Business, DrillPlan
from orchestrator.core.schedule import of_backups, of_drill
from restore_drills.model import Scenario
from tests import policies
from tests.simulation import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.core.policy.model import Service, Site
    from orchestrator.core.schedule import Schedule
    from tests.simulation import End, Lived, Start

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
YEAR = timedelta(days=365)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
WEEKLY = DrillPlan(
    name="weekly", cron=cron.read("0 3 * * sun"), scenario=Scenario.SERVER_FAILURE, where=None
)
NO_HOURS = Business(employees=None, hours=(), holidays=None, closed=())


def scheduled(name: str, cron_text: str = "", every: timedelta | None = None) -> Service:
    when = cron.read(cron_text) if cron_text else None
    return policies.service(name, cron=when, every=every, policy_hash="h1")


def watched(*sites: Site) -> Policies:
    return Policies(sites={s.id: s for s in sites}, provider=None, place="here")


def well(*, after: timedelta = MINUTE) -> Callable[[Start], End]:
    """Everything succeeds."""
    return lambda a: (after, "complete" if isinstance(a, StartBackup) else "proven")


def ends(chance: Random) -> End:
    """Nine of ten succeed; a first upload takes up to two days."""
    long = chance.random() < 0.002
    length = timedelta(hours=chance.randint(5, 48)) if long else chance.randint(1, 9) * MINUTE
    outcome = chance.choices(("complete", "partial", "retry", "final"), weights=(90, 3, 5, 2))[0]
    return length, outcome


def of_anything(chance: Random, action: Start) -> End:
    if isinstance(action, StartBackup):
        return ends(chance)
    verdict = chance.choices(("proven", "refuted", "inconclusive", "retry"), weights=(90, 4, 4, 2))
    return chance.randint(10, 90) * MINUTE, verdict[0]


def slots(when: Schedule, start: datetime, end: datetime) -> list[datetime]:
    first = when.newest(start)
    found = [first] if first else []
    while (after := when.following(found[-1] if found else start)) and after <= end:
        found.append(after)
    return found


def was_off(world: World, start: datetime, end: datetime) -> timedelta:
    first = bisect_left(world.off, start, key=lambda span: span[1])
    spans = (
        min(end, back) - max(start, off)
        for off, back in world.off[first : bisect_right(world.off, end, key=lambda span: span[0])]
    )
    return sum(spans, timedelta(0))


def assert_every_slot_was_answered_once(
    world: World, when: Schedule, runs: list[Lived], *, since: datetime, within: timedelta
) -> None:
    """No slot lost, none twice, none started late, and the newest one only."""
    due = slots(when, since, world.true)
    for run in runs:
        assert due[bisect_right(due, run.began) - 1] == run.slot
    for earlier, later in pairwise(runs):
        assert earlier.ended is not None
        assert earlier.ended <= later.began
        if earlier.slot == later.slot:
            assert earlier.outcome in {"interrupted", "retry"}
    begins = [run.began for run in runs]
    answers = [run.began for run in runs if run.outcome not in {"interrupted", "retry", None}]
    for slot in due:
        if slot > world.true - timedelta(days=4) or slot < since:
            continue
        began = begins[bisect_left(begins, slot)]
        assert began - slot - was_off(world, slot, began) <= within
        answered = answers[bisect_left(answers, slot)]
        assert answered - slot - was_off(world, slot, answered) <= within + 3 * HOUR


def assert_all_went_well(world: World, within: timedelta, *, drilled: bool = True) -> None:
    runs = list(world.lived.values())
    for site in world.policies.sites.values():
        mine = [r for r in runs if r.site == site.id]
        for service in site.services.values():
            when = of_backups(site, service)
            assert when is not None
            backups = [r for r in mine if r.service == service.id]
            assert_every_slot_was_answered_once(world, when, backups, since=START, within=within)
        for plan in site.drills or ():
            drills = [r for r in mine if r.drill == plan.name]
            if drilled:
                assert_every_slot_was_answered_once(
                    world,
                    of_drill(site, plan),
                    drills,
                    since=START + timedelta(days=7),
                    within=within + 4 * HOUR,
                )


@pytest.mark.parametrize(
    ("zone", "in_the_gap"),
    [
        ("Europe/Paris", "30 2 * * *"),
        ("America/New_York", "30 2 * * *"),
        ("Australia/Lord_Howe", "15 2 * * *"),
    ],
)
def test_a_year_with_power_cuts_and_crashes_loses_no_slot_and_repeats_none(
    zone: str, in_the_gap: str
) -> None:
    chance = Random(zone)  # noqa: S311 - a seed, not a secret
    site = policies.site(
        scheduled("till", every=4 * HOUR),
        scheduled("share", "0 * * * *"),
        scheduled("books", in_the_gap),
        scheduled("archive", "0 3 * * sun"),
        timezone=zone,
        drills=(WEEKLY,),
    )
    world = World(watched(site), START, chance, lambda action: of_anything(chance, action))

    while world.true < START + YEAR:
        world.run(world.true + chance.randint(1, 6 * 24 * 60) * MINUTE)
        if chance.random() < 0.5:
            world.switch_off(timedelta(minutes=chance.choice((1, 5, 90, 600, 3 * 24 * 60))))
        else:
            world.restart()

    assert_all_went_well(world, within=timedelta(days=2) + HOUR)


def test_a_machine_that_is_switched_off_every_night_and_weekend_catches_up_once() -> None:
    chance = Random(7)  # noqa: S311 - the same
    paris = ZoneInfo("Europe/Paris")
    site = policies.site(
        scheduled("till", "0 * * * *"), scheduled("books", "30 2 * * *"), drills=(WEEKLY,)
    )
    world = World(watched(site), START, chance, well(after=5 * MINUTE))
    catch_ups = 0

    while world.true < START + YEAR:
        today = world.true.astimezone(paris)
        evening = today.replace(hour=19, minute=7)
        world.run(evening.astimezone(UTC))
        days = 3 if evening.weekday() == 4 else 1
        morning = (evening + timedelta(days=days)).replace(hour=7, minute=40)
        world.switch_off(morning.astimezone(UTC) - world.true)
        back = world.true
        world.run(back + 10 * MINUTE)
        caught = [r for r in world.lived.values() if r.began == back and r.service == "books"]
        assert len(caught) == 1
        catch_ups += 1

    assert 262 == catch_ups
    assert_all_went_well(world, within=HOUR, drilled=False)


def test_first_uploads_that_take_days_starve_neither_a_till_nor_each_other() -> None:
    tills = [scheduled(f"till{n}", every=HOUR) for n in range(3)]
    slow = [scheduled(f"slow{n}", f"{n} 1 * * *") for n in range(8)]
    site = policies.site(*tills, *slow, drills=())

    def length(action: Start) -> End:
        long = isinstance(action, StartBackup) and action.service.startswith("slow")
        return (timedelta(days=3) if long else 2 * MINUTE), "complete"

    world = World(watched(site), START, Random(1), length)  # noqa: S311 - the same

    world.run(START + timedelta(days=40))

    runs = list(world.lived.values())
    for till in tills:
        mine = [r for r in runs if r.service == till.id]
        when = of_backups(site, till)
        assert when is not None
        assert_every_slot_was_answered_once(world, when, mine, since=START, within=7 * MINUTE)
    began = [sum(r.service == one.id for r in runs) for one in slow]
    assert 42 == sum(began)  # 3 lanes, 40 days, 3 days each: none was ever idle
    assert min(began) >= 4


def test_a_clock_put_back_by_ten_minutes_repeats_nothing() -> None:
    site = policies.site(scheduled("till", every=HOUR), drills=())
    world = World(watched(site), START, Random(1), well())  # noqa: S311 - the same
    world.run(START + 10 * HOUR)
    till = of_backups(site, site.services["till"])
    assert till is not None
    slot = till.following(world.now)
    assert slot is not None

    world.run(slot + 2 * MINUTE)
    before = len(world.lived)
    world.step_clock(-10 * MINUTE)
    world.run(world.true + 30 * MINUTE)

    assert before == len(world.lived)


def test_a_clock_that_was_a_year_ahead_stops_no_backup_once_it_is_right() -> None:
    site = policies.site(scheduled("till", every=HOUR), scheduled("books", "0 3 * * *"), drills=())
    world = World(watched(site), START, Random(1), well())  # noqa: S311 - the same
    world.run(START + timedelta(days=2))

    world.step_clock(YEAR)
    world.run(START + timedelta(days=4))
    world.step_clock(-YEAR)
    put_right = world.true
    world.run(START + timedelta(days=8))

    after = [r for r in world.lived.values() if r.began >= put_right]
    assert 96 <= sum(r.service == "till" for r in after) <= 98
    assert 5 == sum(r.service == "books" for r in after)  # one at once, then each night


def test_random_clock_steps_never_start_the_same_thing_twice_at_once_or_stop_it() -> None:
    chance = Random(3)  # noqa: S311 - the same
    site = policies.site(scheduled("till", every=HOUR), drills=(WEEKLY,))
    world = World(watched(site), START, chance, lambda action: of_anything(chance, action))

    for _ in range(300):
        world.run(world.true + chance.randint(1, 2000) * MINUTE)
        world.step_clock(timedelta(minutes=chance.choice((-600, -61, -10, -1, 1, 10, 61, 600))))
    world.step_clock(-world.skew)
    quiet = world.true
    world.run(quiet + timedelta(days=6))

    began = [r.began for r in world.lived.values() if r.service == "till" and r.began >= quiet]
    longest = max(later - earlier for earlier, later in pairwise(began))
    assert longest <= timedelta(days=2) + 2 * HOUR


def test_proofs_are_kept_alive_for_a_year_where_no_drill_has_a_date() -> None:
    chance = Random(5)  # noqa: S311 - the same
    site = policies.site(scheduled("till", every=4 * HOUR), scheduled("books", "0 3 * * *"))
    world = World(
        watched(site),
        START,
        chance,
        well(after=20 * MINUTE),
    )
    world.run(START + timedelta(days=100))
    changed = replace(site.services["till"], policy_hash="h2")
    world.policies = watched(replace(site, services={**site.services, "till": changed}))
    world.restart()
    world.run(START + YEAR)

    drills = [r for r in world.lived.values() if r.kind is RunKind.DRILL]
    for service in site.services:
        proofs = [r.began for r in drills if service in r.services]
        gaps = [later - earlier for earlier, later in pairwise(proofs)]
        assert all(timedelta(days=32) <= gap <= timedelta(days=35) for gap in gaps[4:])
        assert 12 <= len(proofs) <= 13  # the first, one each 32 days, and one for a change
    paris = ZoneInfo("Europe/Paris")
    for drill in drills:  # never while the bakery works, mon to fri from 6 to 13
        local = drill.began.astimezone(paris)
        assert not (local.isoweekday() <= 5 and 6 <= local.hour < 13)


def test_a_quarter_with_incidents_and_all_is_the_same_after_every_restart() -> None:
    chance = Random(11)  # noqa: S311 - the same
    site = policies.site(
        scheduled("till", every=HOUR), scheduled("books", "30 2 * * *"), drills=(WEEKLY,)
    )
    world = World(watched(site), START, chance, lambda action: of_anything(chance, action), decide)

    while world.true < START + YEAR / 4:
        world.run(world.true + chance.randint(1, 3 * 24 * 60) * MINUTE)
        world.restart()
    assert len(world.lived) > 1500
    assert_all_went_well(world, within=timedelta(days=2) + HOUR)

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.core.decide.actions import Policies, StartBackup, StartUpkeep
from orchestrator.core.decide.starts.backups import backups
from orchestrator.core.decide.starts.drills import drills
from orchestrator.core.decide.starts.upkeep import upkeep
from orchestrator.core.events import Recorded, RunKind, RunStarted
from orchestrator.core.fold import fold
from orchestrator.core.policy.model import Immutable, LockMode
from orchestrator.core.schedule import of_readings, of_relocks, parts_of
from orchestrator.core.state import State
from tests import policies, records

if TYPE_CHECKING:
    from orchestrator.core.events import Event, RunFailed, RunInterrupted
    from orchestrator.core.policy.model import Repository, Site
    from orchestrator.core.schedule import Schedule

Fact = tuple[datetime, "Event"]
NOW = datetime(2026, 11, 23, 11, 2, 53, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
VERIFY, RELOCK = RunKind.VERIFY, RunKind.RELOCK
PARTS = 4
READ = policies.site(read_all_within=5 * DAY)  # a part a day, of four
LOCK = Immutable(mode=LockMode.COMPLIANCE, period=9 * DAY)  # looked at every day


def of(site: Site, **changes: Any) -> Site:  # noqa: ANN401 - any field of a repository
    offsite: Repository = replace(site.repositories["offsite"], **changes)
    return replace(site, repositories={**site.repositories, "offsite": offsite})


LOCKED = of(policies.site(), immutable=LOCK)


def promised(*sites: Site) -> Policies:
    return Policies(sites={s.id: s for s in sites}, provider=None, place="here")


def told(*facts: Fact) -> State:
    """What the log says; a point has been in the repository for long."""
    point = (NOW - 90 * DAY, replace(records.backed_up("b1"), usable_at=NOW - 90 * DAY))
    return fold(
        Recorded(seq=n, id=f"e{n}", at=at, event=event, cause=None, prevhash="", hash="")
        for n, (at, event) in enumerate((point, *facts), start=1)
    )


def run(
    at: datetime, kind: RunKind, end: Event | None, name: str, after: timedelta = MINUTE
) -> list[Fact]:
    begun: list[Fact] = [(at, records.upkeep_started(name, kind))]
    return begun if end is None else [*begun, (at + after, end)]


def read(at: datetime, part: int, *, sound: bool = True, parts: int = PARTS) -> list[Fact]:
    name = f"v{part}/{parts} {at}"
    return run(at, VERIFY, records.verified(name, part, parts, sound=sound), name)


def failed(name: str, kind: RunKind, **other: Any) -> RunFailed:  # noqa: ANN401 - any field
    return replace(records.run_failed(name, kind=kind, service=""), **other)


def cut(name: str, kind: RunKind) -> RunInterrupted:
    return records.interrupted(name, kind=kind, service="")


def slot_of(when: Schedule | None, now: datetime = NOW) -> datetime:
    newest = when.newest(now) if when else None
    assert newest is not None
    return newest


SLOT = slot_of(of_readings(READ, "offsite"))
LOCK_SLOT = slot_of(of_relocks(LOCKED, LOCKED.repositories["offsite"]))


def started(state: State, site: Site, now: datetime = NOW) -> list[StartUpkeep]:
    return upkeep(state, promised(site), now)[0]


def wakes(state: State, site: Site, now: datetime = NOW) -> datetime | None:
    starts, wake_at = upkeep(state, promised(site), now)
    assert [] == starts
    return wake_at


def part(state: State, site: Site = READ, now: datetime = NOW) -> tuple[int, int]:
    (start,) = started(state, site, now)
    assert VERIFY is start.kind
    return start.part, start.parts


def test_a_repository_is_divided_so_that_a_part_a_day_is_read() -> None:
    assert 24 == parts_of(30 * DAY)
    assert 1 == parts_of(DAY)
    assert 256 == parts_of(1000 * DAY)


def test_the_first_part_is_read_as_soon_as_there_is_a_point() -> None:
    (start,) = started(told(), READ)

    assert start == StartUpkeep(
        site="bakery",
        repository="offsite",
        kind=VERIFY,
        slot=SLOT,
        key=f"offsite {SLOT:%Y-%m-%dT%H:%M:%S}Z after -",
        part=1,
        parts=PARTS,
    )
    assert wakes(State(), READ) is None
    assert wakes(told(), policies.site()) is None


def test_the_part_that_was_never_read_or_longest_ago_comes_next() -> None:
    first = read(SLOT - 9 * DAY, 1)
    all_read = [
        *first,
        *read(SLOT - 6 * DAY, 3),
        *read(SLOT - 7 * DAY, 2),
        *read(SLOT - 5 * DAY, 4),
    ]

    assert (2, PARTS) == part(told(*first))
    assert (1, PARTS) == part(told(*all_read))
    assert (2, PARTS) == part(told(*all_read, *read(SLOT - 4 * DAY, 1)))


def test_a_slot_is_answered_once_and_a_month_of_them_too() -> None:
    state = told(*read(SLOT + MINUTE, 1))

    assert SLOT + DAY == wakes(state, READ)
    assert 1 == len(started(state, READ, SLOT + 30 * DAY))
    after = told(*read(SLOT + MINUTE, 1), *read(SLOT + 30 * DAY, 2))
    assert SLOT + 31 * DAY == wakes(after, READ, SLOT + 30 * DAY + HOUR)


def test_sites_do_not_read_at_once() -> None:
    slots = {
        slot_of(of_readings(policies.site(id=f"s{n}", read_all_within=5 * DAY), "offsite"))
        for n in range(20)
    }

    assert 20 == len(slots)


def test_a_reading_that_failed_is_tried_again_with_the_part_behind_it() -> None:
    refused = failed("v1", VERIFY, retryable=False)
    state = told(*read(SLOT - DAY, 1), *run(SLOT, VERIFY, refused, "v1"))

    assert SLOT + 6 * MINUTE == wakes(state, READ, SLOT + 2 * MINUTE)
    assert (3, PARTS) == part(state, READ, SLOT + 6 * MINUTE)


def test_a_reading_cut_short_is_tried_again_at_once_and_then_with_patience() -> None:
    once = run(SLOT, VERIFY, cut("v1", VERIFY), "v1")
    twice = run(SLOT + 2 * MINUTE, VERIFY, cut("v2", VERIFY), "v2")

    assert (1, PARTS) == part(told(*once), READ, SLOT + MINUTE)
    assert SLOT + 8 * MINUTE == wakes(told(*once, *twice), READ, SLOT + 3 * MINUTE)


def test_what_was_damaged_is_read_once_more_a_day_beside_the_others() -> None:
    hurt = read(SLOT + HOUR, 3, sound=False)
    again = SLOT + HOUR + DAY

    assert SLOT + DAY == wakes(told(*hurt), READ)
    assert (1, PARTS) == part(told(*hurt), READ, again)  # what the schedule asks for goes first
    next_day = [*hurt, *read(SLOT + DAY, 1)]
    assert again == wakes(told(*next_day), READ, SLOT + DAY + 2 * MINUTE)
    assert (3, PARTS) == part(told(*next_day), READ, again)
    still = [*next_day, *read(again, 3, sound=False)]
    assert SLOT + 2 * DAY == wakes(told(*still), READ, again + HOUR)
    healed = [*next_day, *read(again, 3)]
    assert (2, PARTS) == part(told(*healed), READ, again + 2 * DAY)


def test_what_was_damaged_waits_while_readings_fail() -> None:
    hurt = read(SLOT - DAY, 3, sound=False)
    away = run(SLOT, VERIFY, failed("v9", VERIFY), "v9")

    assert SLOT + 6 * MINUTE == wakes(told(*hurt, *away), READ, SLOT + 2 * MINUTE)


def test_damage_that_another_division_found_is_looked_for_by_that_one() -> None:
    hurt = read(SLOT - 2 * DAY, 7, sound=False, parts=9)
    since = [*hurt, *read(SLOT + MINUTE, 1)]

    assert (7, 9) == part(told(*since), READ)


def test_adopted_repositories_are_read_and_nothing_else() -> None:
    adopted = of(
        policies.site(
            policies.service("sage", policies.source(policies.WINDOWS)), read_all_within=5 * DAY
        ),
        immutable=LOCK,
    )

    assert [VERIFY] == [start.kind for start in started(State(), adopted)]


def test_repositories_to_which_nothing_goes_are_left_alone() -> None:
    both = policies.site(policies.service(copy_to=("nas",)), read_all_within=5 * DAY)
    copied = (NOW - DAY, records.copied("c1", "b1"))

    assert {"offsite"} == {start.repository for start in started(told(copied), READ)}
    (first,) = started(told(copied), both)
    assert "nas" == first.repository
    nas = replace(records.verified("v1", repository="nas"), parts=PARTS)
    (second,) = started(told(copied, (NOW - MINUTE, nas)), both)
    assert "offsite" == second.repository


@pytest.mark.parametrize("kind", [RunKind.RETAIN, RunKind.REPAIR, RunKind.REWIND])
def test_nothing_is_read_or_locked_beside_what_must_be_alone(kind: RunKind) -> None:
    site = of(READ, immutable=LOCK)
    alone = run(NOW - MINUTE, kind, None, "u1")

    assert 2 == len(started(told(), site))
    assert wakes(told(*alone), site) is None


def test_one_reading_at_a_time_in_all() -> None:
    second = policies.site(id="butcher", read_all_within=5 * DAY)
    both = promised(READ, second)
    state = told((NOW - 9 * DAY, replace(records.backed_up("b2"), site="butcher")))
    running = told(
        (NOW - 9 * DAY, replace(records.backed_up("b2"), site="butcher")),
        *run(NOW - HOUR, VERIFY, None, "v1"),
    )

    assert 1 == len(upkeep(state, both, NOW)[0])
    assert ([], None) == upkeep(running, both, NOW)


def test_a_disk_that_comes_and_goes_is_read_as_long_as_it_is_there() -> None:
    disk = of(replace(READ, read_all_within=30 * DAY), rotation=7 * DAY)
    some = [fact for n in range(1, 24) for fact in read(NOW - DAY + n * HOUR, n, parts=24)]
    whole = [*some, *read(NOW - MINUTE, 24, parts=24)]

    assert (24, 24) == part(told(*some), disk)
    assert NOW - DAY + HOUR + 17 * DAY == wakes(told(*whole), disk)


def test_a_disk_that_is_not_there_is_asked_for_every_hour() -> None:
    disk = of(READ, rotation=7 * DAY)
    away = run(NOW - 10 * MINUTE, VERIFY, failed("v1", VERIFY), "v1")
    cut_off = run(NOW - 10 * MINUTE, VERIFY, cut("v1", VERIFY), "v1")

    assert NOW + 51 * MINUTE == wakes(told(*away), disk)
    assert 1 == len(started(told(*cut_off), disk))


def test_a_damaged_disk_is_looked_at_again_when_nothing_else_is_to_be_read() -> None:
    disk = of(READ, rotation=7 * DAY)
    facts = [fact for n in range(1, 5) for fact in read(NOW - DAY, n, sound=n != 2)]

    assert (2, PARTS) == part(told(*facts), disk)


def test_locks_are_extended_every_ninth_of_their_period() -> None:
    done = records.relocked("l1")

    (first,) = started(told(), LOCKED)
    assert (RELOCK, "offsite", LOCK_SLOT) == (first.kind, first.repository, first.slot)
    assert LOCK_SLOT + DAY == wakes(told(*run(LOCK_SLOT, RELOCK, done, "l1")), LOCKED)


@pytest.mark.parametrize(("failures", "minutes"), [(1, 1), (2, 5), (3, 15), (4, 60), (9, 60)])
def test_locks_that_could_not_be_extended_are_tried_again_whatever_it_was(
    failures: int, minutes: int
) -> None:
    facts: list[Fact] = []
    for n in range(failures):
        refused = failed(f"l{n}", RELOCK, retryable=False)
        facts += run(LOCK_SLOT + n * MINUTE, RELOCK, refused, f"l{n}", timedelta(seconds=1))
    end = facts[-1][0]

    assert end + minutes * MINUTE == wakes(told(*facts), LOCKED, end)


def test_extending_locks_cut_short_goes_on_at_once_and_then_with_patience() -> None:
    once = run(LOCK_SLOT, RELOCK, cut("l1", RELOCK), "l1")
    twice = run(LOCK_SLOT + 2 * MINUTE, RELOCK, cut("l2", RELOCK), "l2")

    assert 1 == len(started(told(*once), LOCKED, LOCK_SLOT + MINUTE))
    assert LOCK_SLOT + 4 * MINUTE == wakes(told(*once, *twice), LOCKED, LOCK_SLOT + 3 * MINUTE)


def test_backups_and_drills_wait_for_what_is_alone_with_their_repository() -> None:
    till = policies.service(every=15 * MINUTE)
    site = policies.site(till)
    other = replace(site, id="butcher")
    alone = told(*run(NOW - MINUTE, RunKind.REPAIR, None, "u1"))
    away = told((NOW, records.upkeep_started("u1", RunKind.REPAIR, "nas")))

    assert 1 == len(backups(told(), promised(site), NOW)[0])
    assert [] == backups(alone, promised(site), NOW)[0]
    assert [] == backups(alone, promised(site, other), NOW)[0]  # the same address
    assert 1 == len(backups(away, promised(site), NOW)[0])
    assert 1 == len(drills(told(), promised(site), NOW + 3 * HOUR)[0])
    assert ([], None) == drills(away, promised(site), NOW + 3 * HOUR)


def test_what_is_remembered_of_one_state_is_not_told_of_another() -> None:
    answered = told(*read(SLOT + MINUTE, 1))
    assert SLOT + DAY == wakes(answered, READ)

    assert 1 == len(started(told(), READ))
    assert SLOT + DAY == wakes(answered, READ)
    assert 1 == len(started(answered, READ, SLOT - 2 * DAY))  # the clock went back


def test_a_run_of_a_site_that_has_no_policy_stops_nobody() -> None:
    begun = RunStarted(
        run="u1",
        kind=RunKind.RETAIN,
        site="gone",
        service="",
        repository="offsite",
        boot_id="",
    )

    assert 1 == len(started(told((NOW, begun)), READ))


def test_an_action_names_what_it_is_for() -> None:
    start = StartBackup(site="bakery", service="till", slot=NOW, key="k")
    (reading,) = upkeep(told(), promised(READ), NOW, [start])[0]

    assert "offsite" == reading.repository  # to be read beside a backup

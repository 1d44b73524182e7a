from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.core import cron
from orchestrator.core.decide.actions import Policies, StartBackup
from orchestrator.core.decide.starts.backups import backups, next_due
from orchestrator.core.decide.starts.turns import MOST
from orchestrator.core.events import Outcome, Recorded, RunKind
from orchestrator.core.fold import fold
from orchestrator.core.schedule import of_backups
from orchestrator.core.state import State
from tests import policies, records

if TYPE_CHECKING:
    from orchestrator.core.events import Event
    from orchestrator.core.policy.model import Service, Site

NOW = datetime(2026, 11, 23, 11, 2, 53, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
NIGHTLY = cron.read("0 3 * * *")
TILL = policies.service(cron=NIGHTLY)
SITE = policies.site(TILL)


def promised(*sites: Site) -> Policies:
    return Policies(sites={s.id: s for s in sites or (SITE,)}, provider=None, place="here")


def slot_of(site: Site = SITE, service: Service = TILL, now: datetime = NOW) -> datetime:
    when = of_backups(site, service)
    newest = when.newest(now) if when else None
    assert newest is not None
    return newest


SLOT = slot_of()
NEXT = slot_of(now=NOW + timedelta(days=1))


def told(*facts: tuple[datetime, Event]) -> State:
    """What the log says, as a state."""
    return fold(
        Recorded(seq=n, id=f"e{n}", at=at, event=event, cause=None, prevhash="", hash="")
        for n, (at, event) in enumerate(facts, start=1)
    )


def run(
    at: datetime, end: Event | None, name: str = "r1", after: timedelta = 5 * MINUTE
) -> list[tuple[datetime, Event]]:
    begun: list[tuple[datetime, Event]] = [(at, records.started(name))]
    return begun if end is None else [*begun, (at + after, end)]


FAILED = records.run_failed("r1")
FINAL = replace(FAILED, retryable=False)
DONE = records.backed_up("r1")
CUT = records.interrupted("r1")


def started(state: State, now: datetime = NOW, *sites: Site) -> list[StartBackup]:
    return backups(state, promised(*sites), now)[0]


def test_a_service_that_was_never_backed_up_is_due_at_once_for_its_newest_slot() -> None:
    expected = StartBackup(
        site="bakery",
        service="till",
        slot=SLOT,
        key=f"2026-11-23T02:00:{SLOT.second:02}Z after -",
    )

    assert ([expected], None) == backups(State(), promised(), NOW)


def test_a_service_without_a_schedule_is_never_started() -> None:
    assert ([], None) == backups(State(), promised(policies.site()), NOW)


@pytest.mark.parametrize(
    "end",
    [
        DONE,
        FINAL,
        records.backed_up("r1", outcome=Outcome.PARTIAL),
        records.backed_up("r1", outcome=Outcome.SUSPECTED),
        records.backed_up("r1", outcome=Outcome.FAILED),
    ],
)
def test_a_run_that_started_at_its_slot_or_later_answers_it(end: Event) -> None:
    state = told(*run(SLOT, end))

    assert ([], NEXT) == backups(state, promised(), NOW)


def test_a_run_that_a_person_started_answers_the_slot_before_it() -> None:
    state = told(*run(SLOT + HOUR, DONE))

    assert ([], NEXT) == backups(state, promised(), NOW)


def test_after_a_month_only_the_newest_slot_is_caught_up() -> None:
    state = told(*run(SLOT - timedelta(days=30), DONE))

    (start,) = started(state)

    assert SLOT == start.slot
    assert start.key.endswith(" after r1")


def test_a_run_that_began_before_the_slot_does_not_answer_it_however_late_it_ends() -> None:
    state = told(*run(SLOT - MINUTE, DONE, after=4 * HOUR))

    assert [SLOT] == [start.slot for start in started(state)]


def test_while_a_run_goes_on_no_other_of_its_service_starts_and_its_end_wakes_us() -> None:
    state = told(*run(SLOT - timedelta(days=3), None))

    assert ([], None) == backups(state, promised(), NOW)


def test_a_failure_that_may_pass_is_tried_again_more_and_more_slowly() -> None:
    facts: list[tuple[datetime, Event]] = []
    waits, at = [], SLOT
    for n in range(7):
        ended = at + MINUTE
        facts += run(at, replace(FAILED, run=f"r{n}"), f"r{n}", MINUTE)
        starts, wake_at = backups(told(*facts), promised(), ended)
        assert not starts
        assert wake_at is not None
        waits.append((wake_at - ended) // MINUTE)
        (again,) = started(told(*facts), wake_at)
        assert SLOT == again.slot
        at = wake_at

    assert [1, 2, 5, 10, 15, 15, 15] == waits


def test_a_retry_waits_no_longer_than_the_next_slot() -> None:
    busy = policies.service(every=2 * MINUTE)
    site = policies.site(busy)
    slot = slot_of(site, busy)
    facts = [
        fact
        for n in range(6)
        for fact in run(slot - (6 - n) * HOUR, replace(FAILED, run=f"r{n}"), f"r{n}", MINUTE)
    ]
    last = run(slot, replace(FAILED, run="r9"), "r9", timedelta(seconds=5))

    assert ([], slot + 2 * MINUTE) == backups(
        told(*facts, *last), promised(site), slot + timedelta(seconds=6)
    )


def test_a_run_that_was_cut_short_is_repeated_at_once_and_a_crash_loop_is_slowed_down() -> None:
    facts: list[tuple[datetime, Event]] = []
    waits, at = [], SLOT
    for n in range(7):
        ended = at + MINUTE
        facts += run(at, replace(CUT, run=f"r{n}"), f"r{n}", MINUTE)
        starts, wake_at = backups(told(*facts), promised(), ended)
        at = ended if starts else wake_at or ended
        waits.append((at - ended) // MINUTE)

    assert [0, 1, 2, 5, 10, 15, 15] == waits


def test_a_backup_by_hand_that_was_stopped_leaves_the_slot_answered() -> None:
    state = told(*run(SLOT, DONE), *run(SLOT + HOUR, replace(CUT, run="r2"), "r2"))

    assert ([], NEXT) == backups(state, promised(), NOW)


def test_a_clock_put_back_by_ten_minutes_starts_nothing_twice() -> None:
    state = told(*run(SLOT + MINUTE, DONE))

    assert ([], SLOT) == backups(state, promised(), SLOT - 9 * MINUTE)
    assert ([], NEXT) == backups(state, promised(), SLOT + MINUTE)


def test_a_run_of_a_clock_that_was_a_year_ahead_answers_nothing_and_still_makes_keys_unique() -> (
    None
):
    state = told(*run(NOW + timedelta(days=365), DONE))

    (start,) = started(state)

    assert (SLOT, True) == (start.slot, start.key.endswith("after r1"))


def test_a_failure_whose_end_was_dated_by_a_wrong_clock_is_tried_again_after_its_start() -> None:
    state = told(*run(SLOT, FAILED, after=timedelta(days=365)))

    assert [SLOT] == [start.slot for start in started(state)]


def test_an_interrupted_run_after_an_answer_of_the_future_is_repeated() -> None:
    state = told(*run(NOW + timedelta(days=365), DONE), *run(SLOT, replace(CUT, run="r2"), "r2"))

    assert [SLOT] == [start.slot for start in started(state)]


def test_the_clock_going_back_does_not_let_a_remembered_turn_stand() -> None:
    state = told(*run(SLOT, DONE))
    assert ([], NEXT) == backups(state, promised(), NOW)

    starts, wake_at = backups(state, promised(), SLOT - 2 * HOUR)

    assert [SLOT - timedelta(days=1)] == [start.slot for start in starts]
    assert wake_at is None


def test_what_is_remembered_of_one_state_is_not_told_of_another() -> None:
    assert ([], None) == backups(told(*run(SLOT, None)), promised(), NOW)

    assert [SLOT] == [start.slot for start in started(State())]


def open_runs(count: int, prefix: str = "slow") -> list[tuple[datetime, Event]]:
    at = NOW - timedelta(hours=30)
    return [
        (at, replace(records.started(f"{prefix}{n}"), service=f"{prefix}{n}")) for n in range(count)
    ]


def nightlies(count: int) -> list[Service]:
    return [policies.service(f"slow{n}", cron=NIGHTLY) for n in range(count)]


def test_three_lanes_are_for_all_and_the_fourth_for_what_comes_every_hour() -> None:
    till = policies.service("till", every=15 * MINUTE)
    crowded = policies.site(*nightlies(6), till)

    first = started(State(), NOW, crowded)
    full = started(told(*open_runs(3)), NOW, crowded)
    over_full = started(told(*open_runs(4)), NOW, crowded)

    assert ["slow0", "slow1", "slow2", "till"] == [start.service for start in first]
    assert ["till"] == [start.service for start in full]
    assert [] == over_full


def test_runs_that_nobody_scheduled_take_a_lane_too() -> None:
    crowded = policies.site(*nightlies(6))

    by_hand = started(told(*open_runs(2, "else")), NOW, crowded)

    assert ["slow0"] == [start.service for start in by_hand]


def test_a_drill_takes_no_lane_of_a_backup() -> None:
    drills = [
        (NOW, replace(records.started(f"d{n}", kind=RunKind.DRILL), service="")) for n in range(4)
    ]

    assert 1 == len(started(told(*drills)))


def test_what_waits_for_longest_goes_first_then_what_is_most_critical() -> None:
    services = [
        policies.service("books", cron=NIGHTLY, criticality="P3"),
        policies.service("till", cron=NIGHTLY, criticality="P1"),
        policies.service("old", cron=NIGHTLY, criticality="P4"),
        policies.service("share", cron=NIGHTLY, criticality="P3"),
    ]
    site = policies.site(*services)

    def done(service: str, days: int) -> list[tuple[datetime, Event]]:
        at = SLOT - timedelta(days=days) + MINUTE
        run = f"of {service}"
        return [
            (at, replace(records.started(run), service=service)),
            (at, replace(records.backed_up(run), service=service)),
        ]

    never = started(State(), NOW, site)
    waited = started(
        told(*done("books", 1), *done("till", 1), *done("share", 1), *done("old", 9)), NOW, site
    )

    assert ["till", "books", "share"] == [start.service for start in never]
    assert "old" == waited[0].service


def test_next_due_is_the_next_slot_or_the_one_that_is_late_or_the_retry() -> None:
    def due(state: State) -> datetime | None:
        return next_due(state, SITE, TILL, NOW)

    assert SLOT == due(State())
    assert SLOT == due(told(*run(SLOT - MINUTE, DONE)))
    assert NEXT == due(told(*run(SLOT, DONE)))
    assert NEXT == due(told(*run(SLOT - MINUTE, None)))
    assert NOW + MINUTE == due(told(*run(NOW - MINUTE, FAILED, after=MINUTE)))
    assert next_due(State(), policies.site(), policies.service(), NOW) is None
    unscheduled = replace(TILL, cron=None)
    assert next_due(told(*run(SLOT, None)), SITE, unscheduled, NOW) is None


def test_a_changed_schedule_counts_at_once() -> None:
    state = told(*run(SLOT, DONE))
    assert ([], NEXT) == backups(state, promised(), NOW)

    sooner = policies.site(replace(TILL, cron=cron.read("0 11 * * *")))
    moved = policies.site(TILL, timezone="Asia/Tokyo")

    assert [NOW.replace(hour=10, minute=0, second=SLOT.second)] == [
        start.slot for start in started(state, NOW, sooner)
    ]
    assert ([], NEXT - 8 * HOUR) == backups(state, promised(moved), NOW)


def test_more_services_than_are_remembered_get_the_same_answers() -> None:
    many = policies.site(*(policies.service(f"s{n}", cron=NIGHTLY) for n in range(MOST + 1)))
    facts = [
        Recorded(seq=n, id=f"e{n}", at=SLOT + MINUTE, event=event, cause=None, prevhash="", hash="")
        for n, name in enumerate(many.services)
        for event in (
            replace(records.started(f"r{n}"), service=name),
            replace(records.backed_up(f"r{n}"), service=name),
        )
    ]
    state = fold(facts)

    first = backups(state, promised(many), NOW)

    assert [] == first[0]
    assert first == backups(state, promised(many), NOW)


def test_before_the_first_slot_of_all_times_the_first_one_is_waited_for() -> None:
    leap = policies.service(cron=cron.read("0 0 29 2 *"))
    early = datetime(2, 1, 1, tzinfo=UTC)

    starts, wake_at = backups(State(), promised(policies.site(leap)), early)

    assert [] == starts
    assert wake_at is not None
    assert 4 == wake_at.year

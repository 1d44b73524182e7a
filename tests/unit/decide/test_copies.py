from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.decide.actions import Policies, StartCopy
from orchestrator.core.decide.starts.copies import copies
from orchestrator.core.decide.starts.turns import MOST
from orchestrator.core.events import Recorded, RunKind, RunStarted
from orchestrator.core.fold import fold
from orchestrator.core.policy.model import Location
from orchestrator.core.state import State
from tests import policies, records

if TYPE_CHECKING:
    from orchestrator.core.events import Event
    from orchestrator.core.policy.model import Service, Site

Fact = tuple[datetime, "Event"]
NOW = datetime(2026, 11, 23, 11, 2, 53, 500_000, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
POINT = NOW - 30 * MINUTE  # when the newest one became usable
TILL = policies.service(copy_to=("nas",), every=DAY)
SITE = policies.site(TILL)


def promised(*sites: Site) -> Policies:
    return Policies(sites={s.id: s for s in sites or (SITE,)}, provider=None, place="here")


def told(*facts: Fact) -> State:
    return fold(
        Recorded(seq=n, id=f"e{n}", at=at, event=event, cause=None, prevhash="", hash="")
        for n, (at, event) in enumerate(facts, start=1)
    )


def point(
    run: str = "b1", at: datetime = POINT, service: str = "till", to: str = "offsite"
) -> Fact:
    event = replace(records.backed_up(run), service=service, usable_at=at, repository=to)
    return at, event


def copy(
    at: datetime, end: Event | None, name: str = "c1", after: timedelta = MINUTE, to: str = "nas"
) -> list[Fact]:
    begun: list[Fact] = [(at, records.upkeep_started(name, RunKind.COPY, to))]
    return begun if end is None else [*begun, (at + after, end)]


FAILED = records.run_failed("c1", kind=RunKind.COPY)
CUT = records.interrupted("c1", kind=RunKind.COPY)
DONE = records.copied("c1", "b1")


def started(state: State, now: datetime = NOW, *sites: Site) -> list[StartCopy]:
    return copies(state, promised(*sites), now)[0]


def wakes(state: State, now: datetime = NOW, *sites: Site) -> datetime | None:
    starts, wake_at = copies(state, promised(*sites), now)
    assert [] == starts
    return wake_at


def test_a_point_that_the_other_repository_lacks_is_copied_at_once() -> None:
    slot = POINT.replace(microsecond=0)

    assert ([], None) == copies(State(), promised(), NOW)
    assert (
        [
            StartCopy(
                site="bakery",
                service="till",
                repository="nas",
                slot=slot,
                key=f"nas {slot:%Y-%m-%dT%H:%M:%S}Z after -",
            )
        ],
        None,
    ) == copies(told(point()), promised(), NOW)


def test_what_is_there_is_not_copied_again_until_there_is_a_newer_point() -> None:
    copied = [point(), *copy(POINT + MINUTE, DONE)]

    assert wakes(told(*copied)) is None
    assert ["nas"] == [s.repository for s in started(told(*copied, point("b2", NOW - MINUTE)))]


def test_a_copy_that_another_point_overtook_goes_on_with_that_one() -> None:
    state = told(
        point(), copy(POINT + MINUTE, None)[0], point("b2", NOW - MINUTE), (NOW - MINUTE, DONE)
    )

    assert [f"{NOW - MINUTE:%Y-%m-%dT%H:%M:%S}Z after c1"] == [
        start.key.removeprefix("nas ") for start in started(state)
    ]


def test_while_a_copy_runs_there_is_no_second_one_to_the_same_place() -> None:
    often = replace(TILL, copy_to=("nas", "far"), every=HOUR)
    both = policies.site(often, repositories=with_far())
    running = [point(), *copy(NOW - MINUTE, None)]

    assert wakes(told(*running)) is None
    assert ["far"] == [s.repository for s in started(told(*running), NOW, both)]


def with_far(rotation: timedelta | None = None) -> dict[str, object]:
    far = replace(policies.repository("far", Location.OFFSITE), rotation=rotation)
    return {**SITE.repositories, "far": far}


@pytest.mark.parametrize(
    ("failures", "minutes"), [(1, 1), (2, 2), (3, 5), (4, 10), (5, 15), (9, 15)]
)
def test_after_a_failure_it_waits_longer_each_time(failures: int, minutes: int) -> None:
    facts = [point()]
    for number in range(failures):
        name, at = f"c{number}", POINT + number * MINUTE
        facts += copy(at, replace(FAILED, run=name), name, timedelta(seconds=1))
    end = facts[-1][0]

    assert end + minutes * MINUTE == wakes(told(*facts), end + timedelta(seconds=1))
    assert 1 == len(started(told(*facts), end + minutes * MINUTE))


def test_it_asks_again_when_the_first_of_those_that_wait_may_be_tried() -> None:
    site = policies.site(service("a", DAY), service("b", DAY), service("c", DAY))
    facts: list[Fact] = []
    for name, ago in (("a", 3 * HOUR), ("b", 90 * MINUTE), ("c", 30 * MINUTE)):
        begun = replace(running(name)[1], run=f"of {name}")
        refused = replace(FAILED, run=begun.run, service=name, retryable=False)
        facts += [point(f"b of {name}", service=name), (NOW - ago, begun)]
        facts.append((NOW - (2 * MINUTE if name != "b" else 5 * MINUTE), refused))

    assert NOW + 55 * MINUTE == wakes(told(*facts), NOW, site)


def test_a_newer_point_does_not_shorten_the_wait() -> None:
    facts = [point(), *copy(NOW - 3 * MINUTE, FAILED, after=150 * timedelta(seconds=1))]

    assert NOW + MINUTE / 2 == wakes(told(*facts, point("b2", NOW - timedelta(seconds=10))))


def test_where_only_a_person_can_help_it_is_tried_every_hour() -> None:
    refused = copy(NOW - 10 * MINUTE, replace(FAILED, retryable=False))

    assert NOW + 51 * MINUTE == wakes(told(point(), *refused))


def test_a_disk_that_may_be_unplugged_is_asked_for_every_hour() -> None:
    to_disk = policies.site(
        replace(TILL, copy_to=("far",)), repositories=with_far(rotation=timedelta(days=7))
    )
    facts = [point(), *copy(NOW - 10 * MINUTE, FAILED, to="far")]

    assert NOW + 51 * MINUTE == wakes(told(*facts), NOW, to_disk)


def test_one_cut_short_is_tried_again_at_once_and_then_with_patience() -> None:
    once = [point(), *copy(NOW - 2 * MINUTE, CUT, after=2 * MINUTE)]
    again = replace(CUT, run="c2")

    assert 1 == len(started(told(*once)))
    assert NOW + MINUTE == wakes(told(*once, *copy(NOW, again, "c2", timedelta(0))))


def test_a_copy_that_brings_something_else_is_not_made_in_a_circle() -> None:
    other = replace(DONE, point="older")
    state = told(point(), *copy(NOW - 10 * MINUTE, other, after=MINUTE))

    assert NOW + 6 * MINUTE == wakes(state)


def test_a_point_that_a_wrong_clock_dated_is_copied_all_the_same() -> None:
    ahead = [(NOW - HOUR, point(at=NOW + 300 * DAY)[1])]
    brought_nothing = copy(NOW - 2 * MINUTE, replace(DONE, point="older"))

    assert 1 == len(started(told(*ahead)))
    assert NOW + 14 * MINUTE == wakes(told(*ahead, *brought_nothing))


def test_a_copy_dated_by_a_wrong_clock_stops_none() -> None:
    state = told(point(), *copy(NOW + 300 * DAY, FAILED))

    assert 1 == len(started(state))
    ended_ahead = told(point(), *copy(NOW - 10 * MINUTE, FAILED, after=300 * DAY))
    assert 1 == len(started(ended_ahead))


def test_points_that_lie_elsewhere_are_not_copied_from_where_they_are_not() -> None:
    moved = told(point(to="nas"))
    external = policies.site(policies.service("payroll", policies.source(policies.PAYROLL)))

    assert wakes(moved) is None
    assert wakes(told(point()), NOW, external) is None


@pytest.mark.parametrize("kind", [RunKind.RETAIN, RunKind.REPAIR, RunKind.REWIND])
@pytest.mark.parametrize("repository", ["offsite", "nas"])
def test_nothing_is_copied_from_or_to_what_a_run_has_to_itself(
    kind: RunKind, repository: str
) -> None:
    alone = (NOW - MINUTE, records.upkeep_started("u1", kind, repository))

    assert wakes(told(point(), alone)) is None


def service(name: str, every: timedelta, **other: object) -> Service:
    return policies.service(name, every=every, copy_to=("nas",), **other)


def running(name: str) -> tuple[datetime, RunStarted]:
    begun = RunStarted(
        run=f"of {name}",
        kind=RunKind.COPY,
        site="bakery",
        service=name,
        repository="nas",
        boot_id="",
        origin="offsite",
    )
    return NOW - 30 * HOUR, begun


def test_one_lane_is_for_all_and_the_other_for_what_comes_every_hour() -> None:
    names = ["slow0", "slow1", "till"]
    site = policies.site(*(service(name, HOUR if name == "till" else DAY) for name in names))
    points = [point(f"b of {name}", service=name) for name in names]

    def copied(*facts: Fact) -> list[str]:
        return [start.service for start in started(told(*points, *facts), NOW, site)]

    assert ["slow0", "till"] == copied()
    assert ["till"] == copied(running("slow1"))
    assert ["slow0"] == copied(running("till"))
    assert [] == copied(running("till"), running("slow1"))


def test_what_waits_for_longest_goes_first_then_what_is_most_critical() -> None:
    site = policies.site(
        service("books", DAY, criticality="P3"),
        service("share", DAY, criticality="P2"),
        service("old", DAY, criticality="P4"),
    )
    points = [point(f"b of {name}", service=name) for name in site.services]

    def before(name: str, days: int) -> list[Fact]:
        run, at = f"was {name}", NOW - days * DAY
        begun = replace(running(name)[1], run=run)
        return [
            (at, begun),
            (at, replace(records.copied(run, "earlier"), service=name)),
        ]

    never = started(told(*points), NOW, site)
    waited = started(
        told(*points, *before("share", 1), *before("books", 1), *before("old", 3)), NOW, site
    )

    assert ["share"] == [start.service for start in never]
    assert ["old"] == [start.service for start in waited]


def test_one_that_fails_again_and_again_lets_the_others_go_first() -> None:
    site = policies.site(service("bad", DAY), service("good", DAY))
    failed = replace(records.run_failed("c1", kind=RunKind.COPY), service="bad")
    begun = replace(running("bad")[1], run="c1")
    state = told(
        point("b1", NOW - 5 * DAY, "bad"),
        point("b2", NOW - DAY, "good"),
        *[(NOW - 2 * DAY, replace(running("good")[1], run="c0"))],
        *[(NOW - 2 * DAY, replace(records.copied("c0", "earlier"), service="good"))],
        (NOW - 2 * MINUTE, begun),
        (NOW - MINUTE, failed),
    )

    assert ["good"] == [start.service for start in started(state, NOW, site)]


def test_a_changed_policy_counts_at_once() -> None:
    state = told(point(), *copy(POINT + MINUTE, DONE))
    assert wakes(state) is None

    more = policies.site(replace(TILL, copy_to=("nas", "far")), repositories=with_far())

    assert ["far"] == [start.repository for start in started(state, NOW, more)]


def test_more_copies_than_are_remembered_get_the_same_answers() -> None:
    many = policies.site(*(service(f"s{n}", DAY) for n in range(MOST + 1)))
    facts = [point(f"b{n}", POINT, f"s{n}") for n in range(MOST + 1)]
    done = [
        (NOW - MINUTE, replace(records.copied(f"c{n}", f"b{n}"), service=f"s{n}"))
        for n in range(MOST + 1)
    ]
    state = told(*facts, *done)

    assert ([], None) == copies(state, promised(many), NOW)
    assert ([], None) == copies(state, promised(many), NOW)

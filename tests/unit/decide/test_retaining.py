from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from orchestrator.core.decide.actions import Policies, StartBackup, StartCopy, StartDrill
from orchestrator.core.decide.starts.retaining import forbidden
from orchestrator.core.decide.starts.upkeep import upkeep
from orchestrator.core.events import Recorded, RunKind
from orchestrator.core.fold import fold
from orchestrator.core.policy.model import Business, Retention
from orchestrator.core.schedule import of_retention
from orchestrator.core.state import State
from restore_drills.model import Scenario
from tests import policies, records
from tests.builders import hours

if TYPE_CHECKING:
    from orchestrator.core.decide.actions import StartUpkeep
    from orchestrator.core.events import Event
    from orchestrator.core.policy.model import Site

Fact = tuple[datetime, "Event"]
PARIS = ZoneInfo("Europe/Paris")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
RETAIN = RunKind.RETAIN
# The bakery works from 6 to 13, tuesday to saturday; it is closed all of monday.
SITE = policies.site(retention=Retention(last=3))
NOON = datetime(2026, 11, 25, 11, 0, tzinfo=UTC)  # a Wednesday


def slot_of(site: Site = SITE, now: datetime = NOON) -> datetime:
    when = of_retention(site, site.repositories["offsite"])
    newest = when.newest(now) if when else None
    assert newest is not None
    return newest


SLOT = slot_of()
NEXT = slot_of(now=NOON + DAY)


def promised(*sites: Site) -> Policies:
    return Policies(sites={s.id: s for s in sites}, provider=None, place="here")


def told(*facts: Fact) -> State:
    """What the log says; a point has been in the repository for long."""
    point = (SLOT - 90 * DAY, replace(records.backed_up("b1"), usable_at=SLOT - 90 * DAY))
    return fold(
        Recorded(seq=n, id=f"e{n}", at=at, event=event, cause=None, prevhash="", hash="")
        for n, (at, event) in enumerate((point, *facts), start=1)
    )


def run(
    at: datetime,
    end: Event | None,
    name: str = "t1",
    kind: RunKind = RETAIN,
    repository: str = "offsite",
) -> list[Fact]:
    begun: list[Fact] = [(at, records.upkeep_started(name, kind, repository))]
    return begun if end is None else [*begun, (at + MINUTE, end)]


DONE = run(SLOT - DAY, records.retained("t0"), "t0")


def started(state: State, now: datetime = SLOT, site: Site = SITE) -> list[StartUpkeep]:
    return upkeep(state, promised(site), now)[0]


def wakes(state: State, now: datetime = SLOT, site: Site = SITE) -> datetime | None:
    starts, wake_at = upkeep(state, promised(site), now)
    assert [] == starts
    return wake_at


def test_a_repository_is_thinned_out_once_a_night() -> None:
    (start,) = started(told(*DONE))

    assert (RETAIN, "offsite", SLOT, None) == (
        start.kind,
        start.repository,
        start.slot,
        start.allowed,
    )
    assert f"offsite {SLOT:%Y-%m-%dT%H:%M:%S}Z after t0" == start.key
    assert NEXT == wakes(told(*DONE, *run(SLOT, records.retained("t1"))), SLOT + HOUR)


@pytest.mark.parametrize("number", range(20))
def test_the_hour_is_one_of_the_night_where_the_site_is(number: int) -> None:
    site = policies.site(id=f"s{number}", retention=Retention(last=3), timezone="Asia/Tokyo")

    assert slot_of(site).astimezone(ZoneInfo("Asia/Tokyo")).hour < 5


def test_what_the_policy_does_not_want_removed_stays() -> None:
    kept = policies.site()
    server = replace(SITE.repositories["offsite"], append_only=True)
    append_only = replace(SITE, repositories={**SITE.repositories, "offsite": server})

    assert wakes(told(*DONE), SLOT, kept) is None
    assert wakes(told(*DONE), SLOT, append_only) is None


def test_what_was_due_before_there_was_anything_is_not_owed() -> None:
    young = fold(records.recorded(records.backed_up("b1"), at=SLOT + HOUR))

    assert NEXT == wakes(young, SLOT + 2 * HOUR)
    assert wakes(State()) is None


def test_what_was_missed_at_night_waits_until_the_people_are_gone() -> None:
    morning = datetime(2026, 11, 25, 6, 30, tzinfo=PARIS)
    closing = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)

    assert closing == wakes(told(*DONE), morning.astimezone(UTC))
    assert closing == wakes(told(*DONE), NOON)
    assert 1 == len(started(told(*DONE), closing))
    assert slot_of(now=NOON) == started(told(*DONE), closing)[0].slot


def test_a_short_break_is_not_long_enough() -> None:
    day = (hours("0123456", "06:00", "12:30"), hours("0123456", "14:00", "19:00"))
    site = replace(SITE, business=business(*day))
    half_past_five = datetime(2026, 11, 25, 4, 30, tzinfo=UTC)
    evening = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)

    assert evening == wakes(told(*DONE), NOON, site)
    assert evening == wakes(told(*DONE), half_past_five, site)


def business(*of: Any) -> Business:  # noqa: ANN401 - hours
    return Business(employees=None, hours=of, holidays=None, closed=())


def test_where_nobody_says_when_or_the_doors_never_close_any_hour_will_do() -> None:
    silent = replace(SITE, business=business())
    always = replace(SITE, business=business(hours("0123456", "00:00", "23:59")))
    round_the_clock = replace(always.business.hours[0], end=datetime.max.time())
    never_closed = replace(SITE, business=business(round_the_clock))

    for site in (silent, always, never_closed):
        assert 1 == len(started(told(*DONE), NOON, site))


@pytest.mark.parametrize(
    ("kind", "repository"),
    [
        (RunKind.BACKUP, "offsite"),
        (RunKind.COPY, "nas"),
        (RunKind.VERIFY, "offsite"),
        (RunKind.RELOCK, "offsite"),
        (RunKind.DRILL, "nas offsite"),
        (RunKind.REPAIR, "offsite"),
    ],
)
def test_it_is_alone_with_its_repository(kind: RunKind, repository: str) -> None:
    begun = replace(records.upkeep_started("r9", kind, repository), origin="offsite")
    elsewhere = replace(begun, repository="nas", origin="")

    assert wakes(told(*DONE, (SLOT - HOUR, begun))) is None
    assert 1 == len(started(told(*DONE, (SLOT - HOUR, elsewhere))))


def test_it_waits_for_what_starts_in_the_same_instant() -> None:
    site = policies.site(policies.service(copy_to=("nas",)), retention=Retention(last=3))
    names: dict[str, Any] = {"site": "bakery", "slot": SLOT, "key": "k"}
    begins: list[StartBackup | StartCopy | StartDrill] = [
        StartBackup(service="till", **names),
        StartCopy(service="till", repository="nas", **names),
        StartDrill(drill="d", scenario=Scenario.SERVER_FAILURE, services=(), **names),
    ]

    for one in begins:
        assert [] == upkeep(told(*DONE), promised(site), SLOT, [one])[0]


def test_a_failure_that_may_pass_is_tried_again_after_an_hour_and_others_the_next_night() -> None:
    away = records.run_failed("t1", kind=RETAIN, service="")
    refused = replace(away, retryable=False)

    assert SLOT + HOUR + MINUTE == wakes(told(*DONE, *run(SLOT, away)), SLOT + 2 * MINUTE)
    assert NEXT == wakes(told(*DONE, *run(SLOT, refused)), SLOT + 2 * MINUTE)


def test_one_cut_short_is_tried_again_at_once_and_then_after_an_hour() -> None:
    def cut(name: str) -> Event:
        return records.interrupted(name, kind=RETAIN, service="")

    once = run(SLOT, cut("t1"))
    twice = run(SLOT + 2 * MINUTE, cut("t2"), "t2")

    assert 1 == len(started(told(*DONE, *once), SLOT + MINUTE))
    assert SLOT + HOUR + 3 * MINUTE == wakes(told(*DONE, *once, *twice), SLOT + 3 * MINUTE)


@pytest.mark.parametrize(
    ("condition", "holds_back"),
    [
        ("repository-damaged-nas", True),
        ("repository-lost-offsite", True),
        ("repository-foreign-offsite", True),
        ("backup-suspected", True),
        ("log-restored", True),
        ("clock-wrong", True),
        ("retention-held-offsite", False),
        ("backup-overdue", False),
    ],
)
@pytest.mark.parametrize("where", ["bakery", ""])
def test_nothing_is_removed_while_anything_is_suspected(
    condition: str, where: str, *, holds_back: bool
) -> None:
    opened = replace(records.incident_opened("i1", condition=condition), site=where)
    elsewhere = replace(opened, site="butcher")

    def said(*facts: Event) -> State:
        return told(*DONE, *((SLOT - HOUR, fact) for fact in facts))

    assert (0 if holds_back else 1) == len(started(said(opened)))
    assert (condition if holds_back else "") == forbidden(said(opened), SITE, SLOT)
    assert 1 == len(started(said(elsewhere)))
    assert 1 == len(started(said(opened, records.resolved("i1"))))


def test_nothing_is_removed_while_any_repository_of_the_site_is_damaged() -> None:
    hurt = replace(records.verified("v1", 3, sound=False), repository="nas")
    whole = replace(records.verified("v2", 3), repository="nas")
    wrong, right = (SLOT - 2 * DAY, hurt), (SLOT - HOUR, whole)

    assert wakes(told(*DONE, wrong)) is None
    assert "repository-damaged" == forbidden(told(*DONE, wrong), SITE, SLOT)
    assert 1 == len(started(told(*DONE, wrong, right)))


def test_nothing_is_removed_while_the_clock_is_wrong_and_for_a_day_after() -> None:
    wrong = (SLOT - 30 * HOUR, records.observed("clock-wrong", "off"))
    right = (SLOT - 4 * HOUR, records.observed("clock-wrong", "", present=False))

    assert wakes(told(*DONE, wrong)) is None
    assert SLOT + 20 * HOUR == wakes(told(*DONE, wrong, right))
    assert 1 == len(started(told(*DONE, wrong, right), SLOT + 20 * HOUR))
    assert 1 == len(started(told(*DONE, (SLOT - HOUR, records.observed("disk-short")))))


def test_a_restored_log_removes_nothing_until_a_person_has_looked() -> None:
    assert wakes(told(*DONE, (SLOT - HOUR, records.log_restored()))) is None


HELD = run(SLOT, records.retained("t1", "more than half would go"))
OPENED = replace(
    records.incident_opened("i1", condition="retention-held-offsite", evidence="t1"), service=""
)
CLOSED: list[Fact] = [
    (SLOT + HOUR, OPENED),
    (SLOT + 2 * HOUR, records.resolved("i1", by="Zoe")),
]


def test_what_was_held_back_is_tried_again_the_next_night() -> None:
    state = told(*HELD)

    assert NEXT == wakes(state, SLOT + HOUR)
    assert [None] == [start.allowed for start in started(state, NEXT)]


def test_what_a_person_let_go_is_done_at_once_and_once() -> None:
    later = NOON + 30 * MINUTE  # in the middle of the day
    begun = (NOON + 31 * MINUTE, records.upkeep_started("t2", RETAIN))
    again = (NOON + 32 * MINUTE, records.retained("t2", "more than half would go"))

    assert NEXT == wakes(told(*HELD, *CLOSED[:1]), later)
    assert [7] == [start.allowed for start in started(told(*HELD, *CLOSED), later)]
    assert wakes(told(*HELD, *CLOSED, begun), later + 2 * MINUTE) is not None
    assert NEXT == wakes(told(*HELD, *CLOSED, begun, again), later + 5 * MINUTE)


def test_what_a_person_let_go_is_still_so_when_it_was_cut_short() -> None:
    later = NOON + 30 * MINUTE
    cut = run(later, records.interrupted("t2", kind=RETAIN, service=""), "t2")
    away = run(later, records.run_failed("t2", kind=RETAIN, service=""), "t2")

    assert [7] == [
        start.allowed for start in started(told(*HELD, *CLOSED, *cut), later + 2 * MINUTE)
    ]
    assert later + HOUR + MINUTE == wakes(told(*HELD, *CLOSED, *away), later + 2 * MINUTE)


def test_what_a_person_let_go_is_not_done_while_anything_is_suspected() -> None:
    foreign = replace(OPENED, incident="i2", condition="repository-foreign-offsite")

    assert wakes(told(*HELD, *CLOSED, (NOON, foreign)), NOON + HOUR) is None


def test_an_incident_that_went_by_itself_lets_nothing_go() -> None:
    gone: list[Fact] = [CLOSED[0], (SLOT + 2 * HOUR, records.resolved("i1"))]

    assert NEXT == wakes(told(*HELD, *gone), NOON)

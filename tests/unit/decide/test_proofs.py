from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from orchestrator.core.codec import timestamp
from orchestrator.core.decide.actions import StartDrill
from orchestrator.core.decide.starts.turns import MOST
from orchestrator.core.events import BackupFinished, SiteResumed
from orchestrator.core.policy.model import DrillPlan, ProofValid
from orchestrator.core.state import State
from tests import policies
from tests.builders import hours
from tests.drilling import (
    ANYTIME,
    DAY,
    ELSEWHERE,
    FAILURE,
    HOUR,
    LONG_BACKED_UP,
    MINUTE,
    NOW,
    PROVEN,
    SITE,
    SLOT,
    TILL,
    Fact,
    backed_up,
    drill,
    failed,
    proven,
    started,
    told,
    wakes,
)


def test_the_first_usable_point_is_proven() -> None:
    start = started(told(backed_up(NOW - HOUR)))

    assert start == StartDrill(
        site="bakery",
        drill="proof",
        scenario=FAILURE,
        services=("till",),
        slot=NOW - HOUR,
        key="proof after -",
    )


def test_a_first_proof_that_failed_for_good_is_tried_again_a_day_later() -> None:
    tried = drill(NOW - HOUR, failed("p1", retryable=False), "proof", "p1", after=MINUTE)

    assert NOW - HOUR + DAY == wakes(told(backed_up(NOW - 2 * HOUR), *tried))


def test_nothing_is_proven_before_there_is_a_point_where_the_policy_looks_for_it() -> None:
    moved = policies.site(replace(TILL, backup_to="nas"), business=ANYTIME)

    assert wakes(State()) is None
    assert wakes(told(backed_up(NOW - HOUR)), moved) is None
    assert started(told(backed_up(NOW - HOUR, repository="nas")), moved) is not None


def test_what_somebody_else_backs_up_is_proven_at_once() -> None:
    adopted = policies.site(
        policies.service("sage", policies.source(policies.WINDOWS)),
        policies.service("payroll", policies.source(policies.PAYROLL)),
        business=ANYTIME,
    )

    start = started(State(), adopted)

    assert start is not None
    assert (("sage",), NOW.replace(second=0)) == (start.services, start.slot)


def test_business_hours_are_waited_out() -> None:
    bakery = replace(
        SITE, business=replace(SITE.business, hours=(hours("01234", "06:00", "13:00"),))
    )
    always = replace(SITE, business=replace(ANYTIME, hours=(hours("0123456", "00:00", "23:59"),)))
    closed = replace(bakery, business=replace(bakery.business, closed=((date(2026, 11, 23),) * 2,)))
    state = told(backed_up(NOW - HOUR))

    assert NOW.replace(hour=12, minute=0, second=0) == wakes(state, bakery)
    assert started(state, bakery, NOW + HOUR) is not None
    assert started(state, closed) is not None
    assert NOW.replace(hour=22, minute=59, second=0) == wakes(state, always)


def test_a_site_that_is_always_open_is_drilled_all_the_same() -> None:
    open_hours = replace(hours("0123456", "00:00", "23:59"), end=datetime.max.time())
    always = replace(SITE, business=replace(ANYTIME, hours=(open_hours,)))

    assert started(told(backed_up(NOW - HOUR)), always) is not None


def test_a_change_of_the_policy_is_proven_again_once() -> None:
    state = told(LONG_BACKED_UP, *PROVEN)
    changed = policies.site(replace(TILL, policy_hash="h2"), business=ANYTIME)

    start = started(state, changed)
    refuted = proven(NOW, "d2", verdict="refuted", policy_hash="h2")
    after = told(LONG_BACKED_UP, *PROVEN, *drill(NOW, refuted, "proof", "d2"))

    assert start is not None
    assert ("proof", ("till",), SLOT) == (start.drill, start.services, start.slot)
    assert NOW + 7 * DAY == wakes(after, changed, NOW + 2 * HOUR)
    assert SLOT + 32 * DAY == wakes(state)


def test_a_policy_that_is_changed_back_to_what_was_proven_needs_no_drill() -> None:
    under_h2 = proven(SLOT + DAY, "d2", verdict="refuted", policy_hash="h2")
    state = told(LONG_BACKED_UP, *PROVEN, *drill(SLOT + DAY, under_h2, "proof", "d2"))

    assert SLOT + 32 * DAY == wakes(state, SITE, SLOT + 2 * DAY)


def test_a_change_whose_drill_failed_is_tried_an_hour_later_then_once_a_day() -> None:
    changed = policies.site(replace(TILL, policy_hash="h2"), business=ANYTIME)
    facts = [LONG_BACKED_UP, *PROVEN]
    at, waits = NOW, []
    for n in range(6):
        facts += drill(at, failed(f"p{n}"), "proof", f"p{n}", after=MINUTE)
        again = wakes(told(*facts), changed, at + MINUTE)
        assert again is not None
        waits.append(again - at)
        at = again

    assert [HOUR + MINUTE] * 3 == waits[:3]
    assert DAY == waits[3]


def test_a_change_right_after_a_drill_is_proven_without_waiting_for_a_day() -> None:
    state = told(LONG_BACKED_UP, *drill(NOW - 2 * HOUR, proven(NOW - 2 * HOUR), "proof"))
    changed = policies.site(replace(TILL, policy_hash="h2"), business=ANYTIME)

    assert started(state, changed) is not None


def test_a_proof_is_renewed_three_days_or_a_tenth_before_it_expires() -> None:
    state = told(LONG_BACKED_UP, *PROVEN)
    ten_days = replace(SITE, proof_valid_for=ProofValid(default=10 * DAY))

    assert SLOT + 32 * DAY == wakes(state)
    assert started(state, SITE, SLOT + 32 * DAY) is not None
    assert SLOT + 9 * DAY == wakes(state, ten_days)


@pytest.mark.parametrize(("verdict", "days"), [("inconclusive", 1), ("refuted", 7)])
def test_a_proof_that_could_not_be_had_is_tried_once_a_day_and_a_refuted_one_once_a_week(
    verdict: str, days: int
) -> None:
    at = SLOT + 32 * DAY
    state = told(
        LONG_BACKED_UP, *PROVEN, *drill(at, proven(at, "d2", verdict=verdict), "proof", "d2")
    )
    never = told(LONG_BACKED_UP, *drill(at, proven(at, "d1", verdict=verdict), "proof"))

    assert at + days * DAY == wakes(state, SITE, at + 2 * HOUR)
    assert at + days * DAY == wakes(never, SITE, at + 2 * HOUR)


def test_all_services_that_are_due_are_proven_in_one_drill_and_the_others_left_alone() -> None:
    books, share = (policies.service(name, policy_hash="h1") for name in ("books", "share"))
    site = policies.site(TILL, books, share, business=ANYTIME)
    state = told(*PROVEN, *(backed_up(NOW - HOUR, name) for name in ("till", "books", "share")))

    start = started(state, site)

    assert start is not None
    assert ("books", "share") == start.services


def test_a_proof_of_a_clock_that_was_a_year_ahead_counts_for_nothing() -> None:
    later = NOW + 365 * DAY
    state = told(backed_up(NOW - HOUR), *drill(later, proven(later), "proof"))

    start = started(state)

    assert start is not None
    assert "proof after d1" == start.key


def test_a_first_point_of_a_clock_that_was_a_year_ahead_is_proven_now() -> None:
    assert started(told(backed_up(NOW + 365 * DAY))) is not None


@pytest.mark.parametrize("wanted", [(), (ELSEWHERE,)])
def test_a_site_that_wants_no_drills_or_has_them_elsewhere_is_not_drilled_here(
    wanted: tuple[DrillPlan, ...],
) -> None:
    state = told(backed_up(NOW - 30 * DAY))

    assert wakes(state, replace(SITE, drills=wanted)) is None


def test_what_is_remembered_of_one_state_or_time_is_not_told_of_another() -> None:
    def tried(verdict: str) -> State:
        return told(LONG_BACKED_UP, *drill(SLOT, proven(SLOT, verdict=verdict), "proof"))

    assert SLOT + DAY == wakes(tried("inconclusive"), SITE, SLOT + 2 * HOUR)
    assert SLOT + 7 * DAY == wakes(tried("refuted"), SITE, SLOT + 2 * HOUR)
    assert SLOT + 32 * DAY == wakes(tried("proven"), SITE, SLOT + 2 * HOUR)


def test_a_remembered_need_does_not_outlive_a_clock_that_goes_back() -> None:
    state = told(LONG_BACKED_UP, *drill(SLOT, proven(SLOT), "proof"))
    assert SLOT + 32 * DAY == wakes(state, SITE, SLOT + 2 * HOUR)

    assert started(state, SITE, SLOT - 2 * DAY) is not None


def test_more_services_than_are_remembered_get_the_same_answers() -> None:
    names = [f"s{n}" for n in range(MOST + 1)]
    many = policies.site(
        *(policies.service(name, policies.source(policies.WINDOWS)) for name in names),
        business=ANYTIME,
    )

    first = started(State(), many)

    assert first is not None
    assert tuple(names) == first.services
    assert first == started(State(), many)


def resumed(at: datetime) -> Fact:
    return at, SiteResumed(site="bakery", by="Zoe", note="new server", anew=True)


def pointed(at: datetime) -> Fact:
    """A backup whose data, too, is of that instant."""
    _, event = backed_up(at)
    assert isinstance(event, BackupFinished)
    snapshots = tuple(replace(s, data_time=at) for s in event.snapshots)
    return at, replace(event, run=f"of {at}", snapshots=snapshots)


def test_what_was_proven_of_a_machine_before_it_was_rebuilt_is_proven_again() -> None:
    before = (pointed(SLOT - 30 * DAY), *PROVEN)
    rebuilt = NOW - 2 * HOUR
    nothing_yet = told(*before, resumed(rebuilt))
    new_point = told(*before, resumed(rebuilt), pointed(NOW - HOUR))
    again = drill(NOW, proven(NOW, "d2", data_time=timestamp(NOW - HOUR)), "proof", "d2")
    done = told(*before, resumed(rebuilt), pointed(NOW - HOUR), *again)

    assert (None, None) == (wakes(nothing_yet), started(nothing_yet))
    start = started(new_point)
    assert start is not None
    assert (("till",), rebuilt) == (start.services, start.slot)
    assert NOW + 32 * DAY == wakes(done, now=NOW + 2 * HOUR)


def test_a_drill_since_of_an_older_point_is_made_again_a_day_later() -> None:
    rebuilt, past = NOW - 2 * HOUR, timestamp(SLOT)
    old = drill(NOW - HOUR, proven(NOW - HOUR, "d2", data_time=past), "proof", "d2", after=MINUTE)
    state = told(pointed(SLOT - 30 * DAY), *PROVEN, resumed(rebuilt), pointed(NOW - HOUR), *old)

    assert NOW - HOUR + DAY == wakes(state)

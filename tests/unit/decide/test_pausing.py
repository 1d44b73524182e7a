"""A paused site: nothing starts there but relocking, and what is late because of it is calm."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.decide import decide
from orchestrator.core.decide.actions import (
    Policies,
    StartBackup,
    StartCopy,
    StartDrill,
    StartUpkeep,
)
from orchestrator.core.decide.starts.retaining import forbidden
from orchestrator.core.events import Recorded, RunKind, SitePaused, SiteResumed
from orchestrator.core.fold import fold
from orchestrator.core.policy.model import Immutable, Location, LockMode, Promise, Retention
from restore_drills.model import Scenario
from tests import policies, records
from tests.oncall import DAY, FRIDAY, HOUR, MINUTE, PROVIDER, RULES, Nights, client

if TYPE_CHECKING:
    from orchestrator.core.decide.actions import Action
    from orchestrator.core.events import Event
    from orchestrator.core.state import Incident

PAUSED = SitePaused(site="bakery", by="Zoe", reason="burgled", incident="")
RESUMED = SiteResumed(site="bakery", by="Zoe", note="", anew=False)
STARTS = (StartBackup, StartCopy, StartDrill, StartUpkeep)


def busy() -> tuple[Policies, list[tuple[timedelta, Event]]]:
    """A site at which all kinds of work are due at FRIDAY, and what the log says of it."""
    till = policies.service(copy_to=("nas",), every=HOUR)
    plain = policies.site(till, read_all_within=5 * DAY, retention=Retention(daily=7))
    offsite = replace(
        policies.repository("offsite", Location.OFFSITE),
        immutable=Immutable(mode=LockMode.COMPLIANCE, period=9 * DAY),
    )
    nas = policies.repository("nas", Location.ONSITE)
    site = replace(plain, repositories={**plain.repositories, "offsite": offsite, "nas": nas})
    made = replace(records.backed_up("b1"), usable_at=FRIDAY - 90 * DAY)
    promised = Policies(sites={site.id: site}, provider=None, place="here")
    return promised, [(-90 * DAY, made)]


def starts(*facts: tuple[timedelta, Event], after: timedelta = timedelta(0)) -> list[Action]:
    promised, before = busy()
    state = fold(
        Recorded(seq=n, id=f"e{n}", at=FRIDAY + at, event=event, cause=None, prevhash="", hash="")
        for n, (at, event) in enumerate((*before, *facts), start=1)
    )
    found = decide(state, promised, FRIDAY + after).actions
    return [one for one in found if isinstance(one, STARTS)]


def kinds(actions: list[Action]) -> set[str]:
    return {
        str(one.kind) if isinstance(one, StartUpkeep) else type(one).__name__ for one in actions
    }


def test_all_kinds_of_work_start_at_a_site_and_only_relocking_where_it_is_paused() -> None:
    everything = {"StartBackup", "StartCopy", "StartDrill", "relock", "verify"}

    assert everything <= kinds(starts())
    assert {"relock"} == kinds(starts((-DAY, PAUSED)))
    assert everything <= kinds(starts((-DAY, PAUSED), (-HOUR, RESUMED)))


def test_nothing_is_removed_from_a_paused_site_by_hand_either() -> None:
    promised, _ = busy()
    site = promised.sites["bakery"]
    state = fold(records.recorded(PAUSED))

    assert "site-paused" == forbidden(state, site, records.NOW + MINUTE)
    over = fold(records.recorded(RESUMED, after=1), state)
    assert not forbidden(over, site, records.NOW + MINUTE)


def quarterly() -> Nights:
    """A service that is backed up every quarter of an hour and may lose half of one."""
    nights = Nights()
    nights.run(HOUR)
    assert [] == nights.incidents()
    return nights


def test_a_pause_of_half_a_day_calls_nobody_and_starts_nothing() -> None:
    nights = quarterly()
    nights.append(PAUSED)
    before = len(nights.said("run.started"))
    nights.run(12 * HOUR)

    assert before == len(nights.said("run.started"))
    assert [] == nights.opened()


def test_after_more_than_a_day_one_ticket_says_who_paused_it_and_why() -> None:
    nights = quarterly()
    nights.append(PAUSED)
    nights.run(DAY)
    assert [] == nights.opened()
    nights.run(3 * DAY)

    (one,) = nights.incidents()
    assert ("site-paused", "P3", "ticket") == (one.condition, one.criticality, one.chain)
    assert "bakery is paused since 2026-11-20 19:30 by Zoe: burgled; nothing" in one.summary
    assert "pra resume bakery" in one.remedy


def test_closed_by_a_person_the_same_pause_is_not_told_again_and_a_new_one_is() -> None:
    nights = quarterly()
    nights.append(PAUSED)
    nights.run(2 * DAY)
    (one,) = nights.incidents()
    nights.close(one.id)
    nights.run(2 * DAY)
    assert ["site-paused"] == nights.opened()

    nights.append(RESUMED)
    nights.run(HOUR)
    nights.append(PAUSED)
    nights.run(2 * DAY)
    assert ["site-paused", "site-paused"] == nights.opened()


def test_it_ends_with_the_pause_and_what_was_missed_is_made_up_for_before_anybody_is_called() -> (
    None
):
    nights = quarterly()
    nights.append(PAUSED)
    nights.run(3 * DAY)
    nights.append(RESUMED)
    nights.run(HOUR)

    assert ["site-paused"] == nights.opened()
    assert [] == [one for one in nights.incidents() if one.resolved_at is None]
    assert nights.state.service("bakery", "till").complete is not None


def test_a_backup_that_still_does_not_come_after_the_pause_is_told() -> None:
    nights = quarterly()
    nights.append(PAUSED)
    nights.run(12 * HOUR)
    nights.outside.stuck.add("till")
    nights.append(RESUMED)
    nights.run(2 * HOUR)

    assert ["rpo-at-risk"] == nights.opened()


def late() -> tuple[Nights, Incident]:
    nights = Nights(client(policies.service(every=HOUR, objectives={None: promise()})))
    nights.run(2 * HOUR)
    nights.outside.stuck.add("till")
    return nights, nights.run_until_opened()


def promise() -> Promise:
    return Promise(rto=4 * HOUR, rpo=2 * HOUR)


def test_what_was_late_before_the_pause_stays_open_until_there_is_a_point() -> None:
    nights, one = late()
    nights.append(PAUSED)
    nights.run(12 * HOUR)

    assert nights.state.incidents[one.id].resolved_at is None
    assert [one.condition] == nights.opened()


@pytest.mark.parametrize("after", [timedelta(0), 3 * DAY])
def test_another_site_goes_on_as_ever(after: timedelta) -> None:
    bakery = client()
    butcher = replace(bakery, id="butcher", name="Butcher")
    nights = Nights(bakery, butcher, provider=PROVIDER)
    nights.append(PAUSED)
    nights.run(HOUR + after)

    begun = {event.site for event in nights.said("run.started")}
    assert {"butcher"} == begun
    assert RULES == bakery.escalate


def test_the_proofs_that_expired_meanwhile_have_a_day_to_be_made_anew() -> None:
    old = (-40 * DAY, records.drilled("d1", FRIDAY - 40 * DAY))
    site = replace(client(), proof_valid_for=policies.site().proof_valid_for)
    nights = Nights(site)
    for at, event in (old,):
        nights.now = FRIDAY + at
        nights.append(event)
    nights.now = FRIDAY
    nights.ran()
    valid = site.proof_valid_for.of(Scenario.SERVER_FAILURE)
    nights.now = FRIDAY - 40 * DAY + valid + DAY
    held = {name.partition("/")[2] for name in nights.holding()}
    assert any(name.startswith("proof-expired") for name in held)

    nights.append(PAUSED)
    assert {} == nights.holding()
    nights.append(RESUMED)
    nights.ran()
    assert {} == nights.holding()
    nights.now += DAY + HOUR
    nights.ran()
    assert any("proof-expired" in name for name in nights.holding())


def test_while_it_is_paused_the_locks_are_watched() -> None:
    promised, before = busy()
    facts = [*before, (-80 * DAY, PAUSED)]
    state = fold(
        Recorded(seq=n, id=f"e{n}", at=FRIDAY + at, event=e, cause=None, prevhash="", hash="")
        for n, (at, e) in enumerate(facts, start=1)
    )
    says = [a.event for a in decide(state, promised, FRIDAY).actions if hasattr(a, "event")]

    opened = {getattr(event, "condition", "") for event in says}
    assert {"lock-weak-offsite", "site-paused", "rpo-out-of-reach"} == opened
    assert RunKind.RELOCK in {
        a.kind for a in decide(state, promised, FRIDAY).actions if isinstance(a, StartUpkeep)
    }

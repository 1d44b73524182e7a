"""What is said of incidents, and when: opened once, escalated, resolved."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.core.decide.incidents import chain, changes, hurries, new_id
from orchestrator.core.events import (
    IncidentAcknowledged,
    IncidentEscalated,
    IncidentOpened,
    IncidentResolved,
)
from orchestrator.core.policy.model import Business, Promise
from orchestrator.core.policy.oncall import Rule
from tests.oncall import (
    AWAY,
    DAY,
    FRIDAY,
    HOUR,
    MINUTE,
    PROVIDER,
    REFUSED,
    RULES,
    Nights,
    client,
)
from tests.policies import service
from tests.records import observed

ALWAYS = Business(employees=None, hours=(), holidays=None, closed=())
SATURDAY_NOON = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)  # the bakery is open
PROMISED = {None: Promise(rto=4 * HOUR, rpo=4 * HOUR)}


def failing(criticality: str = "P1") -> Nights:
    nights = Nights(client(service(criticality=criticality, every=HOUR, objectives=PROMISED)))
    nights.ran()
    nights.ran(failure=REFUSED)
    return nights


def said(nights: Nights) -> list[object]:
    return [say.event for say in changes(nights.state, nights.policies, nights.now)[0]]


def carry_out(nights: Nights) -> None:
    for say in changes(nights.state, nights.policies, nights.now)[0]:
        assert nights.append(say.event, say.key)


def open_one(nights: Nights) -> str:
    carry_out(nights)
    (one,) = [i for i in nights.incidents() if i.resolved_at is None]
    return one.id


def test_what_holds_is_opened_with_all_that_its_reader_needs() -> None:
    nights = failing()
    (event,) = said(nights)

    assert isinstance(event, IncidentOpened)
    assert ("bakery", "till", "backup-failed", "P1", "wake", "run-2") == (
        event.site,
        event.service,
        event.condition,
        event.criticality,
        event.chain,
        event.evidence,
    )
    assert FRIDAY + 4 * HOUR == event.predicted_breach_at
    assert 8 == len(event.incident)


def test_two_processes_that_decide_at_once_open_one_incident() -> None:
    nights = failing()
    (first,), _ = changes(nights.state, nights.policies, nights.now)
    (second,), _ = changes(nights.state, nights.policies, nights.now + MINUTE)

    assert first.key == second.key
    assert nights.append(first.event, first.key)
    assert not nights.append(second.event, second.key)


def test_what_is_open_is_not_said_again() -> None:
    nights = failing()
    open_one(nights)
    nights.now += HOUR
    nights.ran(failure=REFUSED)

    assert [] == said(nights)


def test_a_complete_backup_resolves_it_by_itself() -> None:
    nights = failing()
    name = open_one(nights)
    nights.ran()

    (event,) = said(nights)
    assert isinstance(event, IncidentResolved)
    assert (name, "", "a usable recovery point was made") == (
        event.incident,
        event.by,
        event.note,
    )
    carry_out(nights)
    assert [] == said(nights)


def test_a_site_that_was_taken_out_of_the_policies_leaves_no_incident_open() -> None:
    nights = failing()
    name = open_one(nights)
    nights.policies = replace(nights.policies, sites={})

    (event,) = said(nights)
    assert isinstance(event, IncidentResolved)
    assert (name, "the site is no longer in the policies") == (event.incident, event.note)


@pytest.mark.parametrize("file_of", ["bakery", ""])
def test_a_site_whose_file_cannot_be_read_may_still_be_in_trouble(file_of: str) -> None:
    nights = failing()
    open_one(nights)
    nights.append(replace(observed("policy-broken"), site=file_of))
    nights.policies = replace(nights.policies, sites={})

    assert not any(isinstance(event, IncidentResolved) for event in said(nights))


def test_the_next_time_is_another_incident_under_another_key() -> None:
    nights = failing()
    first = open_one(nights)
    nights.ran()
    carry_out(nights)
    nights.ran(failure=REFUSED)

    assert first != open_one(nights)


def test_what_a_person_closed_stays_closed_on_the_same_evidence() -> None:
    nights = failing()
    nights.close(open_one(nights))
    nights.now += HOUR
    assert [] == said(nights)
    nights.ran(failure=REFUSED)
    (event,) = said(nights)
    assert isinstance(event, IncidentOpened)


def test_a_repository_that_answers_ends_it_only_when_its_last_service_is_safe() -> None:
    services = (service(name, every=HOUR, objectives=PROMISED) for name in ("till", "share"))
    nights = Nights(client(*services))
    for name in ("till", "till", "share"):
        nights.ran(name, failure=AWAY)
    open_one(nights)
    nights.ran("till")
    assert [] == said(nights)
    nights.ran("share")
    (event,) = said(nights)
    assert isinstance(event, IncidentResolved)


def test_a_service_that_moves_to_another_repository_is_safe_when_it_has_a_point_there() -> None:
    nights = failing()
    open_one(nights)
    nights.reload(client(service(every=HOUR, objectives=PROMISED, backup_to="nas")))
    assert [] == said(nights)
    nights.ran()
    (event,) = said(nights)
    assert isinstance(event, IncidentResolved)


def test_a_service_that_left_the_policy_takes_its_incident_along() -> None:
    nights = failing()
    open_one(nights)
    nights.reload(client(service("share", every=HOUR)))

    (event,) = said(nights)
    assert isinstance(event, IncidentResolved)
    assert "the service is no longer in the policy" == event.note


def test_what_the_machine_suffers_is_opened_by_the_providers_rules_and_ends_with_it() -> None:
    nights = Nights(client(escalate={}))
    nights.append(observed("disk-short"))
    name = open_one(nights)
    assert "ticket" == nights.state.incidents[name].chain
    nights.append(observed("disk-short", present=False))
    (event,) = said(nights)
    assert isinstance(event, IncidentResolved)


def test_what_a_person_reported_only_a_person_ends() -> None:
    nights = Nights()
    nights.append(
        IncidentOpened(
            incident="abcdef",
            site="bakery",
            service="till",
            condition="reported",
            criticality="P1",
            summary="no orders",
            remedy="",
            evidence="reported by Martin",
            chain="wake",
            reported_by="Martin",
        )
    )
    nights.now += DAY

    assert "abcdef" not in [getattr(e, "incident", "") for e in said(nights)]


def test_something_graver_that_joins_in_calls_more_urgently_once() -> None:
    nights = Nights(
        client(service("share", every=HOUR, criticality="P3"), service("till", every=HOUR))
    )
    for _ in range(2):
        nights.ran("share", failure=AWAY)
    name = open_one(nights)
    assert "ticket" == nights.state.incidents[name].chain
    nights.ran("till", failure=AWAY)

    (event,) = said(nights)
    assert isinstance(event, IncidentEscalated)
    assert "wake" == event.chain
    carry_out(nights)
    assert [] == said(nights)


def test_what_somebody_has_is_not_escalated() -> None:
    nights = failing("P2")
    nights.policies = replace(nights.policies, awake_since=FRIDAY)
    nights.now = SATURDAY_NOON  # open: a ticket
    name = open_one(nights)
    assert "ticket" == nights.state.incidents[name].chain
    nights.now += 2 * HOUR  # closed, and broken since long
    (event,) = said(nights)
    assert isinstance(event, IncidentEscalated)
    nights.append(IncidentAcknowledged(incident=name, site="bakery", service="till", by="Zoe"))
    assert [] == said(nights)


@pytest.mark.parametrize(
    ("now", "breach", "expected"),
    [
        (FRIDAY, None, False),
        (FRIDAY, FRIDAY + 11 * HOUR, True),  # it opens at 6:00, in 11 h 30
        (FRIDAY, FRIDAY + 12 * HOUR, False),
        (FRIDAY, FRIDAY - HOUR, True),  # broken already: worse every hour
        (SATURDAY_NOON, SATURDAY_NOON + HOUR, False),  # they are there
        (SATURDAY_NOON + 2 * HOUR, SATURDAY_NOON + 2 * DAY, True),  # until Tuesday
    ],
)
def test_a_breach_hurries_when_waiting_for_opening_makes_it_worse(
    now: datetime, breach: datetime | None, *, expected: bool
) -> None:
    assert expected == hurries(Nights().policies, "bakery", breach, now)


def test_without_business_hours_a_breach_within_a_day_hurries() -> None:
    policies = Nights(client(business=ALWAYS)).policies

    assert hurries(policies, "bakery", FRIDAY + DAY, FRIDAY)
    assert not hurries(policies, "bakery", FRIDAY + DAY + timedelta(seconds=1), FRIDAY)
    assert hurries(policies, "", FRIDAY + HOUR, FRIDAY)


def test_the_sites_rules_come_before_the_providers() -> None:
    own = client(escalate={"P1": Rule(chain="ticket")})
    policies = Nights(own).policies

    assert "ticket" == chain(policies, "bakery", "P1", None, FRIDAY)
    assert "wake" == chain(policies, "", "P1", None, FRIDAY)
    assert "wake" == chain(policies, "unheard-of", "P1", None, FRIDAY)


def test_where_no_rule_is_nobody_is_called() -> None:
    silent = replace(PROVIDER, escalate={})
    policies = Nights(client(escalate={}), provider=silent).policies

    assert "" == chain(policies, "bakery", "P1", None, FRIDAY)
    assert "" == chain(Nights(client(escalate={}), provider=None).policies, "", "P1", None, FRIDAY)


def test_a_hurried_chain_is_taken_from_the_start_when_the_breach_is_near() -> None:
    policies = Nights().policies

    assert RULES["P2"].hurried == chain(policies, "bakery", "P2", FRIDAY + HOUR, FRIDAY)
    assert RULES["P2"].chain == chain(policies, "bakery", "P2", FRIDAY + DAY, FRIDAY)


def test_an_id_that_is_taken_is_made_longer() -> None:
    short = new_id("a/b/c", FRIDAY, set())

    assert (8, 10) == (len(short), len(new_id("a/b/c", FRIDAY, {short})))
    assert new_id("a/b/c", FRIDAY, {short}).startswith(short)
    assert short != new_id("a/b/c", FRIDAY + MINUTE, set())

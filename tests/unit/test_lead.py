from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.lead import Taken, lead, survives, taken, without_delay
from orchestrator.core.policy.model import Lead, Location
from restore_drills.model import LeadBasis, Scenario
from tests.policies import LEAD, machine, repository, service, site, source, travelling

if TYPE_CHECKING:
    from orchestrator.core.policy.model import Service

FAILURE, BURGLARY = Scenario.SERVER_FAILURE, Scenario.BURGLARY
NEITHER = (Scenario.HUMAN_ERROR, Scenario.RANSOMWARE, Scenario.BUCKET_WIPE)
BOTH = {FAILURE: LEAD, BURGLARY: LEAD}
DECLARED = timedelta(minutes=40)
DAYS = timedelta(days=2)
ROAD = timedelta(minutes=45)


def test_a_server_failure_takes_the_machines_that_carry_the_sources() -> None:
    two = service("till", source(equipment="srv-1"), source(equipment="nas-1", name="files"))

    gone = taken(site(two), two, FAILURE)

    assert Taken(equipment=frozenset({"srv-1", "nas-1"}), undeclared=False) == gone


def test_a_burglary_takes_everything_on_site_and_the_rest_no_machine() -> None:
    bakery, till = site(), service()

    assert Taken(equipment=frozenset({"srv-1", "nas-1"}), undeclared=True) == taken(
        bakery, till, BURGLARY
    )
    for scenario in NEITHER:
        assert Taken(equipment=frozenset(), undeclared=False) == taken(bakery, till, scenario)


NAMED = service()
UNNAMED = service("till", source(equipment=None))


@pytest.mark.parametrize(
    ("till", "scenario", "location", "equipment", "stands"),
    [
        (NAMED, FAILURE, Location.OFFSITE, None, True),
        (UNNAMED, BURGLARY, Location.OFFSITE, None, True),
        (NAMED, FAILURE, Location.ONSITE, "nas-1", True),
        (NAMED, FAILURE, Location.ONSITE, "srv-1", False),
        (NAMED, FAILURE, Location.ONSITE, None, False),
        (UNNAMED, FAILURE, Location.ONSITE, None, False),
        (UNNAMED, FAILURE, Location.ONSITE, "nas-1", False),  # all onsite is on one machine
        (NAMED, BURGLARY, Location.ONSITE, "nas-1", False),
        (NAMED, BURGLARY, Location.ONSITE, None, False),
        (NAMED, Scenario.RANSOMWARE, Location.ONSITE, "srv-1", True),
        (NAMED, Scenario.HUMAN_ERROR, Location.ONSITE, None, True),
    ],
)
def test_a_copy_stands_unless_it_sits_on_what_is_taken(
    *, till: Service, scenario: Scenario, location: Location, equipment: str | None, stands: bool
) -> None:
    copy = repository("copy", location, equipment)

    assert stands is survives(copy, taken(site(till), till, scenario))


@pytest.mark.parametrize(
    ("recover_on", "scenario", "travel", "more"),
    [
        ("provider-dc", FAILURE, None, timedelta(0)),
        ("provider-dc", FAILURE, ROAD, timedelta(0)),  # nobody drives there
        ("provider-dc", BURGLARY, ROAD, timedelta(0)),
        (None, FAILURE, None, DAYS),
        (None, FAILURE, ROAD, DAYS + ROAD),
        ("srv-1", FAILURE, ROAD, DAYS + ROAD),  # it is the machine that failed
        ("nas-1", FAILURE, ROAD, ROAD),  # it stands there already
        ("nas-1", FAILURE, None, timedelta(0)),
        ("nas-1", BURGLARY, ROAD, DAYS + ROAD),  # all is taken: the longest counts
    ],
)
def test_hardware_and_travel_count_where_they_are_needed(
    recover_on: str | None, scenario: Scenario, travel: timedelta | None, more: timedelta
) -> None:
    bakery = site(lead=BOTH, recover_on=recover_on, referent=travelling(travel))

    assert (DECLARED + more, LeadBasis.DECLARED) == lead(bakery, service(), scenario)


@pytest.mark.parametrize(
    "declared",
    [
        {},
        {BURGLARY: LEAD},
        {FAILURE: Lead(detect=timedelta(minutes=1), decide=None)},
        {FAILURE: Lead(detect=None, decide=timedelta(minutes=1))},
        {FAILURE: Lead(detect=timedelta(0), decide=timedelta(0))},
    ],
)
def test_a_lead_that_is_not_wholly_declared_is_unknown_and_never_zero(
    declared: dict[Scenario, Lead],
) -> None:
    assert (None, LeadBasis.UNKNOWN) == lead(site(lead=declared), service(), FAILURE)


@pytest.mark.parametrize(
    ("recover_on", "till", "scenario", "silent"),
    [
        ("provider-dc", UNNAMED, FAILURE, ()),
        (None, NAMED, FAILURE, ()),
        (None, UNNAMED, FAILURE, ("the machine of its source",)),
        (None, NAMED, BURGLARY, ("nas-1",)),
        (None, service("till", source(equipment="nas-1")), FAILURE, ("nas-1",)),
        (None, UNNAMED, Scenario.RANSOMWARE, ()),
    ],
)
def test_a_machine_that_must_be_replaced_first_and_gives_no_delay_is_named(
    recover_on: str | None, till: Service, scenario: Scenario, silent: tuple[str, ...]
) -> None:
    assert silent == without_delay(site(recover_on=recover_on), till, scenario)


def test_every_machine_of_a_site_may_be_without_a_delay() -> None:
    bare = site(equipment={"srv-1": machine("srv-1")}, recover_on=None)

    assert (DECLARED, LeadBasis.DECLARED) == lead(bare, service(), FAILURE)

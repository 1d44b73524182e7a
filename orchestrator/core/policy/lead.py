"""The declared lead: from the disaster until the recovery starts, as the policy has it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, assert_never

from restore_drills.model import Scenario

if TYPE_CHECKING:
    from orchestrator.core.policy.model import Manual, Service, Site

NONE = timedelta(0)


def taken(site: Site, service: Service, scenario: Scenario) -> frozenset[str]:
    """Return the equipment that the scenario takes away from the service."""
    match scenario:
        case Scenario.SERVER_FAILURE:
            named = {s.equipment for s in service.sources if s.equipment is not None}
            return frozenset(named)
        case Scenario.BURGLARY:
            return frozenset(site.equipment)
        case Scenario.HUMAN_ERROR | Scenario.RANSOMWARE | Scenario.BUCKET_WIPE:
            return frozenset()
    assert_never(scenario)


def declared_lead(site: Site, service: Service, scenario: Scenario) -> timedelta | None:
    """Sum detection, decision, hardware, travel and what is done by hand.

    None unless the first two are declared.

    Hardware is the longest replacement of what the scenario takes, and counts only where the place
    of recovery is not named or is taken itself; travel counts where the recovery is on site.
    """
    lead = site.lead.get(scenario)
    if lead is None or lead.detect is None or lead.decide is None:
        return None
    gone = taken(site, service, scenario)
    delays = [site.equipment[name].replace_delay or NONE for name in gone]
    waits = site.recover_on is None or site.recover_on in gone
    hardware = max(delays, default=NONE) if waits else NONE
    on_site = site.recover_on is None or site.recover_on in site.equipment
    travel = site.referent.travel if on_site and site.referent else None
    by_hand = sum((step.allow for step in manual(site, service.id, scenario)), NONE)
    return lead.detect + lead.decide + hardware + (travel or NONE) + by_hand


def manual(site: Site, service: str, scenario: Scenario) -> tuple[Manual, ...]:
    """Return what a person does by hand before the service is recovered under the scenario."""
    return tuple(
        step
        for step in site.manual
        if service in (step.services or (service,)) and scenario in (step.scenarios or (scenario,))
    )

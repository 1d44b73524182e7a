"""What a scenario takes away, and how long it then takes until a recovery can start. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.policy import lead as declared
from orchestrator.core.policy.model import Location
from restore_drills.model import LeadBasis, Scenario

if TYPE_CHECKING:
    from orchestrator.core.policy.model import Repository, Service, Site


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The equipment that a disaster takes; `undeclared` is the machine without a name."""

    equipment: frozenset[str]
    undeclared: bool


def taken(site: Site, service: Service, scenario: Scenario) -> Taken:
    """Return what the scenario takes: the machines that carry the sources, or all on site."""
    unnamed = any(source.equipment is None for source in service.sources)
    undeclared = scenario is Scenario.BURGLARY or (scenario is Scenario.SERVER_FAILURE and unnamed)
    return Taken(equipment=declared.taken(site, service, scenario), undeclared=undeclared)


def survives(repository: Repository, gone: Taken) -> bool:
    """Say whether a repository is left standing."""
    if repository.location is Location.OFFSITE:
        return True
    if repository.equipment is None:
        return not (gone.undeclared or gone.equipment)
    # A source without equipment is taken to sit on the one machine that onsite things share.
    return repository.equipment not in gone.equipment and not gone.undeclared


def lead(
    site: Site, service: Service, scenario: Scenario, observed: float | None = None
) -> tuple[timedelta | None, LeadBasis]:
    """Return T5 - T0: the worst one observed, in seconds, where an incident here gave one.

    Else as declared: detect + decide + hardware + travel + by hand; else None.
    """
    if observed:
        return timedelta(seconds=observed), LeadBasis.OBSERVED
    total = declared.declared_lead(site, service, scenario)
    # Nobody starts at the instant of the disaster: a lead of zero is one that was not thought of.
    return (total, LeadBasis.DECLARED) if total else (None, LeadBasis.UNKNOWN)


def without_delay(site: Site, service: Service, scenario: Scenario) -> tuple[str, ...]:
    """Return what must be replaced before a recovery and does not say how long that takes."""
    gone = taken(site, service, scenario)
    if site.recover_on is not None and site.recover_on not in gone.equipment:
        return ()
    silent = sorted(e for e in gone.equipment if site.equipment[e].replace_delay is None)
    unnamed = gone.undeclared and not gone.equipment
    return ("the machine of its source",) if unnamed else tuple(silent)

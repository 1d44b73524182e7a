"""What a status is made from, for the tests of it; every argument has an ordinary value.

The ordinary site: `bakery`, a till that promises 30 min, seen two hours after the events.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from orchestrator.core.fold import fold
from orchestrator.core.policy.model import (
    Business,
    External,
    Location,
    Postgresql,
    Promise,
    SandboxPolicy,
    Service,
    Site,
    Source,
)
from orchestrator.core.status import overview
from orchestrator.reports import status
from restore_drills.model import Scenario
from tests.policies import repository
from tests.records import NOW, recorded

if TYPE_CHECKING:
    from orchestrator.core.events import Event
    from orchestrator.core.standing import Overview, ScenarioStatus

DATABASE = Postgresql(host="127.0.0.1", port=5432, user="pra", password=None, database="till")
PROMISE = Promise(rto=timedelta(hours=4), rpo=timedelta(minutes=30))
LATER = NOW + timedelta(hours=2)


def service(name: str = "till", **changes: object) -> Service:
    plain = Service(
        id=name,
        name=name.title(),
        criticality="P1",
        sources=(Source(name=name, equipment=None, spec=DATABASE),),
        depends_on=(),
        objectives={None: PROMISE},
        checks=(),
        depth=None,
        backup_to="offsite",
        policy_hash="h1",
    )
    return replace(plain, **changes)  # type: ignore[arg-type] # the tests name the fields


def site(*services: Service, **changes: object) -> Site:
    plain = Site(
        id="bakery",
        name="Example Bakery",
        tier=None,
        language="en",
        timezone="Europe/Paris",
        provider=None,
        business=Business(employees=None, hours=(), holidays=None, closed=()),
        referent=None,
        places=(),
        equipment={},
        recover_on=None,
        lead={},
        outside=(),
        repositories={"offsite": repository("offsite", Location.OFFSITE)},
        services={one.id: one for one in services or (service(),)},
        sandbox=SandboxPolicy.REQUIRED,
        coverage_floor=0.5,
    )
    return replace(plain, **changes)  # type: ignore[arg-type] # the tests name the fields


def external() -> Service:
    spec = External(tool="Example Payroll Ltd", ping=None, max_age=None)
    sources = (Source(name="pay", equipment=None, spec=spec),)
    return service("pay", sources=sources, objectives={}, backup_to=None)


def seen(*facts: Event, of: Site | None = None, **asked: Any) -> Overview:  # noqa: ANN401 - as `overview`
    """What is seen two hours after these events."""
    return overview(fold(recorded(*facts)), [of or site()], LATER, **asked)


def server_failure(found: Overview) -> ScenarioStatus:
    scenarios = found.sites[0].services[0].scenarios
    return next(s for s in scenarios if s.scenario is Scenario.SERVER_FAILURE)


def page(found: Overview) -> str:
    return status.text(found, LATER)

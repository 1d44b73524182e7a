"""Policies as values for the tests; every argument has an ordinary value.

The ordinary site: `bakery`, a till on srv-1 and nothing else, kept offsite, recovered at
provider-dc.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from orchestrator.core.policy.model import (
    Adopted,
    Business,
    Equipment,
    External,
    Files,
    Lead,
    Location,
    Postgresql,
    Promise,
    Referent,
    Repository,
    SandboxPolicy,
    Secret,
    Service,
    Site,
    Source,
)
from restore_drills.model import Scenario
from tests.builders import hours

TILL = Postgresql(host="127.0.0.1", port=5432, user="pra", password=None, database="till")
SHARE = Files(
    paths=("/srv/share",),
    exclude=(),
    exclude_caches=True,
    one_file_system=True,
    require_mount=None,
    tolerate=(),
    tolerate_at_most=0,
)
PAYROLL = External(tool="the editor", ping=None, max_age=None)
WINDOWS = Adopted(repository="offsite", host="SRV-OLD", tags=("sage",))
LEAD = Lead(detect=timedelta(minutes=10), decide=timedelta(minutes=30))


def source(
    spec: Files | Postgresql | Adopted | External = TILL,
    equipment: str | None = "srv-1",
    name: str = "till",
) -> Source:
    return Source(name=name, equipment=equipment, spec=spec)


def service(name: str = "till", *sources: Source, **other: Any) -> Service:  # noqa: ANN401 - any field
    sources = sources or (source(name=name),)
    declared = isinstance(sources[0].spec, (Adopted, External))
    ordinary = Service(
        id=name,
        name=name.title(),
        criticality="P1",
        sources=sources,
        depends_on=(),
        objectives={None: Promise(rto=timedelta(hours=4), rpo=timedelta(minutes=30))},
        checks=(),
        depth=None,
        backup_to=None if declared else "offsite",
        policy_hash=f"hash of {name}",
    )
    return replace(ordinary, **other)


def repository(name: str, location: Location, equipment: str | None = None) -> Repository:
    return Repository(
        id=name,
        url=f"/{name}",
        password=Secret(kind="env", value=("PASSWORD",)),
        s3=None,
        location=location,
        equipment=equipment,
        country=None,
    )


def machine(name: str, delay: timedelta | None = None) -> Equipment:
    return Equipment(id=name, kind="server", bought=None, warranty_until=None, replace_delay=delay)


def travelling(travel: timedelta | None) -> Referent:
    return Referent(name="J. Example", phone=None, travel=travel)


def site(*services: Service, **other: Any) -> Site:  # noqa: ANN401 - any field
    ordinary = Site(
        id="bakery",
        name="Bakery",
        tier=None,
        language="en",
        timezone="Europe/Paris",
        provider=None,
        business=Business(
            employees=None, hours=(hours("12345", "06:00", "13:00"),), holidays="FR", closed=()
        ),
        referent=None,
        places=("provider-dc",),
        equipment={m.id: m for m in (machine("srv-1", timedelta(days=2)), machine("nas-1"))},
        recover_on="provider-dc",
        lead={Scenario.SERVER_FAILURE: LEAD},
        outside=(),
        repositories={
            "offsite": repository("offsite", Location.OFFSITE),
            "nas": repository("nas", Location.ONSITE, "nas-1"),
        },
        services={s.id: s for s in services or (service(),)},
        sandbox=SandboxPolicy.REQUIRED,
        coverage_floor=0.5,
    )
    return replace(ordinary, **other)

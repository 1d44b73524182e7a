"""A site back in the words of the language: resolved, explicit, secrets as references.

What is written here reads back as the same site.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.policy.plain_drills import drills
from orchestrator.core.policy.plain_oncall import called
from orchestrator.core.policy.plain_repository import hours, kept, repository
from orchestrator.core.policy.plain_service import service
from orchestrator.core.policy.plain_words import Plain, duration, percent, said

if TYPE_CHECKING:
    from datetime import date

    from orchestrator.core.policy import model


def plain(site: model.Site) -> Plain:
    """Return a site's file as maps, lists, texts and numbers; what is not said is left out."""
    referent = site.referent
    words = said(
        site=site.id,
        name=site.name,
        tier=site.tier,
        language=site.language,
        timezone=site.timezone,
        business=business(site.business),
        referent=said(name=referent.name, phone=referent.phone, travel=duration(referent.travel))
        if referent
        else None,
        equipment={k: equipment(v) for k, v in site.equipment.items()},
        recover_on=site.recover_on,
        lead=lead(site),
        outside=[{"name": o.name, "accepted_by": o.accepted_by, "on": o.on} for o in site.outside],
        repositories={k: repository(v) for k, v in site.repositories.items()},
        services={k: service(v) for k, v in site.services.items()},
        sandbox=site.sandbox.value,
        coverage_floor=percent(site.coverage_floor),
    )
    return words | drills(site) | called(site) | kept(site)


def business(value: model.Business) -> Plain:
    """Return the client's working life."""
    return said(
        employees=value.employees,
        hours=[hours(one) for one in value.hours],
        holidays=value.holidays,
        closed=[_span(*span) for span in value.closed],
    )


def equipment(value: model.Equipment) -> Plain:
    """Return a machine."""
    return said(
        kind=value.kind,
        bought=value.bought,
        warranty_until=value.warranty_until,
        replace=said(delay=duration(value.replace_delay)),
    )


def lead(site: model.Site) -> Plain:
    """Return the declared delays by scenario."""
    return {
        k.value: said(detect=duration(v.detect), decide=duration(v.decide))
        for k, v in site.lead.items()
    }


def _span(first: date, last: date) -> str:
    return f"{first}" if first == last else f"{first}..{last}"

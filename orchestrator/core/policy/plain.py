"""A site back in the words of the language: resolved, explicit, secrets as references.

What is written here reads back as the same site.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.policy.plain_drills import drills
from orchestrator.core.policy.plain_oncall import called
from orchestrator.core.policy.plain_service import service
from orchestrator.core.policy.plain_words import Plain, duration, percent, said, secret
from orchestrator.core.policy.sizes import rated
from orchestrator.core.policy.values import MIDNIGHT, WEEK

if TYPE_CHECKING:
    from datetime import date, time

    from orchestrator.core.policy import model
    from restore_drills.calendar import Hours


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
        repositories={k: _repository(v) for k, v in site.repositories.items()},
        services={k: service(v) for k, v in site.services.items()},
        sandbox=site.sandbox.value,
        coverage_floor=percent(site.coverage_floor),
    )
    return words | drills(site) | called(site)


def business(value: model.Business) -> Plain:
    """Return the client's working life."""
    return said(
        employees=value.employees,
        hours=[_hours(hours) for hours in value.hours],
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


def _repository(value: model.Repository) -> Plain:
    s3 = value.s3
    return said(
        url=value.url,
        password=secret(value.password),
        s3=said(
            access_key=secret(s3.access_key), secret_key=secret(s3.secret_key), region=s3.region
        )
        if s3
        else None,
        location=value.location.value,
        equipment=value.equipment,
        country=value.country,
        limits=said(upload=_rate(value.limits.upload), download=_rate(value.limits.download)),
    )


def _rate(value: int | None) -> str | None:
    return None if value is None else rated(value)


def _hours(hours: Hours) -> Plain:
    days = ",".join(WEEK[day] for day in sorted(hours.days))
    return {"days": days, "from": _time(hours.start), "to": _time(hours.end)}


def _time(value: time) -> str:
    return "24:00" if value == MIDNIGHT else value.isoformat("minutes")


def _span(first: date, last: date) -> str:
    return f"{first}" if first == last else f"{first}..{last}"

"""A site back in the words of the language: resolved, explicit, secrets as references.

What is written here reads back as the same site.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.core.policy import model
from orchestrator.core.policy.values import MIDNIGHT, WEEK, written
from restore_drills.model import Check, CommandCheck, FilesCheck, SqlCheck

if TYPE_CHECKING:
    from datetime import date, time, timedelta

    from restore_drills.calendar import Hours

Plain = dict[str, Any]


def plain(site: model.Site) -> Plain:
    """Return a site's file as maps, lists, texts and numbers; what is not said is left out."""
    referent = site.referent
    return _said(
        site=site.id,
        name=site.name,
        tier=site.tier,
        language=site.language,
        timezone=site.timezone,
        business=business(site.business),
        referent=_said(name=referent.name, phone=referent.phone, travel=_duration(referent.travel))
        if referent
        else None,
        equipment={k: equipment(v) for k, v in site.equipment.items()},
        recover_on=site.recover_on,
        lead=lead(site),
        outside=[{"name": o.name, "accepted_by": o.accepted_by, "on": o.on} for o in site.outside],
        repositories={k: _repository(v) for k, v in site.repositories.items()},
        services={k: service(v) for k, v in site.services.items()},
        sandbox=site.sandbox.value,
        coverage_floor=_percent(site.coverage_floor),
    )


def business(value: model.Business) -> Plain:
    """Return the client's working life."""
    return _said(
        employees=value.employees,
        hours=[_hours(hours) for hours in value.hours],
        holidays=value.holidays,
        closed=[_span(*span) for span in value.closed],
    )


def equipment(value: model.Equipment) -> Plain:
    """Return a machine."""
    return _said(
        kind=value.kind,
        bought=value.bought,
        warranty_until=value.warranty_until,
        replace=_said(delay=_duration(value.replace_delay)),
    )


def lead(site: model.Site) -> Plain:
    """Return the declared delays by scenario."""
    return {
        k.value: _said(detect=_duration(v.detect), decide=_duration(v.decide))
        for k, v in site.lead.items()
    }


def service(value: model.Service) -> Plain:
    """Return a service, its repository written out."""
    objectives: Plain = {}
    scenarios: Plain = {}
    for scenario, promise in value.objectives.items():
        words = {"rto": written(promise.rto), "rpo": written(promise.rpo)}
        if scenario is None:
            objectives |= words
        else:
            scenarios[scenario.value] = words
    [first, *others] = value.sources
    single = not others and first.name == value.id
    return _said(
        name=value.name,
        criticality=value.criticality,
        source=_source(first) if single else None,
        sources=None if single else {s.name: _source(s) for s in value.sources},
        depends_on=list(value.depends_on),
        objectives=_said(**objectives, scenarios=scenarios),
        backup=_said(to=value.backup_to),
        checks=[_check(check) for check in value.checks],
        depth=value.depth,
    )


def _source(value: model.Source) -> Plain:
    match value.spec:
        case model.Files() as v:
            kind = "files"
            words = _said(
                paths=list(v.paths),
                exclude=list(v.exclude),
                exclude_caches=v.exclude_caches or None,
                one_file_system=v.one_file_system or None,
                require_mount=v.require_mount,
                tolerate_unreadable={"patterns": list(v.tolerate), "at_most": v.tolerate_at_most}
                if v.tolerate
                else None,
            )
        case model.Postgresql() as v:
            kind = "postgresql"
            words = _said(
                host=v.host,
                port=v.port,
                user=v.user,
                password=_secret(v.password),
                database=v.database,
            )
        case model.Adopted() as v:
            kind = "adopted"
            words = _said(repository=v.repository, host=v.host, tags=list(v.tags))
        case model.External() as v:
            kind = "external"
            words = _said(tool=v.tool, ping=v.ping, max_age=_duration(v.max_age))
    return _said(**{kind: words}, equipment=value.equipment)


def _repository(value: model.Repository) -> Plain:
    s3 = value.s3
    return _said(
        url=value.url,
        password=_secret(value.password),
        s3=_said(
            access_key=_secret(s3.access_key), secret_key=_secret(s3.secret_key), region=s3.region
        )
        if s3
        else None,
        location=value.location.value,
        equipment=value.equipment,
        country=value.country,
    )


def _check(check: Check) -> Plain:
    optional = check.optional or None
    match check:
        case SqlCheck():
            fresh = check.fresh
            return _said(
                name=check.name,
                sql=check.query,
                source=check.source,
                expect=f"{check.expect.op} {check.expect.value}" if check.expect else None,
                not_below=None if check.not_below is None else _percent(check.not_below),
                fresh={
                    "within": written(fresh.within),
                    "clock": "business" if fresh.business else "always",
                }
                if fresh
                else None,
                optional=optional,
            )
        case FilesCheck():
            files = _said(
                at_least=check.at_least,
                at_least_size=None if check.at_least_bytes is None else f"{check.at_least_bytes}B",
                newest_within=_duration(check.newest_within),
            )
            return _said(name=check.name, files=files, optional=optional)
        case CommandCheck():
            return _said(name=check.name, command=list(check.argv), optional=optional)


def _said(**words: object) -> Plain:
    """Leave out what is not said: None, and empty maps and lists."""
    return {key: value for key, value in words.items() if value not in (None, {}, [])}


def _secret(secret: model.Secret | None) -> Plain | None:
    if secret is None:
        return None
    many = secret.kind == "command"
    return {secret.kind: list(secret.value) if many else secret.value[0]}


def _duration(value: timedelta | None) -> str | None:
    return None if value is None else written(value)


def _percent(value: float) -> str:
    return f"{round(value * 100, 4):g}%"


def _hours(hours: Hours) -> Plain:
    days = ",".join(WEEK[day] for day in sorted(hours.days))
    return {"days": days, "from": _time(hours.start), "to": _time(hours.end)}


def _time(value: time) -> str:
    return "24:00" if value == MIDNIGHT else value.isoformat("minutes")


def _span(first: date, last: date) -> str:
    return f"{first}" if first == last else f"{first}..{last}"

"""Values without a fault to one typed service of a site."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from orchestrator.core.policy import model
from orchestrator.core.policy.rules_backup import repository_of, sources_of
from restore_drills.model import Check, CommandCheck, FilesCheck, Fresh, Scenario, SqlCheck

if TYPE_CHECKING:
    from datetime import timedelta

Values = dict[str, Any]


def service(name: str, values: Values, repositories: Values, *, business: bool) -> model.Service:
    """Build a service, its hash left empty; `business`: the site has opening hours."""
    sources = tuple(_source(key, value) for key, value, _ in sources_of(name, values))
    ours = not any(isinstance(s.spec, model.Adopted | model.External) for s in sources)
    return model.Service(
        id=name,
        name=values.get("name", name),
        criticality=values.get("criticality", "P3"),
        sources=sources,
        depends_on=tuple(values.get("depends_on", ())),
        objectives=_objectives(values.get("objectives")),
        checks=tuple(_check(c, business=business) for c in values.get("checks", ())),
        depth=values.get("depth"),
        backup_to=repository_of(values, repositories)[0] if ours else None,
        every=values.get("backup", {}).get("every"),
        cron=values.get("backup", {}).get("cron"),
        copy_to=tuple(values.get("backup", {}).get("copy_to", ())),
    )


def _objectives(values: Values | None) -> dict[Scenario | None, model.Promise]:
    if values is None:
        return {}
    base = model.Promise(rto=values["rto"], rpo=values["rpo"])
    others: dict[Scenario | None, model.Promise] = {
        Scenario(k): replace(base, **{word: v[word] for word in ("rto", "rpo") if word in v})
        for k, v in values.get("scenarios", {}).items()
    }
    return {None: base, **others}


def _source(name: str, values: Values) -> model.Source:
    spec: model.Files | model.Postgresql | model.Adopted | model.External
    match values:
        case {"files": v}:
            tolerate = v.get("tolerate_unreadable", {})
            spec = model.Files(
                paths=tuple(v["paths"]),
                exclude=tuple(v.get("exclude", ())),
                exclude_caches=v.get("exclude_caches", False),
                one_file_system=v.get("one_file_system", False),
                require_mount=v.get("require_mount"),
                tolerate=tuple(tolerate.get("patterns", ())),
                tolerate_at_most=tolerate.get("at_most", 0),
                decoy=v.get("decoy"),
            )
        case {"postgresql": v}:
            spec = model.Postgresql(
                host=v.get("host", "127.0.0.1"),
                port=v.get("port", 5432),
                user=v["user"],
                password=v.get("password"),
                database=v["database"],
            )
        case {"adopted": v}:
            spec = model.Adopted(
                repository=v["repository"], host=v["host"], tags=tuple(v.get("tags", ()))
            )
        case _:
            v = values["external"]
            spec = model.External(tool=v["tool"], ping=v.get("ping"), max_age=v.get("max_age"))
    return model.Source(name=name, equipment=values.get("equipment"), spec=spec)


def _check(values: Values, *, business: bool) -> Check:
    name, optional = values["name"], values.get("optional", False)
    match values:
        case {"sql": query}:
            fresh = values.get("fresh")
            return SqlCheck(
                name=name,
                query=query,
                expect=values.get("expect"),
                not_below=values.get("not_below"),
                fresh=_fresh(fresh, business=business) if fresh else None,
                source=values.get("source"),
                optional=optional,
            )
        case {"files": files}:
            return FilesCheck(
                name=name,
                at_least=files.get("at_least"),
                at_least_bytes=files.get("at_least_size"),
                newest_within=files.get("newest_within"),
                optional=optional,
            )
        case _:
            return CommandCheck(name=name, argv=tuple(values["command"]), optional=optional)


def _fresh(value: timedelta | Values, *, business: bool) -> Fresh:
    """Count in business hours where the site has some, unless the policy says otherwise."""
    if isinstance(value, dict):
        word = value.get("clock", "business" if business else "always")
        return Fresh(within=value["within"], business=word == "business")
    return Fresh(within=value, business=business)

"""A service back in the words of the language."""

from __future__ import annotations

from typing import assert_never

from orchestrator.core.policy import model
from orchestrator.core.policy.plain_words import Plain, duration, percent, said, secret
from orchestrator.core.policy.sizes import sized
from orchestrator.core.policy.values import written
from restore_drills.model import Check, CommandCheck, FilesCheck, SqlCheck


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
    return said(
        name=value.name,
        criticality=value.criticality,
        source=_source(first) if single else None,
        sources=None if single else {s.name: _source(s) for s in value.sources},
        depends_on=list(value.depends_on),
        objectives=said(**objectives, scenarios=scenarios),
        backup=said(
            to=value.backup_to,
            copy_to=list(value.copy_to),
            every=duration(value.every),
            cron=value.cron.text if value.cron else None,
        ),
        checks=[_check(check) for check in value.checks],
        depth=value.depth,
    )


def _source(value: model.Source) -> Plain:
    match value.spec:
        case model.Files() as v:
            kind = "files"
            words = said(
                paths=list(v.paths),
                exclude=list(v.exclude),
                exclude_caches=v.exclude_caches or None,
                one_file_system=v.one_file_system or None,
                require_mount=v.require_mount,
                tolerate_unreadable={"patterns": list(v.tolerate), "at_most": v.tolerate_at_most}
                if v.tolerate
                else None,
                decoy=v.decoy,
            )
        case model.Postgresql() as v:
            kind = "postgresql"
            words = said(
                host=v.host,
                port=v.port,
                user=v.user,
                password=secret(v.password),
                database=v.database,
            )
        case model.Adopted() as v:
            kind = "adopted"
            words = said(repository=v.repository, host=v.host, tags=list(v.tags))
        case v:
            kind = "external"
            words = said(tool=v.tool, ping=v.ping, max_age=duration(v.max_age))
    return said(**{kind: words}, equipment=value.equipment)


def _check(check: Check) -> Plain:
    optional = check.optional or None
    match check:
        case SqlCheck():
            fresh = check.fresh
            return said(
                name=check.name,
                sql=check.query,
                source=check.source,
                expect=f"{check.expect.op} {check.expect.value}" if check.expect else None,
                not_below=None if check.not_below is None else percent(check.not_below),
                fresh={
                    "within": written(fresh.within),
                    "clock": "business" if fresh.business else "always",
                }
                if fresh
                else None,
                optional=optional,
            )
        case FilesCheck():
            files = said(
                at_least=check.at_least,
                at_least_size=None if check.at_least_bytes is None else sized(check.at_least_bytes),
                newest_within=duration(check.newest_within),
            )
            return said(name=check.name, files=files, optional=optional)
        case CommandCheck():
            return said(name=check.name, command=list(check.argv), optional=optional)
    assert_never(check)

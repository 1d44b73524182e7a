"""Sources: databases that answer, with programs that fit them, and folders that are there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.adapters.secrets import SecretFiles, resolve
from orchestrator.adapters.sources import files, postgresql
from orchestrator.core.diagnosis import Fine
from orchestrator.core.policy.model import Files, Postgresql
from orchestrator.errors import PraError, SecretMissing, SourceFailed
from orchestrator.jobs.checkup.ground import BACKUP, PATIENCE, error
from restore_drills.engines.postgresql import installed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.core.policy.model import Source
    from orchestrator.jobs.checkup.ground import Ground, Said


def databases(ground: Ground) -> Said:
    """PostgreSQL's programs against the live server, and a server for drills of its dumps."""
    majors = installed()
    for subject, source in _sources(ground):
        if isinstance(source.spec, Postgresql):
            yield from _database(ground, subject, source, source.spec, set(majors))


def _database(
    ground: Ground, subject: str, source: Source, spec: Postgresql, majors: set[int]
) -> Said:
    try:
        with SecretFiles(f"{ground.processes.run_id}-pg") as secrets:
            passwords = None
            if spec.password is not None:
                password = resolve(spec.password, processes=ground.processes)
                content = postgresql.passfile(password, where=subject)
                passwords = secrets.write(f"{source.name}.pgpass", content)
            live = postgresql.Database(
                spec, where=subject, processes=ground.processes, passwords=passwords
            )
            client, server = live.versions(PATIENCE)
    except SecretMissing:
        return  # told by the check of the secrets
    except PraError as fault:
        yield error(
            fault.code,
            subject,
            str(fault).removeprefix(f"{subject}: "),
            fault.hint,
            stops=BACKUP,
            because=f"the database of {subject} does not answer",
        )
        return
    if client < server:
        yield error(
            "pg-dump-old",
            subject,
            f"pg_dump is of PostgreSQL {client}, the server of {server}: it will refuse",
            f"Install postgresql-client-{server}.",
            stops=BACKUP,
            because=f"pg_dump is older than the server of {subject}",
        )
    if any(major >= server for major in majors):
        on = max(majors)
        message = f"PostgreSQL {server} answers, pg_dump is of {client}, drills run on {on}"
        yield Fine(subject=subject, message=message)
        return
    have = f"only PostgreSQL {max(majors)} is" if majors else "no PostgreSQL server is"
    yield ground.no_drill(
        "no-engine",
        subject,
        f"{have} installed here, and a drill loads a dump of PostgreSQL {server}",
        f"Install postgresql-{server}, which need not run, or drill elsewhere.",
        because=f"{have} installed to load the dump of {subject}",
    )


def trees(ground: Ground) -> Said:
    """The folders to be backed up: there, mounted and readable."""
    for subject, source in _sources(ground):
        if isinstance(source.spec, Files):
            try:
                paths = files.judge(source.spec, where=subject)
            except SourceFailed as fault:
                yield error(
                    fault.code,
                    subject,
                    str(fault).removeprefix(f"{subject}: "),
                    fault.hint,
                    stops=BACKUP,
                    because=f"{subject} cannot be read",
                )
            else:
                yield Fine(subject=subject, message=f"{', '.join(map(str, paths))} can be read")


def _sources(ground: Ground) -> Iterator[tuple[str, Source]]:
    for site, service in ground.services():
        for source in service.sources:
            name = f"/{source.name}" if source.name != service.id else ""
            yield f"{site.id}/{service.id}{name}", source

"""The least that a PostgreSQL role needs to be dumped from, as SQL. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.core.policy.model import Postgresql

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orchestrator.core.policy.model import Service, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What to have one database server say for one source."""

    service: str
    source: str
    host: str
    port: int
    password: bool
    statements: tuple[str, ...]


def roles(services: Iterable[Service]) -> tuple[Role, ...]:
    """Return what each PostgreSQL source needs; a role is made once on a server."""
    made: set[tuple[str, int, str]] = set()
    found: list[Role] = []
    for service in services:
        for source in service.sources:
            if isinstance(source.spec, Postgresql):
                server = source.spec.host, source.spec.port, source.spec.user
                found.append(_role(service, source, source.spec, known=server in made))
                made.add(server)
    return tuple(found)


def _role(service: Service, source: Source, spec: Postgresql, *, known: bool) -> Role:
    user, database = _quoted(spec.user), _quoted(spec.database)
    made = (f"CREATE ROLE {user} LOGIN;", f"GRANT pg_read_all_data TO {user};")
    return Role(
        service=service.id,
        source=source.name,
        host=spec.host,
        port=spec.port,
        password=spec.password is not None,
        statements=(*(() if known else made), f"GRANT CONNECT ON DATABASE {database} TO {user};"),
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

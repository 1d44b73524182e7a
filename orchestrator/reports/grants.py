"""The least rights that a site's backups need, to paste: S3 policies and SQL. Pure.

The daily key is on the machine that is backed up, and an attacker there has it: it can neither
remove a version, nor end a lock early, nor change the bucket. The recovery key is kept elsewhere.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.core.policy.model import Postgresql

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from orchestrator.core.policy.model import Repository, Service, Site, Source

Policy = dict[str, Any]
LIST = ["s3:ListBucket", "s3:ListBucketVersions"]
LOOK = ["s3:GetBucketLocation"]
LOOK_AT_LOCK = [
    "s3:GetBucketVersioning",
    "s3:GetBucketObjectLockConfiguration",
    "s3:GetLifecycleConfiguration",
]
WRITE = ["s3:GetObject", "s3:PutObject"]
LOCK = ["s3:GetObjectRetention", "s3:PutObjectRetention"]
# Of a lock only its end is read; what is brought back, the next relock locks.
BRING_BACK = [*WRITE, "s3:GetObjectVersion", "s3:DeleteObject", "s3:GetObjectRetention"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a repository is in its bucket; `prefix` has no slash at its ends."""

    repository: Repository
    bucket: str
    prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grants:
    """What to paste for one repository."""

    repository: str
    bucket: str
    daily: Policy
    recovery: Policy
    immutable: bool
    thins: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What to have one database server say for one source."""

    service: str
    source: str
    host: str
    port: int
    password: bool
    statements: tuple[str, ...]


def grants(site: Site, place: Place) -> Grants:
    """Return the policies of a repository that is in a bucket."""
    one = place.repository
    thins = site.retention is not None and not one.append_only
    locked = one.immutable is not None
    return Grants(
        repository=one.id,
        bucket=place.bucket,
        daily=_daily(place, locked=locked, thins=thins),
        recovery=_recovery(place),
        immutable=locked,
        thins=thins,
    )


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


def document(site: str, found: Sequence[Grants], sql: Sequence[Role]) -> dict[str, Any]:
    """Return the body of `pra grants --json`."""
    return {
        "site": site,
        "repositories": [
            {"repository": one.repository, "daily": one.daily, "recovery": one.recovery}
            for one in found
        ],
        "sql": [
            {
                "service": one.service,
                "source": one.source,
                "host": one.host,
                "port": one.port,
                "statements": list(one.statements),
            }
            for one in sql
        ],
    }


def text(found: Sequence[Grants], elsewhere: Sequence[str], sql: Sequence[Role]) -> str:
    """Return the page; `elsewhere` are repositories that are in no bucket."""
    lines = [line for one in found for line in _page(one)]
    for name in elsewhere:
        lines += [f"# {name}: it is in no bucket: its folder's owner and mode are its rights.", ""]
    for role in sql:
        lines += _sql(role)
    return "\n".join(lines).rstrip() or "# Nothing to grant: no bucket, and no PostgreSQL."


def _daily(place: Place, *, locked: bool, thins: bool) -> Policy:
    statements = [
        _on_bucket("Look", LOOK + (LOOK_AT_LOCK if locked else []), place),
        _listing(place),
        _on_objects("ReadAndWrite", WRITE + (LOCK if locked else []), place, ""),
        _on_objects("Remove", ["s3:DeleteObject"], place, "" if thins else "locks/"),
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _recovery(place: Place) -> Policy:
    statements = [
        _on_bucket("Look", [*LOOK, *LOOK_AT_LOCK], place),
        _listing(place),
        _on_objects("BringBack", BRING_BACK, place, ""),
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _on_bucket(sid: str, actions: list[str], place: Place) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": actions,
        "Resource": [f"arn:aws:s3:::{place.bucket}"],
    }


def _listing(place: Place) -> dict[str, Any]:
    """Let it list its own folder of the bucket, and no other."""
    said = _on_bucket("List", LIST, place)
    if place.prefix:
        said["Condition"] = {"StringLike": {"s3:prefix": [f"{place.prefix}/*"]}}
    return said


def _on_objects(sid: str, actions: list[str], place: Place, below: str) -> dict[str, Any]:
    prefix = f"{place.prefix}/" if place.prefix else ""
    return {
        "Sid": sid,
        "Effect": "Allow",
        "Action": actions,
        "Resource": [f"arn:aws:s3:::{place.bucket}/{prefix}{below}*"],
    }


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


def _page(one: Grants) -> Iterator[str]:
    yield f"# {one.repository}: the daily key, on the machine that is backed up (an IAM policy of"
    yield "# its user; as a bucket policy, each statement needs a Principal)."
    if one.thins:
        yield "# It may delete, because the policy has `retention`:" + (
            " a DELETE hides, and what is locked stays."
            if one.immutable
            else " without Object Lock, what it deletes may be gone for good."
        )
    else:
        yield "# It deletes nothing but restic's own locks."
    yield "# Never give it s3:DeleteObjectVersion, s3:BypassGovernanceRetention or s3:PutBucket*."
    yield json.dumps(one.daily, indent=2)
    yield ""
    yield f"# {one.repository}: the recovery key, kept elsewhere: for `pra repo rewind` and `repair`."
    yield json.dumps(one.recovery, indent=2)
    yield ""


def _sql(role: Role) -> Iterator[str]:
    yield f"-- {role.service}/{role.source}: as a superuser of {role.host}:{role.port}"
    yield from role.statements
    if role.password:
        yield "-- Then give it the password of the policy, with psql's \\password."
    yield "-- PostgreSQL 14 or later. Tables with row level security also need ALTER ROLE ..."
    yield "-- BYPASSRLS; large objects GRANT SELECT ON LARGE OBJECT, each."
    yield ""

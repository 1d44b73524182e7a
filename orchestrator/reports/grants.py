"""The least rights, to paste: a page with comments for people, and a JSON document. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from orchestrator.core.rights.grants import Grants
    from orchestrator.core.rights.roles import Role


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
    yield f"# {one.repository}: the repair key, kept elsewhere, for `pra repo rewind`, `repair`."
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

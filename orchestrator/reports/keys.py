"""What became of the keys of repositories: for a person and as a JSON document. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from orchestrator.core.kit.keyed import Changed, Key, Left

HELD = 3
SHOWN = 8


def document(site: str, changed: Sequence[Changed]) -> dict[str, Any]:
    """Return the body of `pra repo rotate-key --json` and of `pra repo revoke --json`."""
    return {"site": site, "repositories": [_one(one) for one in changed]}


def text(site: str, changed: Sequence[Changed]) -> str:
    """Return what a person reads of it."""
    return "\n".join(line for one in changed for line in _lines(site, one))


def exit_code(changed: Sequence[Changed]) -> int:
    """Return 3 where what should be gone still opens."""
    return HELD if any(one.left for one in changed) else 0


def list_document(site: str, repository: str, keys: Sequence[Key]) -> dict[str, Any]:
    """Return the body of the list of a repository's keys."""
    named = [
        {
            "id": key.id,
            "user": key.user,
            "host": key.host,
            "created": key.created,
            "in_use": key.current,
        }
        for key in keys
    ]
    return {"site": site, "repository": repository, "keys": named}


def list_text(keys: Sequence[Key]) -> str:
    """Return one line for each key; the host of a kit's own is the kit."""
    return "\n".join(f"{key.id[:SHOWN]}  {key}" for key in keys)


def left_document(site: str, holder: str, left: Left) -> dict[str, Any]:
    """Return the body of `pra repo revoke --holder --json`."""
    return {
        **document(site, left.changed),
        "holder": holder,
        "still_opens": list(left.opens),
        "s3_keys_known": list(left.buckets),
    }


def left_text(site: str, holder: str, left: Left) -> str:
    """Return what a person reads when somebody left."""
    lines = [line for one in left.changed for line in _lines(site, one)]
    if not left.changed:
        lines.append(f"{site}: no recovery key of {holder}'s kits is left")
    if left.opens:
        names = " ".join(left.opens)
        lines += [
            f"{holder} also had the passwords that open {', '.join(left.opens)} today:",
            f"  pra repo rotate-key {site} {names} --new-password-file FILE --reason ...",
        ]
    if left.buckets:
        lines.append(
            f"and the S3 keys of {', '.join(left.buckets)}: make new ones where the bucket is, put"
            " them where the policy looks, and delete the old ones."
        )
    return "\n".join(lines)


def _one(one: Changed) -> dict[str, Any]:
    return {
        "repository": one.repository,
        "added": one.added or None,
        "revoked": list(one.revoked),
        "still_opens": one.left or None,
        "why": one.why or None,
        "change": one.where or None,
        "stale_kit": one.stale or None,
    }


def _lines(site: str, one: Changed) -> Iterator[str]:
    name = one.repository
    if one.added:
        yield f"{name}: the new password opens it, key {one.added[:SHOWN]}"
    if one.revoked:
        ids = ", ".join(key[:SHOWN] for key in one.revoked)
        yield f"{name}: {ids} opens it no more"
    if one.left:
        yield f"{name}: the old password still opens it, key {one.left[:SHOWN]}: {one.why}"
        if one.where:
            yield f"  Put the new password where {one.where} leads, have the daemon reload, then:"
        yield f"  pra repo revoke {site} {name} {one.left[:SHOWN]}"
    if one.revoked and one.immutable:
        yield "  The bucket is locked: the key's file is only hidden until its lock ends. Whoever"
        yield "  has the bucket's keys and the old password reads it there: change the S3 keys too."
    if one.stale:
        yield f"  The recovery kit {one.stale} is stale now: export another, and give it to its"
        yield f"  holders: pra kit export {site} -o FILE"

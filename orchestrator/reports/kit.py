"""What became of a recovery kit: made, verified. For a person and as a JSON document. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from restore_drills.document import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from orchestrator.core.kit.contents import Kit
    from orchestrator.errors import PraError

STALE, INCONCLUSIVE = 3, 4


class Outcome(StrEnum):
    """What a repository answered to the kit's keys."""

    OPENS = "opens"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One repository. `recovery`: the recovery key opened it too. `what` was refused."""

    repository: str
    location: str
    outcome: Outcome = Outcome.UNREACHABLE
    recovery: bool = False
    what: str = ""
    error: PraError | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """A kit that was opened. `is_known`: the site's policy is here, so staleness could be seen.

    `waiting`: the holders who have not opened this kit yet.
    """

    kit: Kit
    holder: str
    rows: tuple[Row, ...]
    stale: tuple[str, ...]
    is_known: bool
    waiting: tuple[str, ...] = ()

    @property
    def is_refused(self) -> bool:
        """Whether some repository does not open with the kit's keys."""
        return any(row.outcome is Outcome.REFUSED for row in self.rows)

    @property
    def is_open(self) -> bool:
        """Whether every offsite repository opened, or every one where none is offsite."""
        far = [row for row in self.rows if row.location == "offsite"]
        return all(row.outcome is Outcome.OPENS for row in far or self.rows)

    @property
    def is_good(self) -> bool:
        """Whether the kit would do tonight, as far as anybody can tell."""
        return self.is_open and not self.is_refused and not self.stale


def exit_code(found: Verified) -> int:
    """Return 0 where it is good, 3 where it is stale or opens no more, 4 where nobody can tell."""
    if found.is_refused or found.stale:
        return STALE
    return 0 if found.is_open else INCONCLUSIVE


def exported_document(
    kit: Kit, path: str, remarks: Sequence[str], warnings: Sequence[str]
) -> dict[str, Any]:
    """Return the body of `pra kit export --json`."""
    return {
        "kit": kit.kit,
        "site": kit.site,
        "file": path,
        "exported_at": stamp(kit.at),
        "holders": list(kit.holders),
        "repositories": [
            {
                "repository": one.id,
                "recovery_key_id": one.recovery_key or None,
                "objects": len(one.objects),
            }
            for one in kit.repositories
        ],
        "remarks": list(remarks),
        "warnings": list(warnings),
    }


def exported_text(
    kit: Kit,
    path: str,
    remarks: Sequence[str],
    replaces: str,
    old_keys: Sequence[tuple[str, str]],
) -> str:
    """Return what a person reads when a kit was written."""
    own = [one.id for one in kit.repositories if one.recovery_key]
    lines = [
        f"{path}: the recovery kit of {kit.site}, {kit.kit}",
        f"  opens {', '.join(one.id for one in kit.repositories)}; for {', '.join(kit.holders)}",
    ]
    if own:
        lines.append(f"  a recovery key of its own was added to {', '.join(own)}")
    lines += [f"  {remark}" for remark in remarks]
    if replaces:
        lines.append(f"  It replaces {replaces}. Take the copies of that one back, and when every")
        then = "take its recovery key away:" if old_keys else "destroy them."
        lines.append(f"  holder has verified this one, {then}")
        lines += [f"    pra repo revoke {kit.site} {one} {key[:8]}" for one, key in old_keys]
    lines.append("  Give each holder a copy, kept off the site, and have each of them run")
    lines.append(f"  `pra kit verify {path} --holder NAME`: until then nobody knows that it opens.")
    return "\n".join(lines)


def verified_document(found: Verified) -> dict[str, Any]:
    """Return the body of `pra kit verify --json`."""
    return {
        "kit": found.kit.kit,
        "site": found.kit.site,
        "exported_at": stamp(found.kit.at),
        "holder": found.holder,
        "holders": list(found.kit.holders),
        "verified": found.is_good,
        "recorded": found.is_good and found.is_known,
        "stale": list(found.stale),
        "repositories": [
            {
                "repository": row.repository,
                "outcome": row.outcome,
                "recovery_key": row.recovery,
                "remarks": list(row.remarks),
                "error": None
                if row.error is None
                else {
                    "code": row.error.code,
                    "message": str(row.error),
                    "remedy": row.error.hint or None,
                },
            }
            for row in found.rows
        ],
    }


def verified_text(found: Verified) -> str:
    """Return what a person reads of it."""
    return "\n".join(_verified(found))


def _verified(found: Verified) -> Iterator[str]:
    kit = found.kit
    yield f"{kit.site}: kit {kit.kit}, the envelope of {found.holder}: {_verdict(found)}"
    for row in found.rows:
        yield f"  {row.repository}: {_row(row)}"
        if row.error is not None and row.error.hint and row.outcome is Outcome.UNREACHABLE:
            yield f"    {row.error.hint}"
        yield from (f"    {remark}" for remark in row.remarks)
    yield from (f"  stale: {said}" for said in found.stale)
    if found.stale or found.is_refused:
        yield f"  Export a new one, `pra kit export {kit.site} -o FILE --force`, and take the old"
        yield "  copies back from their holders."
    if not found.is_known:
        yield f"  {kit.site} has no policy here: whether it is the kit of today nobody can tell,"
        yield "  and nothing was recorded."
    elif found.is_good:
        left = ", ".join(found.waiting)
        yield f"  Recorded. Have {left} do the same." if left else "  Recorded."


def _verdict(found: Verified) -> str:
    if found.is_refused:
        return "it would not do: a repository does not open with it"
    if found.stale:
        return "it opens, and it is stale"
    return "it opens all it must" if found.is_open else "inconclusive: not all could be reached"


def _row(row: Row) -> str:
    match row.outcome:
        case Outcome.OPENS:
            return "opens with the password" + (" and the recovery key" if row.recovery else "")
        case Outcome.REFUSED:
            other = "; the recovery key opens it" if row.recovery else ""
            said = str(row.error).removeprefix(f"{row.repository}: ")
            return f"does not open with the {row.what}: {said}{other}"
        case Outcome.UNREACHABLE:
            return f"not reached: {row.error}"

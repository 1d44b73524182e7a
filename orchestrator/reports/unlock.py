"""The locks of a repository, as a person's page and as a JSON document. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.reports.words import ago, when

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from orchestrator.errors import PraError

IN_USE, FAILED = 3, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A lock whose owner lives, as far as anybody can tell from here."""

    host: str
    user: str
    pid: int
    since: datetime
    exclusive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One repository: how many locks went, which ones are left; or why nobody can tell."""

    repository: str
    removed: int = 0
    living: tuple[Held, ...] = ()
    error: PraError | None = None


def document(site: str, rows: Sequence[Row]) -> dict[str, Any]:
    """Return the body of `pra repo unlock --json`."""
    return {"site": site, "repositories": [_row(row) for row in rows]}


def text(row: Row, *, timezone: str, now: datetime) -> str:
    """Return the page of one repository."""
    return "\n".join(_lines(row, timezone, now))


def exit_code(rows: Sequence[Row]) -> int:
    """Return 1 where it could not be done, else 3 where somebody works there."""
    if any(row.error for row in rows):
        return FAILED
    return IN_USE if any(row.living for row in rows) else 0


def _row(row: Row) -> dict[str, Any]:
    return {
        "repository": row.repository,
        "removed": row.removed,
        "locks": [
            {
                "host": lock.host,
                "user": lock.user,
                "pid": lock.pid,
                "since": lock.since.isoformat().replace("+00:00", "Z"),
                "exclusive": lock.exclusive,
            }
            for lock in row.living
        ],
        "error": None
        if row.error is None
        else {"code": row.error.code, "message": str(row.error), "remedy": row.error.hint or None},
    }


def _lines(row: Row, timezone: str, now: datetime) -> Iterator[str]:
    if row.error is not None:
        said = str(row.error).removeprefix(f"{row.repository}: ")
        yield f"{row.repository}: {said}"
        if row.error.hint:
            yield f"  {row.error.hint}"
        return
    count = "no stale lock" if not row.removed else f"{row.removed} stale locks removed"
    count = "1 stale lock removed" if row.removed == 1 else count
    yield f"{row.repository}: {count}, {_left(row)}"
    for lock in row.living:
        kind = "exclusive, nobody else may work" if lock.exclusive else "shared"
        yield (
            f"  {lock.user}@{lock.host}, process {lock.pid}: {kind}; renewed"
            f" {when(lock.since, timezone)} ({ago(lock.since, now)})"
        )
    if row.living:
        yield "  They live, as far as can be told from here: wait for their end. If that machine"
        yield "  is surely off, its locks count as dead 30 minutes after they were last renewed."


def _left(row: Row) -> str:
    if not row.living:
        return "nobody works in it"
    return f"{len(row.living)} in use"

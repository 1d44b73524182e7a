"""A relock as a person's page and as a JSON document. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.core.codec import timestamp
from orchestrator.core.locking import forecast
from orchestrator.reports.words import duration, when

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime, timedelta

REFUTED = 3
CONFIG = "no `config`"  # in what a relock says of a repository that is not there
GONE = "If it was wiped, see what its versions give back: `pra repo rewind SITE --dry-run`."
CORRECT = "Correct the bucket with an administrator's key; `pra doctor` tells how."


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a relock found in one repository; `run` is empty where it was only looked at."""

    run: str
    repository: str
    period: timedelta
    objects: int
    extended: int
    bare: int
    least_until: datetime | None
    least_key: str
    problems: tuple[str, ...]
    seconds: float


def document(site: str, rows: Sequence[Row], *, dry_run: bool) -> dict[str, Any]:
    """Return the body of `pra repo relock --json`."""
    return {"site": site, "dry_run": dry_run, "repositories": [_row(row) for row in rows]}


def text(row: Row, *, timezone: str, now: datetime) -> str:
    """Return the page of one repository."""
    return "\n".join(_lines(row, timezone, now))


def exit_code(rows: Sequence[Row]) -> int:
    """Return 3 where the lock is less than the policy says."""
    return REFUTED if any(row.problems for row in rows) else 0


def _lines(row: Row, timezone: str, now: datetime) -> Iterator[str]:
    word = "extended" if row.run else "would be extended"
    yield f"{row.repository}: {_objects(row.objects)} looked at, {row.extended} {word}"
    if row.bare:
        verb = "had" if row.run else "have"
        yield f"  {row.bare} {verb} no lock at all"
    if row.least_until is not None:
        left = row.least_until - now
        yield (
            f"  least protected: {row.least_key}, until {when(row.least_until, timezone)}"
            f" ({duration(left)} from now; the policy wants at least {duration(row.period / 2)})"
        )
    elif row.objects:
        yield "  no object is locked"
    cost = forecast(row.objects, row.period)
    yield (
        f"  requests in 30 days, at most: {cost.puts} PUT, {cost.gets} GET, {cost.lists} LIST"
        f" (for {_objects(row.objects)} kept locked for {duration(row.period)})"
    )
    for problem in row.problems:
        yield f"  PROBLEM: {problem}"
    if row.problems:
        gone = any(CONFIG in problem for problem in row.problems)
        yield f"  {GONE if gone else CORRECT}"


def _row(row: Row) -> dict[str, Any]:
    cost = forecast(row.objects, row.period)
    return {
        "repository": row.repository,
        "run": row.run or None,
        "objects": row.objects,
        "extended": row.extended,
        "bare": row.bare,
        "least_until": timestamp(row.least_until) if row.least_until else None,
        "least_key": row.least_key or None,
        "period_s": row.period.total_seconds(),
        "forecast_30_days": {"put": cost.puts, "get": cost.gets, "list": cost.lists},
        "problems": list(row.problems),
        "seconds": row.seconds,
    }


def _objects(count: int) -> str:
    return f"{count} object{'' if count == 1 else 's'}"

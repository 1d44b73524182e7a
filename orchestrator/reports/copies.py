"""A copy's outcome: one line for a person, one entry for a program. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from orchestrator.core.codec import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from orchestrator.core.events import BackedUp, CopyFinished
    from orchestrator.errors import PraError

DONE = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """What became of one service's copy: `finished`, or why not."""

    service: str
    repository: str
    run: str
    seconds: float
    finished: CopyFinished | None = None
    error: PraError | None = None


def document(site: str, copies: Iterable[Copied]) -> dict[str, Any]:
    """Return what `pra repo copy --json` prints, without its schema number."""
    return {"site": site, "copies": [_entry(one) for one in copies]}


def entry(copied: Copied) -> dict[str, Any]:
    """Return a copy as it stands below its service in `pra backup --json`."""
    done = copied.finished
    return {
        "repository": copied.repository,
        "snapshots": snapshots(done.snapshots) if done else [],
        "usable_at": timestamp(done.usable_at) if done else None,
        "error": str(copied.error) if copied.error else None,
    }


def snapshots(found: Iterable[BackedUp]) -> list[dict[str, Any]]:
    """Return snapshots as documents show them."""
    return [
        {"source": s.source, "id": s.id, "tree": s.tree, "data_time": timestamp(s.data_time)}
        for s in found
    ]


def text(copied: Copied, *, timezone: str) -> str:
    """Return what a person reads of one copy."""
    done = copied.finished
    if done is None:
        words = [f"{copied.service}: not copied to {copied.repository}: {copied.error}"]
        hint = copied.error.hint if copied.error else ""
        return "\n".join([*words, *([f"  {hint}"] if hint else [])])
    zone = ZoneInfo(timezone)

    def clock(at: datetime | None) -> str:
        local = at.astimezone(zone) if at else None
        if local is None:
            return "?"
        same = local.date() == done.usable_at.astimezone(zone).date()
        return f"{local:%H:%M}" if same else f"{local:%Y-%m-%d %H:%M}"

    what = "point" if done.points == 1 else "points"
    brought = f"{done.points} {what} copied to" if done.points else "all is already in"
    return (
        f"{done.service}: {brought} {done.repository} in {done.seconds:.1f} s, usable at"
        f" {clock(done.usable_at)} (data of {clock(done.data_time)})"
    )


def exit_code(copies: Sequence[Copied]) -> int:
    """0 when all is there; else that of the errors: 3 where all of them are damage, 1."""
    codes = {one.error.exit_code for one in copies if one.error is not None}
    return min(codes, default=DONE)


def _entry(copied: Copied) -> dict[str, Any]:
    done = copied.finished
    return {
        "service": copied.service,
        "repository": copied.repository,
        "run": copied.run,
        "outcome": "complete" if done else "failed",
        "points": done.points if done else None,
        "snapshots": snapshots(done.snapshots) if done else [],
        "usable_at": timestamp(done.usable_at) if done else None,
        "seconds": copied.seconds,
        "error": str(copied.error) if copied.error else None,
    }

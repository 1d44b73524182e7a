"""What holds a retention back: in doubt nothing is removed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.retention.rules import CLOCKS_AGREE_WITHIN

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from orchestrator.core.copies.snapshots import Contents
    from orchestrator.core.retention.thinning import Thinned

LEAST = 5
SHARE = 10
FIRST = timedelta(days=31)  # where no retention was made yet, what is this old counts as added


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What the log says of a repository before a retention: `core/retention/past.py` reads it.

    `kept` is how many points the last retention that was done left there, None: there was none;
    `added` how many came since. `is_cut`: one since then ended half-way, and may have removed some.
    `owes_prune`: what was forgotten may still take up space.
    """

    kept: int | None = None
    added: int = 0
    is_cut: bool = False
    owes_prune: bool = False


def allowance(there: int, before: Before, allowed: int | None) -> int:
    """Return how many points a run may remove.

    As many as were added since the last retention that was done (where there was none: in the
    last 31 days), plus a tenth of what is there, and at least 5. A person's leave for `allowed`
    adds to what was added since.
    """
    rule = max(LEAST, before.added + there // SHARE)
    return rule if allowed is None else max(rule, allowed + before.added)


def held(
    contents: Contents,
    plan: Iterable[Thinned],
    before: Before,
    now: datetime,
    *,
    allowed: int | None = None,
) -> str:
    """Return why nothing may be removed now; empty when it may.

    `allowed`: a person has looked at what held the last one, and let so many points go.
    """
    if ahead := _ahead(contents, now):
        return ahead
    there, removable = len(contents.points), sum(len(one.removed) for one in plan)
    limit = allowance(there, before, allowed)
    if allowed is None and before.kept is not None:
        gone = before.kept + before.added - there - (limit if before.is_cut else 0)
        if gone > 0:
            verb = "is" if gone == 1 else "are"
            return (
                f"{counted(gone, 'point')} of ours that should be there {verb} gone or not whole,"
                " and no retention of pra took them away: find out who did, then resolve the"
                " incident"
            )
    if removable > limit:
        return (
            f"it would remove {removable} of {counted(there, 'point')}, and without a person's word"
            f" at most {limit} may go (as many as were added since the last one, {before.added},"
            f" and a tenth of what is there, at least {LEAST}): look at"
            " `pra repo retain --dry-run`, then resolve the incident"
        )
    return ""


def _ahead(contents: Contents, now: datetime) -> str:
    latest = now + CLOCKS_AGREE_WITHIN
    ours = [p for p in contents.points if p.data_time > latest]
    if ours:
        return (
            f"the newest point of {ours[-1].service} is dated {ours[-1].data_time:%Y-%m-%d %H:%M}"
            " UTC, in the future: this machine's clock is or was wrong"
        )
    every = [
        *(s for h in (*contents.points, *contents.broken, *contents.leftovers) for s in h.seals),
        *(s for h in (*contents.broken, *contents.leftovers) for s in h.snapshots),
        *(s for h in contents.points for s in h.snapshots),
        *contents.adopted,
        *contents.foreign,
        *contents.apart,
    ]
    future = [s for s in every if s.time > latest]
    if not future:
        return ""
    one = max(future, key=lambda s: (s.time, s.id))
    more = f", and {len(future) - 1} more" if len(future) > 1 else ""
    return (
        f"snapshot {one.id[:8]} of {one.host} is dated {one.time:%Y-%m-%d %H:%M} UTC, in the"
        f" future{more}: a clock is wrong, or somebody made it up; look at it, then"
        " `restic forget` it by hand"
    )


def counted(count: int, noun: str) -> str:
    """Write a number of things: 1 point, 2 points."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"

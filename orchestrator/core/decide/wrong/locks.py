"""Whether the objects of an immutable repository are locked for as long as promised. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.codec import timestamp
from orchestrator.core.decide.wrong.conditions import Condition, Held
from orchestrator.core.events import RunKind
from restore_drills.spans import duration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from orchestrator.core.decide.wrong.keeping import Keeping

NONE = timedelta(0)
SOON = timedelta(microseconds=1)  # the rules say "longer than"
HALF = 2
AT_MOST = "P2"
UNLOCKED = "no Object Lock"  # in what makes a lock weak: there is none any more


def weakened(of: Keeping) -> Held | None:
    """Return that a lock is less than promised, or will be before anybody extends it."""
    immutable, relocked = of.repository.immutable, of.known.relocked
    if immutable is None:
        return None
    name, half = of.repository.id, immutable.period / HALF
    promised = f"promised at least {duration(half)} of {duration(immutable.period)}"
    series = of.known.of(RunKind.RELOCK)
    failed = series.answered if series.failures else None
    why = f": {failed.error}" if failed and failed.error else ""
    if relocked is not None and relocked.problems:
        more = len(relocked.problems) - 1
        said = relocked.problems[0] + (f" (and {more} more)" if more else "")
        return _weak(of, f"{name} is not as immutable as promised: {said}", relocked.run)
    if relocked is not None and relocked.least_until is not None:
        left = relocked.least_until - of.now
        if left >= half or (left > NONE and of.is_just_awake()):
            return None
        how = f"ends in {duration(left)}" if left > NONE else "has ended"
        return _weak(
            of,
            f"the lock of {relocked.least_key or 'an object'} in {name} {how}, {promised}{why}",
            relocked.run,
        )
    since = of.known.since
    if relocked is None and since is not None and of.now - since > half:
        return _weak(
            of,
            f"the locks in {name} were never extended since {since:%Y-%m-%d}, {promised}{why}",
            timestamp(since),
        )
    return None


def _weak(of: Keeping, summary: str, evidence: str) -> Held:
    relocked = of.known.relocked
    gone = relocked is not None and any(UNLOCKED in one for one in relocked.problems)
    return of.held(
        Condition.LOCK_WEAK,
        "P1" if gone else AT_MOST,
        summary,
        f"Find out who changed it, then `pra repo relock {of.site.id} --repository "
        f"{of.repository.id}`; see `pra doctor {of.site.id}`.",
        evidence,
        at_most=not gone,
    )


def moments(of: Keeping) -> Iterator[datetime]:
    """Yield the instants at which time alone may make a lock too short."""
    immutable, relocked = of.repository.immutable, of.known.relocked
    if immutable is None:
        return
    half = immutable.period / HALF
    if relocked is not None and relocked.least_until is not None:
        yield relocked.least_until - half + SOON
        yield relocked.least_until
    elif relocked is None and of.known.since is not None:
        yield of.known.since + half + SOON

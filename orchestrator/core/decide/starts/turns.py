"""Whether the newest slot of a schedule was answered, and if not, from when on to start.

Only the newest slot counts, so that a machine that was off for a month catches up once.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.core.events import Outcome
from orchestrator.core.policy.model import DrillPlan
from orchestrator.core.schedule import of_backups, of_drill

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.core.policy.model import Service, Site
    from orchestrator.core.schedule import Schedule
    from orchestrator.core.state import Run, Series

    # How long after its end a run that gave no final answer is tried again. None: it is not, and
    # the next slot is waited for.
    Patience = Callable[[Series, Run], timedelta | None]

# A run dated further ahead was dated by a clock that was wrong: it must not stop us for a year.
# Nearer ones count, so that a clock put back by some minutes does nothing twice.
AHEAD = timedelta(hours=1)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
MOST = 10_000  # turns remembered; then all are forgotten, and made again


class Turn(NamedTuple):
    """The slot to answer next, and the instant from which on to do so.

    `since`: the oldest slot that was not answered, LONG_AGO where none ever was. Whoever waits for
    longest goes first; the newest slots would favour the early hours, every day again.
    """

    slot: datetime
    at: datetime
    since: datetime


class _Ahead(NamedTuple):
    """A turn that lay ahead at `seen`, and the very values that it was made from."""

    of: Service | DrillPlan
    zone: str
    last: Run | None
    answered: Run | None
    failures: int
    interruptions: int
    seen: datetime
    turn: Turn


class Turns:
    """The turns of many schedules of one kind.

    Most lie ahead, most of the time, and are made of values that never change: these are
    remembered, so that a thousand cost a millisecond. The answers are the same without.
    """

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._ahead: dict[tuple[str, str], _Ahead] = {}

    def next(
        self, site: Site, name: str, of: Service | DrillPlan, series: Series, now: datetime
    ) -> Turn | None:
        """Return the slot to answer next; None where there will be none.

        A run that is open is not looked at.
        """
        known = self._ahead.get((site.id, name))
        if (
            known is not None
            and known.of is of
            and known.last is series.last
            and known.answered is series.answered
            and known.failures == series.failures
            and known.interruptions == series.interruptions
            and known.seen <= now < known.turn.at
            and known.zone == site.timezone
        ):
            return known.turn
        when = of_drill(site, of) if isinstance(of, DrillPlan) else of_backups(site, of)
        found = turn(when, series, now, self._patience) if when else None
        if found is not None and found.at > now:
            if len(self._ahead) >= MOST:
                self._ahead.clear()
            self._ahead[site.id, name] = _Ahead(
                of=of,
                zone=site.timezone,
                last=series.last,
                answered=series.answered,
                failures=series.failures,
                interruptions=series.interruptions,
                seen=now,
                turn=found,
            )
        return found


def turn(
    when: Schedule, series: Series, now: datetime, patience: Patience, *, persists: bool = False
) -> Turn | None:
    """Return the slot to answer next; None where there will be none.

    `persists`: what failed is tried again even where that alone does not help.
    """
    slot, following = when.newest(now), when.following(now)
    if slot is not None:
        last = believed(series.last, now)
        if last is None or last.started_at < slot:
            since = when.following(last.started_at) if last else None
            return Turn(slot, slot, since or LONG_AGO)
        again = retry_at(series, last, now, patience, since=slot, persists=persists)
        if again is not None and (following is None or again < following):
            return Turn(slot, again, again)
    return None if following is None else Turn(following, following, following)


def endless(
    when: Schedule, series: Series, now: datetime, patience: Patience, *, persists: bool = True
) -> Turn:
    """Return what `turn` does, of a schedule that has no end."""
    found = turn(when, series, now, patience, persists=persists)
    return found or Turn(now + AHEAD, now + AHEAD, now + AHEAD)


def retry_at(  # noqa: PLR0913 - what a retry rests on
    series: Series,
    last: Run,
    now: datetime,
    patience: Patience,
    *,
    since: datetime,
    persists: bool = False,
) -> datetime | None:
    """Return when to try again what `last` left unanswered; None where that is not to be done."""
    if last.finished_at is None:
        return None
    if last.outcome == Outcome.INTERRUPTED:
        answered = believed(series.answered, now)
        if answered is not None and answered.started_at >= since and not answered.retryable:
            return None  # the one that was cut short came on top
    elif not (last.retryable or (persists and last.outcome == Outcome.FAILED)):
        return None
    after = patience(series, last)
    return None if after is None else ended(last, now) + after


def ended(last: Run, now: datetime) -> datetime:
    """Return when a run ended; its start, where the clock was put right while it ran."""
    at = last.finished_at
    return at if at is not None and at <= now + AHEAD else last.started_at


def believed(run: Run | None, now: datetime) -> Run | None:
    """Return the run unless the clock was wrong when it started."""
    return run if run is not None and run.started_at <= now + AHEAD else None


def key(slot: datetime, series: Series) -> str:
    """Return what makes a start unique: two that see the same last run cannot both begin."""
    before = series.last.run if series.last else "-"
    return f"{slot.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ} after {before}"


def backoff(times: int, steps: tuple[timedelta, ...]) -> timedelta:
    """Return how long to wait after so many times (from 1); the last step goes on."""
    return steps[min(times, len(steps)) - 1]

"""When a repository may be thinned out: at night, alone, and never while anything is suspected.

Pure. What is removed is gone for ever, so whoever is in doubt removes nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from orchestrator.core.decide.hours import hours_of
from orchestrator.core.decide.starts.turns import AHEAD, Turn, believed, ended, endless
from orchestrator.core.decide.wrong.closing import closed_on
from orchestrator.core.events import Outcome, RunKind
from orchestrator.core.schedule import NIGHT
from orchestrator.core.state import Series

if TYPE_CHECKING:
    from orchestrator.core.policy.model import Site
    from orchestrator.core.schedule import Schedule
    from orchestrator.core.state import RepositoryState, Run, State

HOUR = timedelta(hours=1)
LEAST = 2 * HOUR  # by day, before the site opens again
DOUBT = timedelta(hours=24)  # after a wrong clock: what it dated is looked at first
HELD = "retention-held"
CLOCK = "clock-wrong"
SUSPECTED, UNUSUAL = "backup-suspected", "change-unusual"
PAUSED = "site-paused"
# Nothing is removed while one of these is open for the site, or for the machine: somebody or
# something may have taken points away, or added some, and the good ones may be the old ones.
SUSPICIOUS = (
    "repository-damaged",
    "repository-lost",
    "repository-foreign",
    SUSPECTED,
    UNUSUAL,
    CLOCK,
    "log-restored",
    PAUSED,
)
NEVER = Series()
_GAPS = 30  # closed hours looked at: lunch breaks and short nights may be too short


class LetGo(NamedTuple):
    """A turn that a person gave, and how many points may be removed in it."""

    slot: datetime
    at: datetime
    since: datetime
    allowed: int


class _Quiet(NamedTuple):
    """From when to when a site's people are gone for long enough, as found at `seen`."""

    site: Site
    seen: datetime
    begin: datetime
    end: datetime | None


_quiet: dict[str, _Quiet] = {}


def patience(series: Series, last: Run) -> timedelta:
    """Return how long to wait before it is tried again; one cut short once is, at once."""
    cut_once = last.outcome == Outcome.INTERRUPTED and series.interruptions <= 1
    return timedelta(0) if cut_once else HOUR


def retention(site: Site, when: Schedule, known: RepositoryState, now: datetime) -> Turn:
    """Return when to thin a repository out, if nothing forbids it."""
    series = known.series.get(RunKind.RETAIN, NEVER)
    owed = endless(when, series, now, patience, persists=False)
    if owed.at > now:
        return owed
    following = when.following(now) or now + DOUBT
    if series.last is None and known.since is not None and owed.slot < known.since <= now + AHEAD:
        # What was due before there was anything to remove is not owed.
        return Turn(following, following, following)
    return owed._replace(at=max(owed.at, min(_quiet_from(site, now), following)))


def let(
    state: State, site: Site, repository: str, known: RepositoryState, now: datetime
) -> LetGo | None:
    """Return when to do what was held back and a person has let go; None: there is nothing such.

    At once, whatever the hour; once, but for what cut it short.
    """
    held = known.retained
    if held is None or not held.held or not state.closed:
        return None
    series = known.of(RunKind.RETAIN)
    if not closed_on(state, f"{site.id}//{HELD}-{repository}", held.run, series.answered):
        return None
    last = believed(series.last, now)
    if last is None or last.run == held.run:
        return LetGo(now, now, now, held.removable)
    if last.outcome in {Outcome.FAILED, Outcome.INTERRUPTED}:
        at = ended(last, now) + patience(series, last)
        return LetGo(at, at, at, held.removable)
    return None


def suspected(state: State, now: datetime) -> dict[str, str]:
    """Return the sites of which nothing may be removed now, and why; an empty name is all of them.

    Damage in one repository speaks for the whole site: another may be what it is repaired from. A
    wrong clock may have made old what is new, and is doubted until a day after it is right again.
    """
    found = {site: PAUSED for site, known in state.sites.items() if known.paused is not None}
    found |= {
        site: SUSPICIOUS[0]
        for site, known in state.sites.items()
        if any(repository.damages for repository in known.repositories.values())
    }
    for site, known in state.sites.items():
        for service in known.services.values():
            if service.suspicion is not None or service.unusual is not None:
                found.setdefault(site, UNUSUAL if service.suspicion is None else SUSPECTED)
    for seen in state.observed.values():
        if seen.condition.startswith(SUSPICIOUS):
            found.setdefault(seen.site, seen.condition)
    for incident in state.incidents.values():
        if incident.resolved_at is None and incident.condition.startswith(SUSPICIOUS):
            found.setdefault(incident.site, incident.condition)
    until = doubted_until(state)
    if until is not None and now < until:
        found.setdefault("", CLOCK)
    return found


def forbidden(state: State, site: Site, now: datetime) -> str:
    """Return the condition for which nothing of a site may be removed now; empty: there is none."""
    why = suspected(state, now)
    return why.get("") or why.get(site.id, "")


def doubted_until(state: State) -> datetime | None:
    """Return until when what a wrong clock has dated is doubted."""
    return state.clock_doubted_at and state.clock_doubted_at + DOUBT


def _quiet_from(site: Site, now: datetime) -> datetime:
    """Return from when on the site's people are gone for a while; now, where nobody says when."""
    if not site.business.hours or _is_night(site, now):
        return now
    known = _quiet.get(site.id)
    if known is None or known.site is not site or not _holds(known, now):
        known = _quiet[site.id] = _found(site, now)
    return max(known.begin, now)


def _is_night(site: Site, now: datetime) -> bool:
    at = now.astimezone(ZoneInfo(site.timezone))
    return timedelta(hours=at.hour) < NIGHT and not hours_of(site, now).is_open(now)


def _holds(known: _Quiet, now: datetime) -> bool:
    return known.seen <= now and (known.end is None or now + LEAST <= known.end)


def _found(site: Site, now: datetime) -> _Quiet:
    hours = hours_of(site, now)
    at = now
    for _ in range(_GAPS):
        begin = hours.next_closing(at)
        if begin is None:
            break
        end = hours.next_opening(begin)
        if end is None or end - begin >= LEAST:
            return _Quiet(site, now, begin, end)
        at = end
    # Always open, or never closed for long: then any hour is as good as another.
    return _Quiet(site, now, now, now + LEAST + HOUR)

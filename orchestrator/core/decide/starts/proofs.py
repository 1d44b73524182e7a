"""Which services need to be proven: for the first time, after a change, before a proof expires."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from orchestrator.core.copies.nearest import held_in, nearest
from orchestrator.core.decide.hours import hours_of
from orchestrator.core.decide.starts.turns import AHEAD, LONG_AGO, MOST, believed, retry_at
from orchestrator.core.policy.model import Adopted, External
from orchestrator.core.state import Proofs, ServiceState, SiteState
from restore_drills.model import Scenario, Verdict

if TYPE_CHECKING:
    from orchestrator.core.decide.starts.turns import Patience
    from orchestrator.core.drilled import Drilled
    from orchestrator.core.events import BackupFinished, CopyFinished
    from orchestrator.core.policy.model import Service, Site
    from orchestrator.core.state import Run, Series, State

PROOF = "proof"  # the name of a drill that keeps proofs alive
SCENARIO = Scenario.SERVER_FAILURE
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
SOONER = timedelta(days=3)  # before it expires, or a tenth of its life where that is less
SHARE = 10
NOTHING, UNKNOWN, UNPROVEN = SiteState(), ServiceState(), Proofs()


class Wanted(NamedTuple):
    """A drill that proofs need: since when (what sorts), from when on, and of what."""

    since: datetime
    at: datetime
    services: tuple[str, ...]


class _Seen(NamedTuple):
    """Since when a service needs a proof, as found at `at` from these very values."""

    site: Site
    complete: BackupFinished | None
    copies: tuple[CopyFinished | None, ...]
    anew: datetime | None
    drilled: Drilled | None
    proven: Drilled | None
    at: datetime
    since: datetime | None


_seen: dict[tuple[str, str], _Seen] = {}


def wanted(
    state: State, site: Site, place: str, now: datetime, patience: Patience
) -> Wanted | None:
    """Return the drill that the site's proofs need next; None: none, as far as can be told.

    Outside business hours, where there are any. A site whose drills all belong elsewhere is not
    drilled here, and one that wants none is drilled nowhere.
    """
    if site.drills is not None and all(p.where not in {None, place} for p in site.drills):
        return None
    of_site = state.sites.get(site.id, NOTHING)
    known, anew = of_site.services, of_site.anew
    needs = [
        (since, service)
        for name, service in site.services.items()
        if (since := _remembered(site, service, known.get(name, UNKNOWN), anew, now)) is not None
    ]
    first = min((since for since, _ in needs), default=None)
    if first is None or first > now:
        return None if first is None else Wanted(first, first, ())
    series = state.drill(site.id, PROOF)
    last = believed(series.last, now)
    gate = _gate(series, last, now, patience)
    due = [
        (since, service.id)
        for since, service in needs
        if since <= now
        and (gate <= now or (last and _outdated_after(last, service, known[service.id], anew)))
    ]
    if not due:
        return Wanted(first, gate, ())
    return Wanted(min(due)[0], _closing(site, now), tuple(name for _, name in due))


def _remembered(
    site: Site, service: Service, known: ServiceState, anew: datetime | None, now: datetime
) -> datetime | None:
    """Return what `_since` does: it is asked of all services all the time, and rarely changes."""
    proofs = known.proofs.get(SCENARIO, UNPROVEN)
    copies = _copies(service, known)
    seen = _seen.get((site.id, service.id))
    if (
        seen is not None
        and seen.site is site
        and seen.complete is known.complete
        and seen.copies == copies
        and seen.anew == anew
        and seen.drilled is proofs.drilled
        and seen.proven is proofs.proven
        and seen.at <= now
    ):
        return seen.since
    since = _since(site, service, known, anew, now)
    if _is_credible(proofs.drilled, now) and _is_credible(proofs.proven, now):
        if len(_seen) >= MOST:
            _seen.clear()
        _seen[site.id, service.id] = _Seen(
            site=site,
            complete=known.complete,
            copies=copies,
            anew=anew,
            drilled=proofs.drilled,
            proven=proofs.proven,
            at=now,
            since=since,
        )
    return since


def usable(site: Site, service: Service, known: ServiceState) -> bool:
    """Say whether there is a point to restore in the repository that a recovery would use now."""
    match service.sources[0].spec:
        case External():
            return False
        case Adopted():
            return True
        case _:
            pass
    return _newest(site, service, known) is not None


def _newest(
    site: Site, service: Service, known: ServiceState
) -> BackupFinished | CopyFinished | None:
    """Return the newest point of ours in the repository that a recovery would use now."""
    there = nearest(site, service, SCENARIO).repository if service.copy_to else service.backup_to
    if there not in {None, service.backup_to}:
        return held_in(known, service, there).complete
    newest = known.complete
    return newest if newest and newest.repository == service.backup_to else None


def _copies(service: Service, known: ServiceState) -> tuple[CopyFinished | None, ...]:
    if not service.copy_to:
        return ()
    there = (known.copies.get(name) for name in service.copy_to)
    return tuple(one.complete if one else None for one in there)


def _since(
    site: Site, service: Service, known: ServiceState, anew: datetime | None, now: datetime
) -> datetime | None:
    """Return from when on a service needs a proof; None while there is nothing to prove.

    `anew`: since when its machine is another one. What was proven of the one before proves nothing
    of this one, nor would another drill before it has a point of its own.
    """
    newest = _newest(site, service, known)
    is_old = anew is not None and newest and newest.data_time and newest.data_time < anew
    if is_old or not usable(site, service, known):
        return None
    proofs = known.proofs.get(SCENARIO, UNPROVEN)
    drilled = _credible(proofs.drilled, now)
    if drilled is None:
        began = known.since
        return began if began is not None and began <= now + AHEAD else LONG_AGO
    proven = _credible(proofs.proven, now)
    if _changed(service, drilled, proven):
        return drilled.started_at
    if anew is not None and drilled.started_at < anew:
        return anew
    # After an answer of no, a person has to act: the same question waits for a week.
    rest = drilled.started_at + (WEEK if drilled.verdict is Verdict.REFUTED else DAY)
    if proven is None or proven.policy_hash != service.policy_hash or proven.precedes(anew):
        return rest
    valid = site.proof_valid_for.of(SCENARIO)
    expires = proven.started_at + valid - min(SOONER, valid / SHARE)
    return expires if drilled is proven else max(expires, rest)


def _changed(service: Service, drilled: Drilled, proven: Drilled | None) -> bool:
    """Say whether the policy was changed since the service was proven, or drilled at all."""
    new = service.policy_hash
    return drilled.policy_hash != new and (proven is None or proven.policy_hash != new)


def _outdated_after(
    last: Run, service: Service, known: ServiceState, anew: datetime | None
) -> bool:
    """Say whether the last attempt did drill this service, under a policy that is no more.

    Or of a machine that is no more.
    """
    proofs = known.proofs.get(SCENARIO, UNPROVEN)
    drilled = proofs.drilled
    if drilled is None or drilled.started_at < last.started_at:
        return False
    rebuilt = anew is not None and drilled.started_at < anew
    return rebuilt or _changed(service, drilled, proofs.proven)


def _gate(series: Series, last: Run | None, now: datetime, patience: Patience) -> datetime:
    """Return before when there is no other attempt: one a day, unless it never got to the end."""
    if last is None:
        return LONG_AGO
    again = retry_at(series, last, now, patience, since=last.started_at)
    daily = last.started_at + DAY
    return daily if again is None else min(again, daily)


def _closing(site: Site, now: datetime) -> datetime:
    """Return when the site's people are gone; now, where they never are, or nobody says when."""
    if not site.business.hours:
        return now
    return hours_of(site, now).next_closing(now) or now


def _credible(drilled: Drilled | None, now: datetime) -> Drilled | None:
    return drilled if _is_credible(drilled, now) else None


def _is_credible(drilled: Drilled | None, now: datetime) -> bool:
    return drilled is None or drilled.started_at <= now + AHEAD

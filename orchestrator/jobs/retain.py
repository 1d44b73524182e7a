"""Thins a repository out: whole recovery points, by the policy's choice, under guards."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from orchestrator.adapters import s3
from orchestrator.adapters.leases import lease
from orchestrator.adapters.restic import forgetting
from orchestrator.core.carried import spare
from orchestrator.core.copies import snapshots
from orchestrator.core.decide.starts.retaining import HELD, PAUSED, suspected
from orchestrator.core.events import RetainFinished, RunKind
from orchestrator.core.policy.model import Adopted
from orchestrator.core.retention import guards, past, thinning
from orchestrator.core.retention.lineage import lineages
from orchestrator.core.state import SiteState
from orchestrator.errors import Misused, PraError, RepositoryRefused, ResticFailed
from orchestrator.jobs.opening import opened
from orchestrator.jobs.sweep import without_lock

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.adapters.restic import Restic
    from orchestrator.app import App
    from orchestrator.core.copies.snapshots import Contents
    from orchestrator.core.policy.model import Site
    from orchestrator.core.retention.guards import Before
    from orchestrator.core.retention.thinning import Thinned
    from orchestrator.core.state import State
    from orchestrator.jobs.begun import Begun
    from orchestrator.jobs.upkeep import Watch
    from restore_drills.model import Snapshot
    from restore_drills.process import Processes

# A prune goes on where it was stopped; so after one that was cut short, the quick part first.
REPACK, REPACK_LITTLE = "2G", "256M"
# A backup waits for five minutes at most, and must not fail because we tidy up.
GIVE_WAY_AFTER = timedelta(minutes=3)
LOOK_EVERY_S = 10.0
WAITING = (RunKind.BACKUP, RunKind.COPY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a retention of a repository would do now; `held` says why it may not."""

    held: str
    services: tuple[Thinned, ...]
    contents: Contents
    before: Before
    spare: tuple[Snapshot, ...] = ()  # old snapshots of the policy

    @property
    def there(self) -> int:
        """How many points of ours are there."""
        return len(self.contents.points)

    @property
    def removable(self) -> int:
        """How many of them the policy does not keep."""
        return sum(len(one.removed) for one in self.services)


def retain(  # noqa: PLR0913 - what every upkeep is called with, and a person's leave
    app: App, site: Site, repository: str, begun: Begun, watch: Watch, *, allowed: int | None = None
) -> RetainFinished:
    """Remove the points that the policy does not keep, and the space they took.

    `allowed`: so many a person has let go. Raises PraError.
    """
    finished, _ = retained_by(app, site, repository, begun, watch, allowed=allowed)
    return finished


def retained_by(  # noqa: PLR0913 - the same
    app: App, site: Site, repository: str, begun: Begun, watch: Watch, *, allowed: int | None = None
) -> tuple[RetainFinished, Plan]:
    """Do as `retain` does, and return what was done beside its event. Raises PraError."""
    with begun:
        work = _Work(app, site, repository, begun, watch)
        finished, plan = work.done(allowed)
        begun.end(finished)
    return finished, plan


def planned(app: App, site: Site, repository: str, processes: Processes) -> Plan:
    """Return what a retention would do now; nothing is removed, no lock taken. Raises PraError."""
    _permitted(site, repository)
    s3.probe(site.repositories[repository].url)
    with opened(site=site, repository=repository, state=app.state, processes=processes) as restic:
        return _planned(app, site, repository, restic, None)


class _Work:
    """One retention under way."""

    def __init__(self, app: App, site: Site, repository: str, begun: Begun, watch: Watch) -> None:
        self._app = app
        self._site = site
        self._repository = repository
        self._begun = begun
        self._watch = watch
        self._began = time.monotonic()

    def done(self, allowed: int | None) -> tuple[RetainFinished, Plan]:
        """Decide, remove, look again, prune."""
        _permitted(self._site, self._repository)
        url = self._site.repositories[self._repository].url
        s3.probe(url)
        with (
            without_lock(self._app, self._site, self._repository, self._begun.run),
            lease(self._app.state, url, exclusive=True),
            opened(
                site=self._site,
                repository=self._repository,
                state=self._app.state,
                processes=self._begun.processes,
            ) as restic,
        ):
            plan = _planned(self._app, self._site, self._repository, restic, allowed)
            if plan.held:
                self._watch.said("", f"{self._repository}: nothing removed: {plan.held}")
                return self._finished(plan, removed=0, freed=0), plan
            removed = self._forget(restic, plan)
            is_due = removed or plan.before.owes_prune
            freed = self._prune(restic, plan) if is_due else 0
            return self._finished(plan, removed=plan.removable, freed=freed), plan

    def _forget(self, restic: Restic, plan: Plan) -> int:
        """Remove what the plan does not keep, and look again; return how many snapshots."""
        dead = [held for one in plan.services for held in (*one.removed, *one.leftovers)]
        seals = [s.id for held in dead for s in held.seals]
        others = [s.id for held in dead for s in held.snapshots] + [s.id for s in plan.spare]
        if not seals and not others:
            return 0
        what = guards.counted(plan.removable, "recovery point")
        self._watch.said("", f"{self._repository}: removing {what}")
        # The seals first: a point that is half removed must be none.
        for ids in (seals, others):
            forgetting.forget(restic, ids)
            left = _left(restic, ids)
            if left:
                raise ResticFailed(
                    f"{self._repository}: {len(left)} of {len(ids)} snapshots are still there"
                    f" after restic forget, {left[0][:8]} for one",
                    hint="Compare what the keys may do with `pra grants`, then try again.",
                    retryable=True,
                )
        return len(seals) + len(others)

    def _prune(self, restic: Restic, plan: Plan) -> int | None:
        """Free the space; None where it could not be finished now: the next one goes on."""
        turn = Turn(self._app, self._repository, self._begun.run)
        repack = REPACK_LITTLE if plan.before.owes_prune else REPACK
        self._watch.said("", f"{self._repository}: freeing the space that nothing needs")
        try:
            return forgetting.prune(restic, repack=repack, watch=turn.given)
        except ResticFailed:
            if not turn.gave_way:
                raise
        with contextlib.suppress(PraError):  # killed if it took too long, and who waits needs it
            restic.unlock()
        self._watch.said("", f"{self._repository}: {turn.gave_way}; the next one goes on")
        return None

    def _finished(self, plan: Plan, *, removed: int, freed: int | None) -> RetainFinished:
        return RetainFinished(
            run=self._begun.run,
            site=self._site.id,
            repository=self._repository,
            held=plan.held,
            kept=plan.there - removed,
            removed=removed,
            removable=plan.removable,
            foreign=len(plan.contents.foreign),
            freed_bytes=freed,
            seconds=time.monotonic() - self._began,
        )


class Turn:
    """Looks whether another run has waited for the repository long enough."""

    def __init__(self, app: App, repository: str, run: str) -> None:
        self.gave_way = ""
        self._app = app
        self._repository = repository
        self._run = run
        self._next = time.monotonic()

    def given(self) -> str | None:
        """Return why the prune has to stop now; None while nobody waits."""
        if time.monotonic() < self._next:
            return None
        self._next = time.monotonic() + LOOK_EVERY_S
        now, known = self._app.clock(), self._app.known()
        mine = known.open.get(self._run)
        if mine is not None and known.sites[mine.site].paused is not None:
            self.gave_way = f"{mine.site} was paused"
            return self.gave_way
        for run in known.open.values():
            places = (run.repository, run.origin)
            is_waiting = run.kind in WAITING and now - run.started_at > GIVE_WAY_AFTER
            if run.run != self._run and is_waiting and self._repository in places:
                self.gave_way = f"gave way to the {run.kind} of {run.service}"
                return self.gave_way
        return None


def _permitted(site: Site, repository: str) -> None:
    if site.retention is None:
        raise Misused(
            f"{site.id}: the policy has no retention: every recovery point is kept",
            hint="Say what is kept, as `retention: {daily: 14, weekly: 8, monthly: 12}`.",
        )
    if site.repositories[repository].append_only:
        raise RepositoryRefused(
            f"{repository}: append_only: nothing can be removed with these keys",
            hint="Thin it out on its server, or from a machine whose keys may delete.",
        )


def _planned(app: App, site: Site, repository: str, restic: Restic, allowed: int | None) -> Plan:
    now = app.clock()
    assert site.retention is not None  # noqa: S101 - `_permitted` was asked before
    recorded = list(app.recorded(site.id, snapshots.TOLD))
    known = snapshots.known(recorded)
    before = past.before(app.recorded(site.id, past.TOLD), repository, now)
    contents = snapshots.divided(
        restic.snapshots(), known, host=site.id, adopted=adopted(site, repository)
    )
    state = app.known()
    services = thinning.thinned(
        contents,
        site.services,
        site.retention,
        ZoneInfo(site.timezone),
        now,
        lineages=lineages(state.sites.get(site.id, SiteState())),
    )
    leave = _leave(state, site, repository) if allowed is None else allowed
    held = _forbidden(state, site, now) or guards.held(
        contents, services, before, now, allowed=leave
    )
    return Plan(
        held=held,
        services=services,
        contents=contents,
        before=before,
        spare=spare(contents.apart, known.policies.get(repository, ())),
    )


def _leave(state: State, site: Site, repository: str) -> int | None:
    """Return how many points a person let go, by closing the incident of the last one, held."""
    last = state.repository(site.id, repository).retained
    if last is None or not last.held:
        return None
    closed = state.closed.get(f"{site.id}//{HELD}-{repository}")
    return last.removable if closed == last.run else None


def _forbidden(state: State, site: Site, now: datetime) -> str:
    """Say what the log knows that speaks against removing anything; nothing, where nothing does."""
    found = suspected(state, now)
    condition = found.get(site.id) or found.get("", "")
    if condition == PAUSED:
        return f"{PAUSED}: nothing is removed until the site goes on (`pra resume {site.id}`)"
    return condition and (
        f"{condition} at this site or machine: nothing is removed while anything is in doubt"
        " (`pra incidents`)"
    )


def adopted(site: Site, repository: str) -> list[tuple[str, frozenset[str]]]:
    """Return host and tags of what other restics make in a repository, as the policy says."""
    specs = [source.spec for s in site.services.values() for source in s.sources]
    return [
        (spec.host, frozenset(spec.tags))
        for spec in specs
        if isinstance(spec, Adopted) and spec.repository == repository
    ]


def _left(restic: Restic, ids: list[str]) -> list[str]:
    there = {snapshot.id for snapshot in restic.snapshots()} if ids else set()
    return [one for one in ids if one in there]

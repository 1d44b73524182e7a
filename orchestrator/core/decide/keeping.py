"""What is wrong with one repository: damaged, unread, unlocked, not thinned out. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.codec import timestamp
from orchestrator.core.decide.conditions import Condition, Held
from orchestrator.core.decide.shut import (
    HICCUPS,
    UNPLUGGED,
    Found,
    Trouble,
    key,
    repair,
    shut,
    worst,
)
from orchestrator.core.events import RunKind
from orchestrator.core.nearest import held_in, homes
from orchestrator.core.unread import oldest_unread
from restore_drills.spans import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from orchestrator.core.events import Hurt, RetainFinished
    from orchestrator.core.policy.model import Repository, Site
    from orchestrator.core.state import Incident, RepositoryState, Run, SiteState, State

NONE = timedelta(0)
GRACE = timedelta(days=1)  # after the machine woke, to make up for what was missed
AT_MOST, AT_MOST_LOCK = "P3", "P2"
HALF = 2
TOLD = 3  # things named before "and more"
FAILED = {
    RunKind.VERIFY: (Condition.VERIFY_FAILED, "the verification of"),
    RunKind.RETAIN: (Condition.RETAIN_FAILED, "the retention in"),
}
SUSPECT = ("foreign", "made it up", "find out who")  # in why a retention was held: not our doing


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """One repository as of `now`; `open`: the open incidents, by key.

    `good_at`: when a run last ended well on it; a failure before that is not the repository's.
    """

    state: State
    site: Site
    of_site: SiteState
    repository: Repository
    known: RepositoryState
    open: Mapping[str, Incident]
    now: datetime
    awake_since: datetime | None
    good_at: datetime | None

    def look(self) -> Iterator[Found]:
        """Yield what holds, one for each kind of work; the last one says when to look again."""
        for kind in (RunKind.VERIFY, RunKind.RETAIN, RunKind.RELOCK):
            run = self.known.of(kind).answered
            trouble = self._trouble(run, kind)
            held = self._failed(run, kind)
            if trouble or held:
                yield Found(trouble, held, (), None)
        own = (self._damaged(), self._unread(), self._lock(), self._held_back())
        until = min((at for at in self._moments() if at > self.now), default=None)
        yield Found(None, None, tuple(one for one in own if one), until)

    def _trouble(self, run: Run | None, kind: RunKind) -> Trouble | None:
        found = shut(run, self.repository.id)
        if run is None or found is None or self._is_unplugged(run):
            return None
        if self.good_at is not None and self.good_at > run.started_at:
            return None
        return Trouble(*found, run, self.known.of(kind).failures)

    def _is_unplugged(self, run: Run) -> bool:
        return self.repository.rotation is not None and run.code in UNPLUGGED

    def _failed(self, run: Run | None, kind: RunKind) -> Held | None:
        times = self.known.of(kind).failures
        if kind not in FAILED or run is None or run.outcome != "failed" or self._is_unplugged(run):
            return None
        if run.retryable and times < HICCUPS:
            return None
        condition, words = FAILED[kind]
        often = f" {times} times in a row" if times > 1 else ""
        summary = f"{words} {self.repository.id} failed{often}: {run.error or 'no reason given'}"
        return self._held(condition, AT_MOST, summary, run.remedy, run.run)

    def _damaged(self) -> Held | None:
        seen = self.known.damaged
        if seen is None:
            return None
        damage = [one for known in self.known.damages.values() for one in known.reading.damage]
        hurt = sorted(
            {point for one in damage for point in one.points},
            key=lambda point: (point.service, point.data_time),
        )
        services = [self.site.services[h.service] for h in hurt if h.service in self.site.services]
        name, faults = self.repository.id, list(dict.fromkeys(one.fault for one in damage))
        what = "; ".join(faults[:TOLD]) + ("; and more" if len(faults) > TOLD else "")
        told = _points(hurt) if hurt else "no recovery point is known to need it"
        return self._held(
            Condition.REPOSITORY_DAMAGED,
            min((s.criticality for s in services), default=AT_MOST),
            f"{name} is damaged, seen twice: {what or 'its structure'}. {told}"
            f"{self._elsewhere(hurt)}",
            repair(self.site, name),
            seen.run,
            at_most=False,
        )

    def _elsewhere(self, hurt: list[Hurt]) -> str:
        """Say which other repository has what is hurt, as far as the log knows."""
        if not hurt:
            return ""
        others: dict[str, list[str]] = {}
        for name in dict.fromkeys(one.service for one in hurt):
            newest = max(one.data_time for one in hurt if one.service == name)
            others.setdefault(self._other(name, newest), []).append(name)
        if [*others] == [""]:
            return "; no other repository has them"
        said = [
            f"{repository or 'no other repository'} has those of {', '.join(names)}"
            for repository, names in others.items()
        ]
        return f"; {', '.join(said)}"

    def _other(self, name: str, newest: datetime) -> str:
        service, known = self.site.services.get(name), self.of_site.services.get(name)
        if service is None or known is None:
            return ""
        for other in homes(service):
            there = held_in(known, service, other).complete
            whole = other not in (self.repository.id, *self._damaged_too())
            if whole and there and there.data_time and there.data_time >= newest:
                return other
        return ""

    def _damaged_too(self) -> set[str]:
        return {name for name, one in self.of_site.repositories.items() if one.damaged}

    def _unread(self) -> Held | None:
        within, oldest = self.site.read_all_within, oldest_unread(self.known)
        if within is None or oldest is None or self._just_awake():
            return None
        age = self.now - oldest
        if age <= within + (self.repository.rotation or NONE):
            return None
        name = self.repository.id
        read, parts = len(self.known.read), self.known.parts
        how = f"{read} of {parts} parts were read" if parts else "nothing of it was ever read"
        return self._held(
            Condition.VERIFY_OVERDUE,
            AT_MOST,
            f"some of {name} was not read for {duration(age)}, promised within {duration(within)}: "
            f"{how}",
            f"Read it by hand, `pra verify {self.site.id} --repository {name}`, or find out what "
            f"holds it up: `pra history {self.site.id}`.",
            timestamp(oldest),
        )

    def _lock(self) -> Held | None:
        immutable, relocked = self.repository.immutable, self.known.relocked
        if immutable is None:
            return None
        name, half = self.repository.id, immutable.period / HALF
        promised = f"promised at least {duration(half)} of {duration(immutable.period)}"
        series = self.known.of(RunKind.RELOCK)
        failed = series.answered if series.failures else None
        why = f": {failed.error}" if failed and failed.error else ""
        if relocked is not None and relocked.problems:
            more = len(relocked.problems) - 1
            said = relocked.problems[0] + (f" (and {more} more)" if more else "")
            return self._weak(f"{name} is not as immutable as promised: {said}", relocked.run)
        if relocked is not None and relocked.least_until is not None:
            left = relocked.least_until - self.now
            if left >= half or (left > NONE and self._just_awake()):
                return None
            how = f"ends in {duration(left)}" if left > NONE else "has ended"
            return self._weak(
                f"the lock of {relocked.least_key or 'an object'} in {name} {how}, {promised}{why}",
                relocked.run,
            )
        since = self.known.since
        if relocked is None and since is not None and self.now - since > half:
            return self._weak(
                f"the locks in {name} were never extended since {since:%Y-%m-%d}, {promised}{why}",
                timestamp(since),
            )
        return None

    def _weak(self, summary: str, evidence: str) -> Held:
        relocked = self.known.relocked
        gone = relocked is not None and any("configuration" in one for one in relocked.problems)
        return self._held(
            Condition.LOCK_WEAK,
            "P1" if gone else AT_MOST_LOCK,
            summary,
            f"Find out who changed it, then `pra repo relock {self.site.id} --repository "
            f"{self.repository.id}`; see `pra doctor {self.site.id}`.",
            evidence,
            at_most=not gone,
        )

    def _held_back(self) -> Held | None:
        last = self.known.retained
        if last is None or not last.held:
            return None
        name = self.repository.id
        numbers = f"{_count(last.removable)} to remove, {_count(last.kept)} to keep"
        if any(word in last.held for word in SUSPECT):
            others = f" ({last.foreign} snapshots there are not pra's)" if last.foreign else ""
            return self._held(
                Condition.REPOSITORY_FOREIGN,
                AT_MOST_LOCK,
                f"somebody else was at work in {name}, so nothing was removed: {last.held}{others}",
                "Find out which restic works there, and with whose keys; then `pra incidents "
                "resolve` lets the retention go on.",
                self._evidence(Condition.REPOSITORY_FOREIGN, last),
            )
        return self._held(
            Condition.RETENTION_HELD,
            AT_MOST,
            f"the retention in {name} removed nothing ({numbers}): {last.held}",
            f"Look at what it would remove, `pra repo retain {self.site.id} --dry-run`; then "
            "`pra incidents resolve` lets the next run remove exactly that many.",
            self._evidence(Condition.RETENTION_HELD, last),
        )

    def _evidence(self, condition: Condition, last: RetainFinished) -> str:
        """Return the run that established it: what a person closed is closed until the next run."""
        name = key(self.site, condition, self.repository.id)
        incident = self.state.incidents.get(self.state.last_incident.get(name, ""))
        run = self.known.of(RunKind.RETAIN).answered
        ended = run.finished_at if run else None
        closed = incident.resolved_at if incident and incident.resolved_by else None
        if incident and closed and ended and closed >= ended:
            return incident.evidence
        return last.run

    def _just_awake(self) -> bool:
        return self.awake_since is not None and self.now < self.awake_since + GRACE

    def _moments(self) -> Iterator[datetime]:
        """Yield the instants at which time alone may change the answer."""
        soon = timedelta(microseconds=1)  # the rules say "longer than"
        if self.awake_since is not None:
            yield self.awake_since + GRACE
        oldest, within = oldest_unread(self.known), self.site.read_all_within
        if oldest is not None and within is not None:
            yield oldest + within + (self.repository.rotation or NONE) + soon
        immutable, relocked = self.repository.immutable, self.known.relocked
        if immutable is not None:
            half = immutable.period / HALF
            if relocked is not None and relocked.least_until is not None:
                yield relocked.least_until - half + soon
                yield relocked.least_until
            elif relocked is None and self.known.since is not None:
                yield self.known.since + half + soon

    def _held(  # noqa: PLR0913 - what a condition is made of
        self,
        condition: Condition,
        criticality: str,
        summary: str,
        remedy: str,
        evidence: str,
        *,
        at_most: bool = True,
    ) -> Held:
        gravest = worst(self.site, self.repository.id)
        return Held(
            site=self.site.id,
            service="",
            condition=f"{condition}-{self.repository.id}",
            criticality=max(gravest, criticality) if at_most else criticality,
            summary=summary,
            remedy=remedy,
            evidence=evidence,
        )


def _points(hurt: list[Hurt]) -> str:
    """Name the points that are hurt, service by service, the newest ones."""
    said = []
    for name in dict.fromkeys(one.service for one in hurt):
        times = [h.data_time for h in hurt if h.service == name]
        named = ", ".join(f"{at:%Y-%m-%d %H:%M}" for at in sorted(times, reverse=True)[:TOLD])
        more = f" and {len(times) - TOLD} more" if len(times) > TOLD else ""
        said.append(f"{name} ({named}{more} UTC)")
    return f"It hurts the recovery points of {', '.join(said)}"


def _count(count: int) -> str:
    return f"{count} point{'' if count == 1 else 's'}"

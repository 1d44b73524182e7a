"""What is wrong with one repository: damaged, unread, unlocked, not thinned out. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.codec import timestamp
from orchestrator.core.decide.wrong import locks
from orchestrator.core.decide.wrong.conditions import Condition, Held
from orchestrator.core.decide.wrong.damages import damaged
from orchestrator.core.decide.wrong.locks import weakened
from orchestrator.core.decide.wrong.shut import (
    HICCUPS,
    UNPLUGGED,
    Found,
    Trouble,
    shut,
    worst,
)
from orchestrator.core.decide.wrong.withheld import withheld
from orchestrator.core.events import RunKind
from orchestrator.core.unread import oldest_unread
from restore_drills.spans import duration

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from orchestrator.core.policy.model import Repository, Site
    from orchestrator.core.state import RepositoryState, Run, SiteState, State

NONE = timedelta(0)
GRACE = timedelta(days=1)  # after the machine woke, to make up for what was missed
AT_MOST = "P3"
FAILED = {
    RunKind.VERIFY: (Condition.VERIFY_FAILED, "the verification of"),
    RunKind.RETAIN: (Condition.RETAIN_FAILED, "the retention in"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """One repository as of `now`.

    `good_at`: when a run last ended well on it; a failure before that is not the repository's.
    """

    state: State
    site: Site
    of_site: SiteState
    repository: Repository
    known: RepositoryState
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
        own = (damaged(self), self._unread(), weakened(self), withheld(self))
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
        return self.held(condition, AT_MOST, summary, run.remedy, run.run)

    def _unread(self) -> Held | None:
        within, oldest = self.site.read_all_within, oldest_unread(self.known)
        if within is None or oldest is None or self.is_just_awake():
            return None
        age = self.now - oldest
        if age <= within + (self.repository.rotation or NONE):
            return None
        name = self.repository.id
        read, parts = len(self.known.read), self.known.parts
        how = f"{read} of {parts} parts were read" if parts else "nothing of it was ever read"
        return self.held(
            Condition.VERIFY_OVERDUE,
            AT_MOST,
            f"some of {name} was not read for {duration(age)}, promised within {duration(within)}: "
            f"{how}",
            f"Read it by hand, `pra verify {self.site.id} --repository {name}`, or find out what "
            f"holds it up: `pra history {self.site.id}`.",
            timestamp(oldest),
        )

    def is_just_awake(self) -> bool:
        """Whether what was missed asleep may still be made up for."""
        return self.awake_since is not None and self.now < self.awake_since + GRACE

    def _moments(self) -> Iterator[datetime]:
        """Yield the instants at which time alone may change the answer."""
        soon = timedelta(microseconds=1)  # the rules say "longer than"
        if self.awake_since is not None:
            yield self.awake_since + GRACE
        oldest, within = oldest_unread(self.known), self.site.read_all_within
        if oldest is not None and within is not None:
            yield oldest + within + (self.repository.rotation or NONE) + soon
        yield from locks.moments(self)

    def held(  # noqa: PLR0913 - what a condition is made of
        self,
        condition: Condition,
        criticality: str,
        summary: str,
        remedy: str,
        evidence: str,
        *,
        at_most: bool = True,
    ) -> Held:
        """Return a condition of the repository, no graver than what is kept there."""
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

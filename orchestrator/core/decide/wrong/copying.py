"""What is wrong with a service's copies in one repository: they fail, or are too old. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from statistics import median
from typing import TYPE_CHECKING

from orchestrator.core.copies.nearest import tightest
from orchestrator.core.decide.starts.turns import believed
from orchestrator.core.decide.wrong.behind import largest_gap
from orchestrator.core.decide.wrong.conditions import Condition, Held
from orchestrator.core.decide.wrong.shut import HICCUPS, UNPLUGGED, Found, Trouble, shut_to
from orchestrator.core.state import CopyState
from restore_drills.spans import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from orchestrator.core.policy.model import Service, Site
    from orchestrator.core.state import Incident, Run, ServiceState
    from restore_drills.model import Scenario

NONE = timedelta(0)
QUARTER = 4
SHORTEST_GRACE = timedelta(minutes=15)
OVERRUN = timedelta(minutes=5)
AT_MOST_FAILED = "P2"  # the near copy is there: nobody is woken before a promise breaks
AT_MOST = "P3"
UNKNOWN = CopyState()


@dataclass(frozen=True, kw_only=True)
class Copying:
    """The copies of one service in one repository as of `now`; `open`: the incidents, by key."""

    site: Site
    service: Service
    repository: str
    known: ServiceState
    open: Mapping[str, Incident]
    now: datetime
    awake_since: datetime | None

    def look(self) -> Found:
        """Return what holds: that copying fails, and that what is there is too old."""
        lags = self._lags()
        return Found(
            self._trouble(),
            self._failed(),
            (lags,) if lags else (),
            min(self._moments(), default=None),
        )

    @cached_property
    def copied(self) -> CopyState:
        """What is known of the copies."""
        return self.known.copies.get(self.repository, UNKNOWN)

    @cached_property
    def scenarios(self) -> tuple[Scenario, ...]:
        """Those whose tightest RPO rests on these copies."""
        return tightest(self.site, self.service, self.repository)

    @property
    def rpo(self) -> timedelta | None:
        """The tightest RPO that rests on these copies; None where none does."""
        promise = self.service.promise(self.scenarios[0]) if self.scenarios else None
        return promise.rpo if promise else None

    @property
    def breach(self) -> datetime | None:
        """When what is there is older than promised; an unplugged disk has its rotation on top."""
        base, rpo = self._base(), self.rpo
        return base + rpo + self._rotation if base and rpo is not None else None

    @property
    def _rotation(self) -> timedelta:
        return self.site.repositories[self.repository].rotation or NONE

    @property
    def _usual(self) -> timedelta:
        """How long a copy takes."""
        return timedelta(seconds=median(self.copied.seconds)) if self.copied.seconds else NONE

    def _base(self) -> datetime | None:
        """Return from when on the promise counts: the data's time; the seed's start before."""
        if self.copied.complete is not None:
            return self.copied.complete.data_time
        last = self.copied.copies.last
        return last.started_at if last else None

    def _failure(self) -> Run | None:
        """Return the last answer where it is a failure that nothing excuses."""
        answered = self.copied.copies.answered
        if answered is None or answered.outcome != "failed":
            return None
        return None if self._rotation and answered.code in UNPLUGGED else answered

    def _trouble(self) -> Trouble | None:
        failure = self._failure()
        found = shut_to(failure, self.service)
        if failure is None or found is None:
            return None
        return Trouble(*found, failure, self.copied.copies.failures, self.service, self.breach)

    def _failed(self) -> Held | None:
        failure, times = self._failure(), self.copied.copies.failures
        if failure is None or (failure.retryable and times < HICCUPS):
            return None
        often = f" {times} times in a row" if times > 1 else ""
        why = failure.error or "no reason was given"
        return self._held(
            Condition.COPY_FAILED,
            f"the copy of {self.service.id} to {self.repository} failed{often}: {why}",
            failure.remedy,
            failure.run,
            max(self.service.criticality, AT_MOST_FAILED),
        )

    def _lags(self) -> Held | None:
        near, there = self.known.complete, self.copied.complete
        if near is None or not self.scenarios or self._just_awake():
            return None
        if there is None:
            return self._never()
        behind = near.data_time and there.data_time and near.data_time > there.data_time
        if behind and there.data_time and self._is_late(there.run):
            return self._late(there.data_time, there.run)
        return self._out_of_reach()

    def _never(self) -> Held | None:
        breach, last = self.breach, self.copied.copies.last
        if breach is None or last is None:
            return None
        under = last.outcome is None
        if self._failed() is None and (self.now < breach or not under):
            return None
        spent = duration(max(self.now - last.started_at, NONE))
        how = f"the first copy is under way for {spent}" if under else "no copy has come to its end"
        criticality = self.service.criticality
        return self._held(
            Condition.COPY_LAGS,
            f"no recovery point of {self.service.id} is in {self.repository} yet: {how}; "
            f"{self._endangers()} until it is there",
            f"See how far it is: `pra status {self.site.id}`." if under else self._by_hand,
            "first copy",
            max(criticality, AT_MOST) if under else criticality,
        )

    def _is_late(self, evidence: str) -> bool:
        breach = self.breach
        if breach is None:
            return False
        # Once it is told, only a newer point ends it: the forecast goes up and down.
        key = self._key(Condition.COPY_LAGS)
        told = key in self.open and self.open[key].evidence == evidence
        return told or self._limit(breach) <= self.now or self._will_miss(breach)

    def _limit(self, breach: datetime) -> datetime:
        """Return from when on a copy is late; where the schedule is too slow, later than usual."""
        usual, base = self._span(), self._base()
        if usual is None or base is None or not self._is_too_slow():
            return breach
        return max(breach, base + usual + usual / QUARTER)

    def _will_miss(self, breach: datetime) -> bool:
        rpo, last = self.rpo, believed(self.copied.copies.last, self.now)
        if rpo is None or last is None or breach - self.now >= rpo / QUARTER:
            return False
        if last.outcome is None:
            expected = last.started_at + self._usual
            return self.now > self._overrun(last) or expected > breach
        return self._failure() is not None

    def _late(self, data: datetime, evidence: str) -> Held:
        promised = f"{self._endangers()}, promised {duration(self.rpo or NONE)}"
        last = self.copied.copies.last
        how = ""
        if last is not None and last.outcome is None:
            how = f"; a copy runs for {duration(max(self.now - last.started_at, NONE))}"
        elif self._rotation:
            how = f"; it should be back every {duration(self._rotation)}"
        return self._held(
            Condition.COPY_LAGS,
            f"the newest point of {self.service.id} in {self.repository} is "
            f"{duration(self.now - data)} old{how}; {promised}",
            f"Plug it in, then {self._by_hand[0].lower()}{self._by_hand[1:]}"
            if self._rotation
            else self._by_hand,
            evidence,
            self.service.criticality,
        )

    def _endangers(self) -> str:
        return f"this endangers the RPO under {', '.join(self.scenarios)}"

    @property
    def _by_hand(self) -> str:
        return (
            f"Copy by hand, `pra repo copy {self.site.id} {self.service.id}`, or find out what "
            f"takes so long: `pra history {self.site.id}`."
        )

    def _span(self) -> timedelta | None:
        """Return how old a copy gets when all goes as usual; None where nobody can say."""
        gap = largest_gap(self.site, self.service)
        if gap is None or not self.copied.seconds or not self.known.seconds:
            return None
        return gap + timedelta(seconds=median(self.known.seconds)) + self._usual

    def _is_too_slow(self) -> bool:
        span, rpo = self._span(), self.rpo
        return span is not None and rpo is not None and span > rpo and not self._rotation

    def _out_of_reach(self) -> Held | None:
        span, rpo = self._span(), self.rpo
        if span is None or rpo is None or not self._is_too_slow():
            return None
        return self._held(
            Condition.COPY_LAGS,
            f"with its schedule, the newest point of {self.service.id} in {self.repository} gets "
            f"up to {duration(span)} old; {self._endangers()}, promised {duration(rpo)}",
            "Back up more often, copy less at once, or promise less.",
            self.service.policy_hash,
            max(self.service.criticality, AT_MOST),
        )

    def _just_awake(self) -> bool:
        return self.awake_since is not None and self.now < self.awake_since + self._catching_up()

    def _catching_up(self) -> timedelta:
        backup = median(self.known.seconds) if self.known.seconds else 0.0
        return max(SHORTEST_GRACE, 2 * (timedelta(seconds=backup) + self._usual))

    def _overrun(self, run: Run) -> datetime:
        return run.started_at + max(2 * self._usual, self._usual + OVERRUN)

    def _moments(self) -> Iterator[datetime]:
        """Yield the instants ahead at which time alone may change the answer."""
        moments = []
        if self.awake_since is not None:
            moments.append(self.awake_since + self._catching_up())
        breach, rpo, last = self.breach, self.rpo, self.copied.copies.last
        if breach is not None and rpo is not None:
            moments += [breach, self._limit(breach), breach - rpo / QUARTER]
            if last is not None and last.outcome is None:
                moments.append(self._overrun(last))
        # The rules say "longer than".
        soon = (at + timedelta(microseconds=1) for at in moments)
        yield from (at for at in soon if at > self.now)

    def _key(self, condition: Condition) -> str:
        return f"{self.site.id}/{self.service.id}/{condition}-{self.repository}"

    def _held(
        self, condition: Condition, summary: str, remedy: str, evidence: str, criticality: str
    ) -> Held:
        return Held(
            site=self.site.id,
            service=self.service.id,
            condition=f"{condition}-{self.repository}",
            criticality=criticality,
            summary=summary,
            remedy=remedy,
            evidence=evidence,
            predicted_breach_at=self.breach,
        )

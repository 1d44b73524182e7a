"""What is wrong with the backups of one service: failed, partial, overdue, too old. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING

from orchestrator.core import cron, schedule
from orchestrator.core.codec import timestamp
from orchestrator.core.decide.starts.backups import next_due
from orchestrator.core.decide.starts.turns import believed
from orchestrator.core.decide.wrong.conditions import Condition, Held
from orchestrator.core.decide.wrong.shut import HICCUPS, Found, Trouble, shut_to
from restore_drills.model import Scenario
from restore_drills.spans import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from orchestrator.core.policy.model import Service, Site
    from orchestrator.core.state import Incident, Run, ServiceState, State

NONE = timedelta(0)
DAY = timedelta(days=1)
QUARTER = 4
SHORTEST_GRACE = timedelta(minutes=15)
OVERRUN = timedelta(minutes=5)
# An objective that came within reach again must be so clearly: no incident a night for seconds.
CLEARLY = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One service of a site as of `now`; `open`: the open incidents, by key."""

    state: State
    site: Site
    service: Service
    known: ServiceState
    open: Mapping[str, Incident]
    now: datetime
    awake_since: datetime | None

    def look(self) -> Found:
        """Return the one condition that explains this service's state, and its chronic one."""
        answered = self.known.backups.answered
        chronic = self._out_of_reach()
        away, trouble = shut_to(answered, self.service), None
        if answered is not None and away is not None:
            failures = self.known.backups.failures
            trouble = Trouble(*away, answered, failures, self.service, self.breach)
        held = self._failed(answered) or self._late(chronic)
        own = (chronic,) if chronic else ()
        return Found(trouble, held, own, min(self._moments(), default=None))

    @property
    def breach(self) -> datetime | None:
        """When the data of the last usable point is older than promised."""
        promise = self.service.promise(Scenario.SERVER_FAILURE)
        data = self.known.complete.data_time if self.known.complete else None
        return data + promise.rpo if data and promise else None

    @property
    def _typical(self) -> timedelta:
        return timedelta(seconds=median(self.known.seconds)) if self.known.seconds else NONE

    @property
    def _rpo(self) -> timedelta:
        promise = self.service.promise(Scenario.SERVER_FAILURE)
        return promise.rpo if promise else NONE

    def _failed(self, answered: Run | None) -> Held | None:
        if answered is None:
            return None
        if answered.repository not in {"", self.service.backup_to}:
            return None  # the policy has left that repository: the next run tells
        name, why = self.service.id, answered.error or "no reason was given"
        if answered.outcome == "partial":
            summary = f"the backup of {name} is partial: {why}"
            remedy = answered.remedy or (
                "Let pra read the files, exclude them, or tolerate them by name."
            )
            return self._held(Condition.BACKUP_PARTIAL, summary, remedy, answered.run)
        times = self.known.backups.failures
        if answered.outcome != "failed" or (answered.retryable and times < HICCUPS):
            return None
        often = f" {times} times in a row" if times > 1 else ""
        summary = f"the backup of {name} failed{often}: {why}"
        return self._held(Condition.BACKUP_FAILED, summary, answered.remedy, answered.run)

    def _late(self, chronic: Held | None) -> Held | None:
        if self._just_awake():
            return None
        return self._overdue() or (None if chronic else self._at_risk())

    def _just_awake(self) -> bool:
        return self.awake_since is not None and self.now < self.awake_since + self._catching_up()

    def _catching_up(self) -> timedelta:
        return max(SHORTEST_GRACE, 2 * self._typical)

    def _overdue(self) -> Held | None:
        slot = self._owed()
        if slot is None or self.now - slot <= self._grace():
            return None
        last = believed(self.known.backups.last, self.now)
        running = last is not None and last.outcome is None
        # A run that began late ends the incident when it ends well, not by beginning.
        if running and self._key(Condition.BACKUP_OVERDUE) not in self.open:
            return None
        late = duration(self.now - slot)
        return self._held(
            Condition.BACKUP_OVERDUE,
            f"the backup of {self.service.id} was due {late} ago and has not run",
            f"See what else runs with `pra status {self.site.id}`, and back up by hand: "
            f"`pra backup {self.site.id} {self.service.id}`.",
            timestamp(slot),
        )

    def _owed(self) -> datetime | None:
        """Return the newest slot, unless a run that gave an answer ended after it."""
        when = schedule.of_backups(self.site, self.service)
        slot = when.newest(self.now) if when else None
        answered = believed(self.known.backups.answered, self.now)
        ended = answered.finished_at if answered else None
        return None if slot and ended and ended >= slot else slot

    def _at_risk(self) -> Held | None:
        breach, complete = self.breach, self.known.complete
        if breach is None or complete is None:
            return None
        key = self._key(Condition.RPO_AT_RISK)
        # Once it is told, only a newer point ends it: the forecast goes up and down.
        told = key in self.open and self.open[key].evidence == complete.run
        if not (told or breach <= self.now or self._misses(breach)):
            return None
        held = "is missed" if breach <= self.now else "will be missed before the next backup ends"
        name = self.service.id
        return self._held(
            Condition.RPO_AT_RISK,
            f"the RPO of {name} ({duration(self._rpo)}) {held}",
            f"Back up by hand, `pra backup {self.site.id} {name}`, or find out what takes so long: "
            f"`pra history {self.site.id}`.",
            complete.run,
        )

    def _misses(self, breach: datetime) -> bool:
        if breach - self.now >= self._rpo / QUARTER:
            return False
        expected = self._expected()
        return expected is None or expected > breach

    def _expected(self) -> datetime | None:
        """Return when the next usable point can be had, if all goes as usual; None: who knows."""
        last = believed(self.known.backups.last, self.now)
        if last is not None and last.outcome is None:
            if self.now > self._overrun(last):
                return None
            return max(last.started_at + self._typical, self.now)
        due = next_due(self.state, self.site, self.service, self.now)
        return None if due is None else max(due, self.now) + self._typical

    def _overrun(self, run: Run) -> datetime:
        """Return when a run has taken so long that its end cannot be foretold."""
        return run.started_at + max(2 * self._typical, self._typical + OVERRUN)

    def _out_of_reach(self) -> Held | None:
        gap, rpo = largest_gap(self.site, self.service), self._rpo
        if gap is None or not rpo or not self.known.seconds:
            return None
        open_now = self._key(Condition.RPO_OUT_OF_REACH) in self.open
        if gap + self._typical <= (rpo * CLEARLY if open_now else rpo):
            return None
        return Held(
            site=self.site.id,
            service=self.service.id,
            condition=Condition.RPO_OUT_OF_REACH.value,
            criticality=max(self.service.criticality, "P3"),  # it was so yesterday, too
            summary=f"the schedule of {self.service.id} leaves up to {duration(gap)} between two "
            f"backups that take {duration(self._typical)}: more than its RPO of {duration(rpo)}",
            remedy="Back up more often, or promise less.",
            evidence=self.service.policy_hash,
        )

    def _grace(self) -> timedelta:
        return max(SHORTEST_GRACE, min(largest_gap(self.site, self.service) or DAY, DAY) / QUARTER)

    def _moments(self) -> Iterator[datetime]:
        """Yield the instants ahead at which time alone may change the answer."""
        if self.awake_since is not None:
            yield from self._ahead(self.awake_since + self._catching_up())
        when = schedule.of_backups(self.site, self.service)
        slots = (self._owed(), when.following(self.now)) if when else ()
        for slot in slots:
            if slot is not None:
                yield from self._ahead(slot + self._grace())
        if self.breach is not None:
            yield from self._ahead(self.breach - self._rpo / QUARTER)
            yield from self._ahead(self.breach - self._typical)  # a late one is too late from here
            yield from self._ahead(self.breach)
            last = self.known.backups.last
            if last is not None and last.outcome is None:
                yield from self._ahead(self._overrun(last))

    def _ahead(self, at: datetime) -> Iterator[datetime]:
        soon = at + timedelta(microseconds=1)  # the rules say "longer than"
        if soon > self.now:
            yield soon

    def _key(self, condition: Condition) -> str:
        return f"{self.site.id}/{self.service.id}/{condition}"

    def _held(self, condition: Condition, summary: str, remedy: str, evidence: str) -> Held:
        return Held(
            site=self.site.id,
            service=self.service.id,
            condition=condition.value,
            criticality=self.service.criticality,
            summary=summary,
            remedy=remedy,
            evidence=evidence,
            predicted_breach_at=self.breach,
        )


def largest_gap(site: Site, service: Service) -> timedelta | None:
    """Return the longest time between two starts of a service's backup; None: no schedule."""
    every, said = service.every, service.cron
    gaps = [every] if every is not None else []
    if said is not None:
        gaps.append(cron.largest_gap(said, site.timezone))
    return min(gaps, default=None)

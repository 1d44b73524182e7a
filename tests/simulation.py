"""A machine on which years pass in seconds: runs start, end and are cut short, the power fails.

What the daemon does around `decide`, without a disk, a clock or a process: the log is a list, a
run is the instant at which it will end. Time jumps from one thing that happens to the next.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from orchestrator.core.decide.actions import (
    Decision,
    StartBackup,
    StartCopy,
    StartDrill,
    StartUpkeep,
)
from orchestrator.core.decide.starts.backups import backups
from orchestrator.core.decide.starts.copies import copies
from orchestrator.core.decide.starts.drills import drills
from orchestrator.core.decide.starts.upkeep import upkeep
from orchestrator.core.events import (
    BackupFinished,
    Outcome,
    Recorded,
    RunFailed,
    RunInterrupted,
    RunKind,
    RunStarted,
)
from orchestrator.core.fold import apply, fold
from orchestrator.core.state import State
from tests import records

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from orchestrator.core.decide.actions import Policies
    from orchestrator.core.events import (
        CopyFinished,
        Event,
        RelockFinished,
        RetainFinished,
        VerifyFinished,
    )

ROUNDS = 10
NONE = timedelta(0)
REFOLDED = 0.04  # of the restarts: to read a year again takes a while

Start = StartBackup | StartCopy | StartDrill | StartUpkeep
ALONE = {RunKind.RETAIN, RunKind.REPAIR, RunKind.REWIND}
LANES = {
    RunKind.BACKUP: 4,
    RunKind.COPY: 2,
    RunKind.DRILL: 1,
    RunKind.VERIFY: 1,
    RunKind.RELOCK: 1,
    RunKind.RETAIN: 2,
}
# How a run ends, and after how long: complete, partial, retry (a failure that is retryable),
# final (one that is not), any verdict of a drill, damaged (a reading), held (a retention).
End = tuple[timedelta, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """One run as the world saw it, in true time; `outcome` is None while it goes on."""

    run: str
    kind: RunKind
    site: str
    service: str
    drill: str
    slot: datetime
    began: datetime
    services: tuple[str, ...] = ()  # of a drill
    repository: str = ""
    point: str = ""  # of a copy: the newest one when it began
    part: int = 0
    parts: int = 0
    allowed: int | None = None
    ended: datetime | None = None
    outcome: str | None = None


def times(state: State, policies: Policies, now: datetime) -> Decision:
    """`decide`, without incidents and pages."""
    starts, first = backups(state, policies, now)
    moves, second = copies(state, policies, now)
    tests, third = drills(state, policies, now)
    chores, fourth = upkeep(state, policies, now, (*starts, *moves, *tests))
    wake_at = min((at for at in (first, second, third, fourth) if at is not None), default=None)
    return Decision(actions=(*starts, *moves, *tests, *chores), wake_at=wake_at)


def _kind(action: Start) -> RunKind:
    match action:
        case StartBackup():
            return RunKind.BACKUP
        case StartCopy():
            return RunKind.COPY
        case StartDrill():
            return RunKind.DRILL
        case _:
            return action.kind


class World:
    """A machine with its daemon. `true` is the true time, which its clock may not show."""

    def __init__(
        self,
        policies: Policies,
        start: datetime,
        chance: Random,
        ends: Callable[[Start], End],
        decide: Callable[[State, Policies, datetime], Decision] = times,
    ) -> None:
        self.policies = policies
        self.true = start
        self.skew = NONE
        self.state = State()
        self.log: list[Recorded] = []
        self.lived: dict[str, Lived] = {}
        self.off: list[tuple[datetime, datetime]] = []
        self.chance = chance
        self._ends = ends
        self._decide = decide
        self._keys: set[tuple[str, str, str]] = set()
        self._under_way: dict[str, tuple[datetime, str]] = {}
        self._wake_at: datetime | None = start

    @property
    def now(self) -> datetime:
        """What the machine's clock shows."""
        return self.true + self.skew

    def run(self, until: datetime) -> None:
        """Let time pass."""
        while True:
            ends = [at for at, _ in self._under_way.values()]
            wake = [self._wake_at - self.skew] if self._wake_at is not None else []
            at = min([*ends, *wake], default=until)
            if at >= until:
                self.true = until
                return
            self.true = max(self.true, at)
            self._end_what_is_over()
            self._turn()

    def switch_off(self, span: timedelta) -> None:
        """Cut the power: what runs is cut short, and found dead when it comes back."""
        back = self.true + span
        self.off.append((self.true, back))
        self.true = back
        self._under_way.clear()
        self.restart()

    def restart(self) -> None:
        """Start the daemon again: it knows what the log says, and nothing else."""
        self._under_way.clear()
        if self.chance.random() < REFOLDED:
            decided = self._decide(self.state, self.policies, self.now)
            self.state = fold(self.log)
            assert decided == self._decide(self.state, self.policies, self.now)
        for run in list(self.state.open.values()):
            self._append(
                RunInterrupted(
                    run=run.run,
                    kind=run.kind,
                    site=run.site,
                    service=run.service,
                    swept=0,
                    note="found dead",
                )
            )
            self._close(run.run, "interrupted")
        self._turn()

    def step_clock(self, by: timedelta) -> None:
        """Set the machine's clock; the daemon's tick notices at once."""
        self.skew += by
        self._turn()

    def back_up_by_hand(self, site: str, service: str, outcome: str) -> None:
        """Run `pra backup`, which is over at once."""
        start = StartBackup(site=site, service=service, slot=self.now, key="")
        self._finish(self._begin(start, None), outcome)
        self._turn()

    def say(self, event: Event) -> None:
        """Have something else be on the log."""
        self._append(event)
        self._turn()

    def _turn(self) -> None:
        for _ in range(ROUNDS):
            decision = self._decide(self.state, self.policies, self.now)
            starts = [a for a in decision.actions if isinstance(a, Start)]
            for action in starts:
                key = (action.site, getattr(action, "service", ""), f"{_kind(action)} {action.key}")
                assert key not in self._keys, f"{key} was taken at this state"
                self._keys.add(key)
                run = self._begin(action, action.slot)
                length, outcome = self._ends(action)
                self._under_way[run] = (self.true + length, outcome)
            if not starts:
                break
        else:
            raise AssertionError(f"starts without end at {self.now}")
        self._wake_at = decision.wake_at
        assert self._wake_at is None or self._wake_at > self.now

    def _begin(self, action: Start, slot: datetime | None) -> str:
        kind = _kind(action)
        service, repository = getattr(action, "service", ""), self._repository(action)
        lane = [r for r in self.state.open.values() if r.kind is kind]
        same = (action.site, service, repository)
        assert not any((r.site, r.service, r.repository) == same for r in lane)
        assert len(lane) < LANES[kind]
        origin = self._origin(action)
        self._assert_alone(kind, action.site, {*repository.split(), origin})
        run = f"r{len(self.lived)}"
        name = action.drill if isinstance(action, StartDrill) else ""
        self._append(
            RunStarted(
                run=run,
                kind=kind,
                site=action.site,
                service=service,
                repository=repository,
                boot_id="",
                slot=slot,
                drill=name,
                origin=origin,
            )
        )
        newest = self.state.service(action.site, service).complete if service else None
        self.lived[run] = Lived(
            run=run,
            kind=kind,
            site=action.site,
            service=service,
            drill=name,
            slot=action.slot,
            began=self.true,
            services=self._drilled_by(action),
            repository=repository,
            point=newest.run if newest and kind is RunKind.COPY else "",
            part=getattr(action, "part", 0),
            parts=getattr(action, "parts", 0),
            allowed=getattr(action, "allowed", None),
        )
        return run

    def _repository(self, action: Start) -> str:
        match action:
            case StartBackup():
                return self.policies.sites[action.site].services[action.service].backup_to or ""
            case StartDrill():
                return " ".join(self.policies.sites[action.site].repositories)
            case _:
                return action.repository

    def _origin(self, action: Start) -> str:
        if not isinstance(action, StartCopy):
            return ""
        return self.policies.sites[action.site].services[action.service].backup_to or ""

    def _assert_alone(self, kind: RunKind, site: str, names: set[str]) -> None:
        """Nothing begins beside what must be alone with a repository, and that beside nothing."""
        for run in self.state.open.values():
            if run.site == site and (kind in ALONE or run.kind in ALONE):
                assert names.isdisjoint({*run.repository.split(), run.origin} - {""})

    def _end_what_is_over(self) -> None:
        over = [(at, run) for run, (at, _) in self._under_way.items() if at <= self.true]
        for _, run in sorted(over):
            _, outcome = self._under_way.pop(run)
            self._finish(run, outcome)

    def _finish(self, run: str, outcome: str) -> None:
        one = self.lived[run]
        if outcome in {"retry", "final"}:
            failed: Event = RunFailed(
                run=run,
                kind=one.kind,
                site=one.site,
                service=one.service,
                error="no",
                remedy="",
                retryable=outcome == "retry",
            )
            self._append(failed)
        else:
            self._append(self._done(one, outcome))
        self._close(run, outcome)

    def _done(self, one: Lived, outcome: str) -> Event:
        """What a run says that came to its end."""
        done: CopyFinished | VerifyFinished | RelockFinished | RetainFinished
        match one.kind:
            case RunKind.BACKUP:
                return self._backed_up(one, Outcome(outcome))
            case RunKind.DRILL:
                return self._drilled(one, outcome)
            case RunKind.COPY:
                done = replace(records.copied(one.run, one.point, self.now), service=one.service)
            case RunKind.VERIFY:
                sound = outcome != "damaged"
                done = records.verified(one.run, one.part, one.parts, sound=sound)
            case RunKind.RELOCK:
                done = records.relocked(one.run)
            case RunKind.RETAIN:
                done = records.retained(one.run, "held" if outcome == "held" else "")
            case _:
                raise ValueError(one.kind)
        return replace(done, site=one.site, repository=one.repository)

    def _backed_up(self, one: Lived, outcome: Outcome) -> BackupFinished:
        return replace(
            records.backed_up(one.run, outcome=outcome),
            site=one.site,
            service=one.service,
            repository=one.repository,
            usable_at=self.now if outcome is Outcome.COMPLETE else None,
            seconds=(self.true - one.began).total_seconds(),
        )

    def _drilled_by(self, action: Start) -> tuple[str, ...]:
        if not isinstance(action, StartDrill):
            return ()
        return action.services or tuple(self.policies.sites[action.site].services)

    def _drilled(self, one: Lived, verdict: str) -> Event:
        """Tell of a drill, as the policy of its services is now."""
        began = one.began + self.skew
        site = self.policies.sites[one.site]
        services = [site.services[name] for name in one.services]
        said = [
            records.drilled(
                one.run, began, id=s.id, verdict=verdict, policy_hash=s.policy_hash
            ).document["services"][0]
            for s in services
        ]
        event = records.drilled(one.run, began, verdict=verdict)
        document = event.document | {"site": one.site, "services": said}
        return replace(event, site=one.site, document=document)

    def _close(self, run: str, outcome: str) -> None:
        self.lived[run] = replace(self.lived[run], ended=self.true, outcome=outcome)

    def _append(self, event: Event) -> None:
        seq = len(self.log) + 1
        recorded = Recorded(
            seq=seq, id=f"e{seq}", at=self.now, event=event, cause=None, prevhash="", hash=""
        )
        self.log.append(recorded)
        apply(self.state, recorded)

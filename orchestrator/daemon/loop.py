"""The loop: fold what the log says, decide, have it done, sleep until something rings."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator import __version__
from orchestrator.core.decide import decide
from orchestrator.core.decide.actions import (
    Page,
    Say,
    StartBackup,
    StartCopy,
    StartDrill,
    StartUpkeep,
    StorePolicy,
)
from orchestrator.core.decide.wrong.behind import SHORTEST_GRACE
from orchestrator.core.decide.wrong.conditions import Condition
from orchestrator.core.events import DaemonStarted, DaemonStopped, PoliciesRead, service_of, type_of
from orchestrator.core.fold import apply
from orchestrator.daemon import senses
from orchestrator.daemon.alarm import Alarm
from orchestrator.daemon.lanes import Lanes
from orchestrator.daemon.work import Work
from orchestrator.errors import PolicyInvalid, PraError, StateUnusable
from orchestrator.jobs.begun import OURS
from orchestrator.log import DaemonLock, boot_id, checkpoint
from orchestrator.log.copy import Copy
from orchestrator.reports.events import said

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from orchestrator.app import App
    from orchestrator.core.decide.actions import Action
    from orchestrator.core.state import State
    from orchestrator.daemon.promises import Promises
    from orchestrator.daemon.systemd import Supervisor

TICK = timedelta(seconds=30)
DRAIN = timedelta(seconds=15)  # a machine that shuts down does not wait long
SOON = timedelta(seconds=1)
ROUNDS = 20  # turns without a rest; what is then still to be done waits for the next ring
CHECKPOINT_EVENTS = 500
LATELY = 1_000  # events
STARTS = (Say, StartBackup, StartDrill, StartCopy, StartUpkeep)


class Daemon:
    """Watches over the sites of one policy folder, on one state folder."""

    def __init__(
        self, app: App, promises: Promises, supervisor: Supervisor, log: FilteringBoundLogger
    ) -> None:
        self._app = app
        self._promises = promises
        self._supervisor = supervisor
        self._log = log
        self._alarm = Alarm(app.log)
        self._lanes = Lanes(self._alarm.ring, log)
        self._work = Work(app, promises, self._lanes, log)
        self._copy = Copy(app.state)
        self._state: State = app.known()
        self._latest = self._state.at
        self._saved = self._state.seq
        self._reload = False
        self._stopping = False
        self._hurried = False

    def reload(self) -> None:
        """Have the policies read again; safe in a signal handler."""
        self._reload = True
        self._alarm.ring()

    def stop(self) -> None:
        """Have the loop end; the second time, what runs at once. Safe in a signal handler."""
        self._hurried = self._stopping
        self._stopping = True
        self._alarm.ring()

    def run(self) -> None:
        """Watch until `stop`; then end what runs, within a bound. Raises StateUnusable at first."""
        with DaemonLock(self._app.state) as lock, self._alarm:
            if not self._died_lately():
                self._promises.awoke(self._app.clock())
            self._app.log.append(
                DaemonStarted(
                    site="",
                    version=__version__,
                    boot_id=boot_id(),
                    place=self._promises.current.place,
                )
            )
            self._say_policies()
            self._work.sweep(self._state)
            self._work.await_network()
            self._supervisor.ready(self._status())
            while not self._stopping:
                self._turn(lock)
                self._supervisor.alive()
                if not self._stopping:
                    self._alarm.wait(min(TICK, self._patience()))
            self._drain(lock)

    def _died_lately(self) -> bool:
        """Tell whether the daemon before us began a short while ago and did not end well.

        Nothing was missed then that a start makes late; and one that dies every few minutes must
        not put off for ever what it would say.
        """
        told = self._app.log.read(
            after=max(0, self._state.seq - LATELY), types=(DaemonStarted, DaemonStopped)
        )
        last = max(told, key=lambda recorded: recorded.seq, default=None)
        if last is None or isinstance(last.event, DaemonStopped):
            return False
        return timedelta(0) <= self._app.clock() - last.at < SHORTEST_GRACE

    def _patience(self) -> timedelta:
        """Return how long a turn may rest: the watchdog wants two signs of life."""
        watchdog = self._supervisor.patience_s
        return TICK if watchdog is None else timedelta(seconds=watchdog / 3)

    def _turn(self, lock: DaemonLock) -> None:
        try:
            lock.beat()
            if self._reload:
                self._read_policies()
            self._take_in()
            self._look()
            self._decide()
            self._keep()
        except StateUnusable as error:
            # Nothing is started that the log cannot hold; somebody is told all the same.
            self._log.error("the log cannot be used", error=str(error), hint=error.hint)
            self._work.cry(error)
        except Exception as error:  # noqa: BLE001 - what runs goes on, and somebody is told
            self._fault(error)

    def _decide(self) -> None:
        self._work.waits = False
        for _ in range(ROUNDS):
            now = self._app.clock()
            decision = decide(self._state, self._promises.current, now)
            acted = [action for action in decision.actions if self._attempt(action)]
            self._take_in()
            if not any(isinstance(a, STARTS) for a in acted):
                break
        wake_at = decision.wake_at
        if self._work.waits:
            wake_at = min(wake_at or now + SOON, now + SOON)
        self._alarm.set(wake_at)

    def _attempt(self, action: Action) -> bool:
        """Have one action done; a fault of ours in it does not keep us from the others."""
        try:
            return self._do(action)
        except StateUnusable:
            raise
        except Exception as error:  # noqa: BLE001 - see above
            self._fault(error)
            return False

    def _fault(self, error: Exception) -> None:
        """Say a fault of ours and have somebody called: to die of it again and again calls nobody.

        It is tried again with the next tick.
        """
        self._log.exception("a fault of pra itself")
        self._work.cry(PraError(f"a fault of pra itself: {type(error).__name__}", hint=OURS))

    def _do(self, action: Action) -> bool:
        """Have one action done; false when it is not for now."""
        match action:
            case Say():
                return self._app.log.append(action.event, slot=action.key) is not None
            case StartBackup():
                return self._work.back_up(action, self._state)
            case StartDrill():
                return self._work.drill(action)
            case StartCopy() | StartUpkeep():
                return self._work.keep_up(action)
            case StorePolicy():
                return self._work.store_policy(action)
            case Page():
                return self._work.page(action, self._state)

    def _take_in(self) -> None:
        """Fold what anybody appended since, and say it."""
        for recorded in self._app.log.read(after=self._state.seq):
            apply(self._state, recorded)
            self._latest = max(self._latest or recorded.at, recorded.at)
            event = recorded.event
            self._log.info(
                type_of(event),
                site=event.site,
                service=service_of(event),
                run=getattr(event, "run", ""),
                said=said(event),
            )

    def _look(self) -> None:
        """Say on the log what began or ended outside."""
        now = self._app.clock()
        self._work.look(self._state)
        seen = [
            *senses.broken(self._promises.broken),
            *senses.disk(self._app.state, self._state),
            *senses.clock(now, self._state, self._latest, self._work.skew),
            *self._work.kits.seen(self._state),
        ]
        looked_for = frozenset(
            {
                Condition.POLICY_BROKEN,
                Condition.DISK_SHORT,
                Condition.CLOCK_WRONG,
                Condition.KIT_STALE,
            }
        )
        for event in senses.changes(self._state, seen, looked_for):
            self._app.log.append(event)
        self._take_in()

    def _read_policies(self) -> None:
        self._reload = False
        self._supervisor.reloading()
        before = self._promises.current.sites
        try:
            self._promises.read()
        except PolicyInvalid as error:  # nothing is left to be watched, and nothing was
            self._log.error("policies unusable", error=str(error), hint=error.hint)
        # Only a change makes late what was not: else whoever reloads all the time hides what is.
        if self._promises.current.sites != before:
            self._promises.awoke(self._app.clock())
        self._app.texts, self._app.checked = self._promises.texts, self._promises.as_checked()
        for site, faults in self._promises.broken.items():
            self._log.error("policy broken", site=site, faults=faults)
        self._say_policies()
        self._log.info("policies read", sites=len(self._promises.current.sites))
        self._supervisor.ready(self._status())

    def _say_policies(self) -> None:
        """Have the log know what is watched, so that an edit that was not taken in is seen."""
        digests = dict(self._promises.current.digests)
        if digests != self._state.policies:
            self._app.log.append(PoliciesRead(site="", digests=digests))

    def _keep(self) -> None:
        """Keep the checkpoint and the log's copy near; both are only caches of the log."""
        if self._state.seq - self._saved >= CHECKPOINT_EVENTS:
            checkpoint.write(self._app.state, self._state)
            self._saved = self._state.seq
        self._work.keep_copy(self._copy, self._state.seq)

    def _drain(self, lock: DaemonLock) -> None:
        self._supervisor.stopping()
        self._log.info("stopping", runs=self._lanes.under_way())

        def beat() -> None:
            with contextlib.suppress(StateUnusable):
                lock.beat()
            self._supervisor.alive()

        cut = self._lanes.drain(DRAIN, beat, lambda: self._hurried)
        note = f"{cut} runs cut short" if cut else ""
        try:
            self._app.log.append(DaemonStopped(site="", note=note))
            self._take_in()
            checkpoint.write(self._app.state, self._state)
            self._copy.advance(self._app.log)
        except StateUnusable as error:  # the next start says so, and somebody is called then
            self._log.error("the log cannot be used", error=str(error), hint=error.hint)

    def _status(self) -> str:
        return f"{len(self._promises.current.sites)} sites watched"

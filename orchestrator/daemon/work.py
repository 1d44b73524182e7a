"""What the loop has done, each in a thread of its own: backups, drills, pages, and the chores."""

from __future__ import annotations

import contextlib
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.core.decide.actions import StartCopy
from orchestrator.core.plan import Request
from orchestrator.daemon.kits import EVERY_S as KITS_EVERY_S
from orchestrator.daemon.kits import Kits
from orchestrator.daemon.network import PATIENCE_S, Network, is_remote
from orchestrator.daemon.upkeep import keep_up
from orchestrator.daemon.watching import Watching
from orchestrator.errors import PraError, StateUnusable
from orchestrator.jobs.backup import Backup
from orchestrator.jobs.drill import begin_drill, drill, planned
from orchestrator.jobs.evidence import signer
from orchestrator.jobs.notify import cry, notify
from orchestrator.jobs.policy_snapshot import store
from orchestrator.jobs.sweep import recover
from orchestrator.log import new_run_id, under_way

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from structlog.typing import FilteringBoundLogger

    from orchestrator.app import App
    from orchestrator.core.decide.actions import (
        Page,
        StartBackup,
        StartDrill,
        StartUpkeep,
        StorePolicy,
    )
    from orchestrator.core.events import PageSent
    from orchestrator.core.policy.model import Site
    from orchestrator.core.state import State
    from orchestrator.daemon.lanes import Lanes
    from orchestrator.daemon.promises import Promises
    from orchestrator.log.copy import Copy

PAGES_AT_ONCE = 4
CLOCK_EVERY_S = 3600.0
COPY_EVERY_S = 300.0
CRY_EVERY_S = 3600.0
CRY_AGAIN_S = 60.0
POLICIES_AT_ONCE = 2
POLICY_EVERY_S = 600.0
SWEEP_EVERY_S = 60.0
VERIFY_EVERY_S = 7 * 86400.0
PROBE = timedelta(seconds=5)
JUMP = timedelta(minutes=1)


class Work:
    """Begins what was decided; `waits` tells whether something is held back for the network."""

    def __init__(
        self, app: App, promises: Promises, lanes: Lanes, log: FilteringBoundLogger
    ) -> None:
        self._app = app
        self._promises = promises
        self._lanes = lanes
        self._log = log
        self._network = Network()
        self._unwritten: dict[str, PageSent] = {}
        self._copied = 0
        self._last: dict[str, float] = {}
        self.kits = Kits()
        self._boot = self._booted()
        self.waits = False
        self.skew: timedelta | None = None

    def back_up(self, action: StartBackup, state: State) -> bool:
        """Begin a backup; false when its slot is taken, or the network is awaited."""
        site = self._promises.current.sites[action.site]
        service = site.services[action.service]
        if service.backup_to and self._held_back(site, service.backup_to):
            return False
        log = self._log.bind(site=site.id, service=service.id)
        backup = Backup(self._app, site, state)
        begun = backup.begin(service, slot=action.slot, key=action.key)
        if begun is None:
            return False
        begun.is_patient = True
        watch = Watching(begun, log.bind(run=begun.run))
        self._lanes.start(
            f"backup/{begun.run}", lambda: backup.carry_out(service, begun, watch), begun
        )
        return True

    def drill(self, action: StartDrill) -> bool:
        """Begin a drill; false when its slot is taken, or the network is awaited."""
        site = self._promises.current.sites[action.site]
        if any(self._held_back(site, name) for name in site.repositories):
            return False
        run = new_run_id(self._app.clock())
        begun = begin_drill(
            self._app,
            site,
            run=run,
            scenario=action.scenario,
            slot=action.slot,
            drill=action.drill,
            key=action.key,
        )
        if begun is None:
            return False
        begun.is_patient = True
        request = Request(
            run=run,
            services=action.services,
            scenario=action.scenario,
            place=self._promises.current.place,
            t0=None,
            repository=None,
            within=action.point,
        )
        watch = Watching(begun, self._log.bind(site=site.id, run=run))

        def unsigned(error: PraError) -> None:
            self._log.warning("drill not signed", run=run, error=str(error), hint=error.hint)

        def work() -> None:
            with begun:
                plan = planned(self._app, site, request)
                sign = signer(self._app.state, unsigned)
                done = drill(self._app, site, plan, begun=begun, watch=watch, sign=sign)
                if done.unlogged is not None:
                    raise done.unlogged

        self._lanes.start(f"drill/{run}", work, begun)
        return True

    def keep_up(self, action: StartCopy | StartUpkeep) -> bool:
        """Begin the upkeep of a repository; false when its slot is taken, or it must wait."""
        site = self._promises.current.sites[action.site]
        names = [action.repository]
        if isinstance(action, StartCopy):
            names += filter(None, [site.services[action.service].backup_to])
        if any(self._held_back(site, name) for name in names):
            return False
        return keep_up(self._app, site, action, self._lanes, self._log)

    def store_policy(self, action: StorePolicy) -> bool:
        """Put a policy beside the points; what failed is tried again in ten minutes."""
        site = self._promises.current.sites[action.site]
        name = f"policy/{action.site}/{action.repository}"
        if (
            self._lanes.is_busy(name)
            or self._lanes.under_way("policy/") >= POLICIES_AT_ONCE
            or self._held_back(site, action.repository)
            or not self._is_time(f"{name}/{action.digest}", POLICY_EVERY_S)
        ):
            return False
        self._lanes.start(name, lambda: store(self._app, site, action.repository))
        return True

    def page(self, action: Page, state: State) -> bool:
        """Send a page, unless it is on its way."""
        name = f"page/{action.incident}/{action.page}@{action.channel}"
        if self._lanes.is_busy(name) or self._lanes.under_way("page/") >= PAGES_AT_ONCE:
            return False
        send = notify(self._app, self._promises.current, state, action, self._unwritten)
        self._lanes.start(name, send)
        return True

    def sweep(self, state: State) -> None:
        """Clear away what dead runs left; they are open, so nothing of theirs begins meanwhile."""
        open_runs = dict(state.open)

        def work() -> None:
            for line in recover(self._app, open_runs):
                self._log.info("swept", said=line)

        if not self._lanes.is_busy("sweep"):
            self._lanes.start("sweep", work)

    def await_network(self) -> None:
        """Hold remote repositories back until one of them answers, or two minutes are over."""
        urls = {
            repository.url
            for site in self._promises.current.sites.values()
            for repository in site.repositories.values()
            if is_remote(repository.url)
        }
        if urls:
            self._log.info("waiting for the network", endpoints=len(urls), at_most_s=PATIENCE_S)
        self._lanes.start("network", lambda: self._network.await_(sorted(urls)))

    def look(self, state: State) -> None:
        """Look after what no event tells: sleep, dead runs of others, the storage's clock."""
        if self._network.woke():
            self._log.info("the machine was asleep")
            self._promises.awoke(self._app.clock())
            self.await_network()
        if self._clock_jumped():
            self._log.warning("the clock was set")
            self._promises.awoke(self._app.clock())  # what is late by that is caught up first
            self.skew = None
            self._last.pop("clock", None)
        # Ours too: one that could not write its end is as dead as one that was killed.
        if self._is_time("sweep", SWEEP_EVERY_S) and not all(
            under_way(self._app.state, run) for run in state.open
        ):
            self.sweep(state)
        if self._is_time("verify", VERIFY_EVERY_S):
            self._lanes.start("verify", self._verify)
        sites = self._promises.current.sites
        if (
            self.kits.is_new(state, sites) or self._is_time("kits", KITS_EVERY_S)
        ) and not self._lanes.is_busy("kits"):
            self._lanes.start("kits", lambda: self.kits.look(state, sites))
        if self._is_time("clock", CLOCK_EVERY_S) and not self._lanes.is_busy("clock"):
            self._lanes.start("clock", self._ask_clock)

    def keep_copy(self, copy: Copy, seq: int) -> None:
        """Bring the log's copy up to date now and then."""
        if seq != self._copied and self._is_time("copy", COPY_EVERY_S):
            self._copied = seq
            if not self._lanes.is_busy("copy"):
                self._lanes.start("copy", lambda: self._advance(copy))

    def cry(self, error: PraError) -> None:
        """Tell the on-call without the log, once an hour; sooner again where nobody took it."""
        if self._is_time("cry", CRY_EVERY_S) and not self._lanes.is_busy("cry"):
            self._lanes.start("cry", lambda: self._cry(error))

    def _cry(self, error: PraError) -> None:
        try:
            cry(self._app, self._promises.current, error)
        except PraError:
            self._last["cry"] = time.monotonic() - CRY_EVERY_S + CRY_AGAIN_S
            raise

    def _held_back(self, site: Site, repository: str) -> bool:
        waits = is_remote(site.repositories[repository].url) and self._network.is_awaited()
        self.waits = self.waits or waits
        return waits

    def _verify(self) -> None:
        """Recompute the log's whole chain: damage must be found while its copy is good."""
        with self._damage_is_told():
            fault = self._app.log.verify()
            if fault is not None:
                raise StateUnusable(
                    f"{self._app.log.path}: the chain is broken at event {fault.seq}: {fault.why}",
                    hint="Stop the daemon, run `pra events --restore`, start it again.",
                )

    def _advance(self, copy: Copy) -> None:
        with self._damage_is_told():
            copy.advance(self._app.log)

    @contextlib.contextmanager
    def _damage_is_told(self) -> Iterator[None]:
        """Tell the on-call of a fault that no turn meets; a full disk is met by every turn."""
        try:
            yield
        except StateUnusable as error:
            if not error.retryable:
                self._cry(error)  # in this thread, which is not the loop's
            raise

    def _clock_jumped(self) -> bool:
        """Tell whether somebody has set the clock since the last look, by a minute or more."""
        before, self._boot = self._boot, self._booted()
        return abs(self._boot - before) > JUMP

    def _booted(self) -> datetime:
        """Return when the machine was booted, by its clock of now."""
        return self._app.clock() - timedelta(seconds=time.clock_gettime(time.CLOCK_BOOTTIME))

    def _ask_clock(self) -> None:
        for site in self._promises.current.sites.values():
            for repository in site.repositories.values():
                try:
                    theirs = s3.probe(repository.url, deadline=PROBE)
                except PraError:
                    continue
                if theirs is not None:
                    self.skew = self._app.clock() - theirs
                    return

    def _is_time(self, what: str, every_s: float) -> bool:
        now = time.monotonic()
        if now - self._last.get(what, float("-inf")) < every_s:
            return False
        self._last[what] = now
        return True

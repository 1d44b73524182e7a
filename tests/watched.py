"""A client site with a provider's file and a daemon that watches over it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from orchestrator.core.events import Event, RunKind, RunStarted, type_of
from orchestrator.core.schedule import Schedule
from orchestrator.errors import StateUnusable
from orchestrator.log import Log, is_absent
from tests.quick import make
from tests.site import PASSWORD, ClientSite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from orchestrator.core.events import Recorded
    from restore_drills.process import Child

PROVIDER = """\
provider: {name: Exemple, language: en, timezone: Europe/Paris}
channels:
  hook: {webhook: {url: "%(hook)s", secret: {file: %(secrets)s/hook}}}
escalation:
  wake: [{notify: [hook], after: 0s}]
  ticket: [{notify: [hook], after: 0s}]
defaults:
  escalate: {P1: wake, P2: wake, P3: ticket, P4: ticket}
"""
SCHEDULED = """\
  partage:
    criticality: P1
    source: {files: {paths: [%(source)s]}}
    objectives: {rto: 4h, rpo: 4h}
    backup: {every: %(every)s}
    checks: [{name: all files, files: {at_least: 10}}]
"""
LONG = timedelta(seconds=60)
A_TEST = timedelta(minutes=10)  # and longer than any
E = TypeVar("E", bound=Event)


class Watched(ClientSite):
    """`acme`, whose one service is backed up every so often, and a channel `hook`."""

    def __init__(self, home: Path, hook: str = "http://127.0.0.1:9/none", **other: Any) -> None:  # noqa: ANN401 - as ClientSite
        super().__init__(home, **other)
        self.hook = hook
        self.every = an_hour_or_more()
        self._child: Child | None = None
        self.secret("hook", "a secret of the hook")
        if self.url == str(self.repository):
            make(self.repository, PASSWORD)
        self.provide()

    def provide(self, text: str = PROVIDER) -> None:
        """Write the provider's file."""
        values = {"hook": self.hook, "secrets": self.secrets}
        (self.policies / "provider.yaml").write_text(text % values)

    def write(self, services: str = SCHEDULED, **values: object) -> None:
        """Write the site's policy; one backup is due, and no other, unless `every` says so."""
        super().write(services, **{"every": self.every, **values})

    @contextlib.contextmanager
    def daemon(self, *words: str, env: Mapping[str, str] | None = None) -> Iterator[Child]:
        """Run `pra daemon` until the block is left; then end it, politely."""
        with self.start("daemon", *words, env=env) as child:
            self._child = child
            yield child
            if not child.poll():
                os.kill(child.pid, signal.SIGTERM)
                assert child.poll(45), "the daemon did not end within 45 s of SIGTERM"
            assert "Traceback" not in child.ended().stderr, child.ended().stderr

    def recorded(self) -> list[Recorded]:
        """What the log holds."""
        if is_absent(self.state):
            return []
        log = Log.open(self.state, clock=lambda: datetime.now(UTC))
        try:
            return list(log.read())
        finally:
            log.close()

    def events(self, kind: type[E]) -> list[E]:
        """The events of a kind that the log holds."""
        return [r.event for r in self.recorded() if isinstance(r.event, kind)]

    def wait_until(
        self, true: Callable[[list[Recorded]], bool], within: timedelta = LONG
    ) -> list[Recorded]:
        """Wait until the log says so; fail with what it says instead."""
        until = time.monotonic() + within.total_seconds()
        while not true(found := self._readable()):
            said = [f"{type_of(r.event)} {r.event}" for r in found]
            assert time.monotonic() < until, said
            assert self._child is None or not self._child.poll(0.1), self._child.ended().stderr
        return found

    def _readable(self) -> list[Recorded]:
        """What the log holds, while it may be put aside or have no room."""
        try:
            return self.recorded()
        except StateUnusable:
            return []

    def wait_for(self, kind: type[E], count: int = 1, within: timedelta = LONG) -> list[E]:
        """Wait until the log holds so many events of a kind; returns them."""

        def enough(found: list[Recorded]) -> bool:
            return sum(isinstance(r.event, kind) for r in found) >= count

        found = self.wait_until(enough, within)
        return [r.event for r in found if isinstance(r.event, kind)]

    def backups_begun(self) -> list[RunStarted]:
        """The backups that the log saw begin."""
        return [run for run in self.events(RunStarted) if run.kind is RunKind.BACKUP]


def an_hour_or_more() -> str:
    """A period of an hour or a little more, of which no slot comes while a test lasts."""
    now = datetime.now(UTC)
    for minutes in range(60, 120):
        every = timedelta(minutes=minutes)
        slots = Schedule(name="acme/partage", zone="UTC", every=every, cron=None)
        following = slots.following(now)
        if following is not None and following - now > A_TEST:
            return f"{minutes}m"
    raise AssertionError("every hour is about to strike")


def lines_of(stderr: str) -> list[dict[str, Any]]:
    """The daemon's log as JSON objects."""
    return [json.loads(line) for line in stderr.splitlines() if line.startswith("{")]

"""The daemon at rest and at work: what it costs, and how late it is."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks import fleet
from benchmarks.ground import PRA, RUNNER, SYSTEM
from orchestrator.app import App
from orchestrator.core.decide import decide
from orchestrator.core.decide.actions import Policies
from orchestrator.core.events import DaemonStarted, RunFailed, RunStarted
from orchestrator.log import Log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.ground import Ground
    from orchestrator.core.events import Event, Recorded
    from restore_drills.process import Child

REST_S = 60.0
LAG_S = 150.0
FAILURES = 60
EVENTS = 1_000_000
MB = 1_000_000


class Fleet:
    """200 sites x 5 services in one policy folder, and one state folder."""

    def __init__(self, ground: Ground, *, every: str, hook: str = "http://127.0.0.1:9/") -> None:
        self.ground = ground
        self.policies = ground.fresh("fleet")
        self.state = ground.fresh("fleet-state")
        self.state.chmod(0o700)
        self.source = ground.fresh("fleet-source")
        (self.source / "ledger.ods").write_text("ledger")
        self.every, self.hook = every, hook

    def write(self, *, source: Path | None = None, **size: int) -> None:
        """Write the policies."""
        fleet.write_policies(
            self.policies,
            every=self.every,
            repository=self.ground.repository("fleet-repository"),
            password=self.ground.password,
            source=source or self.source,
            hook=self.hook,
            **size,
        )

    @contextlib.contextmanager
    def daemon(self) -> Iterator[Child]:
        """Run the daemon."""
        env = {
            "PATH": f"{self.ground.home / 'bin'}:{SYSTEM}",
            "HOME": str(self.ground.home),
            "LANG": "C.UTF-8",
            "PRA_POLICIES": str(self.policies),
            "PRA_STATE": str(self.state),
        }
        with RUNNER.start([str(PRA), "daemon"], env=env) as child:
            yield child
            os.kill(child.pid, signal.SIGTERM)
            child.poll(60)

    def events(self, kind: type[Event]) -> list[Recorded]:
        """What the log holds of a kind."""
        log = Log.open(self.state, clock=lambda: datetime.now(UTC))
        try:
            return [r for r in log.read() if isinstance(r.event, kind)]
        finally:
            log.close()

    def wait_for(self, kind: type[Event], count: int, within: float) -> list[Recorded]:
        """Wait for so many events of a kind."""
        until = time.monotonic() + within
        while len(found := self.events(kind)) < count and time.monotonic() < until:
            time.sleep(0.05)
        return found


def idle(ground: Ground) -> tuple[float, float]:
    """Return the resident MB and the percent of a core of a daemon of one site that waits."""
    one = Fleet(ground, every="1d")
    one.write(sites=1)
    fleet.fill(one.state, _lately())
    with one.daemon() as child:
        one.wait_for(DaemonStarted, 1, 20)
        time.sleep(10)
        began, used = time.monotonic(), _cpu(child.pid)
        time.sleep(REST_S)
        share = (_cpu(child.pid) - used) / (time.monotonic() - began)
        resident = _resident(child.pid)
    return resident / MB, 100 * share


def start(ground: Ground, runs: int) -> float:
    """Return the median seconds from the call until the whole fleet is watched."""
    many = Fleet(ground, every="1d")
    many.write()
    fleet.backed_up_once(many.state)
    took = []
    for turn in range(runs):
        began = time.time()
        with many.daemon():
            said = many.wait_for(DaemonStarted, turn + 1, 30)
            took.append(said[-1].at.timestamp() - began)
    return median(took)


def decisions(ground: Ground) -> float:
    """Return the median milliseconds of one decision over the whole fleet."""
    many = Fleet(ground, every="15m")
    many.write()
    fleet.backed_up_once(many.state)
    app = App(policies_dir=many.policies, state=many.state)
    policies = Policies(sites=app.sites, provider=app.checked.provider, place="here")
    state, took = app.known(), []
    for _ in range(50):
        began = time.monotonic()
        decide(state, policies, datetime.now(UTC))
        took.append(time.monotonic() - began)
    app.log.close()
    return median(took) * 1000


def lag(ground: Ground) -> tuple[float, int]:
    """Return the 99th percentile of seconds from a slot to its run's start, and of how many."""
    many = Fleet(ground, every="1h")
    many.write()
    fleet.backed_up_once(many.state, timedelta(0))  # nothing is to be caught up
    with many.daemon():
        time.sleep(LAG_S)
    (began,) = (r.at for r in many.events(DaemonStarted))
    late = [
        (r.at - slot).total_seconds()
        for r in many.events(RunStarted)
        if isinstance(r.event, RunStarted) and (slot := r.event.slot) is not None and slot > began
    ]
    return _p99(late), len(late)


def failure_to_page(ground: Ground) -> tuple[float, int]:
    """Return the 99th percentile of seconds from a failure on the log to the accepted page."""
    with _hook() as (url, received):
        failing = Fleet(ground, every="1d", hook=url)
        failing.write(source=Path("/nowhere/at/all"), sites=FAILURES // fleet.SERVICES)
        with failing.daemon():
            failed = failing.wait_for(RunFailed, FAILURES, 120)
            until = time.monotonic() + 20
            while len(received) < len(failed) and time.monotonic() < until:
                time.sleep(0.05)
    at = sorted(r.at.timestamp() for r in failed)
    return _p99([page - when for when, page in zip(at, sorted(received), strict=False)]), len(
        received
    )


def status(ground: Ground, runs: int) -> float:
    """Return the median seconds of `pra status` on a log of a million events."""
    long = Fleet(ground, every="15m")
    long.write(sites=1)
    fleet.fill(long.state, fleet.years(EVENTS))
    env = {"PRA_POLICIES": str(long.policies), "PRA_STATE": str(long.state)}
    ground.run([str(PRA), "status"], env=env)  # the first folds it all, and keeps what it found
    took = median(ground.timed([str(PRA), "status"], env=env).seconds for _ in range(runs))
    shutil.rmtree(long.state)
    return took


def _lately() -> Iterator[tuple[datetime, Event]]:
    at = datetime.now(UTC)
    for number in range(fleet.SERVICES):
        for event in fleet.runs(fleet.name(0), f"s{number}", at):
            yield at, event


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def _p99(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] if ordered else float("nan")


@contextlib.contextmanager
def _hook() -> Iterator[tuple[str, list[float]]]:
    """A receiver that accepts everything and notes when."""
    received: list[float] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            received.append(time.time())
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", received
    finally:
        server.shutdown()
        server.server_close()

"""What would end the daemon, or keep it from its work for ever, in this process."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator.app import App
from orchestrator.core.decide.actions import StartBackup
from orchestrator.core.events import (
    DaemonStarted,
    DaemonStopped,
    RunFailed,
    RunInterrupted,
    RunStarted,
)
from orchestrator.core.policy.model import Site
from orchestrator.daemon.lanes import Lanes
from orchestrator.daemon.logs import logger
from orchestrator.daemon.loop import Daemon
from orchestrator.daemon.promises import Promises
from orchestrator.daemon.start import cried_out
from orchestrator.daemon.systemd import Supervisor
from orchestrator.daemon.work import Work
from orchestrator.errors import StateUnusable
from orchestrator.jobs.opening import restic_version
from orchestrator.log import DaemonLock, under_way
from orchestrator.log.copy import Copy
from restore_drills.process import Processes
from tests.pager import Pager
from tests.watched import Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

REFUSE = """CREATE TRIGGER refuse BEFORE INSERT ON event WHEN NEW.type GLOB '{types}'
BEGIN SELECT RAISE(ABORT, 'the disk failed'); END"""
LOST = StateUnusable("/var/lib/pra/log.sqlite: the disk failed", hint="Look at it.")
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.off = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.off


class Watch:
    """A site with a daemon's parts, each to be had alone."""

    def __init__(self, site: Watched) -> None:
        self.site = site
        self.clock = Clock()
        self.promises = Promises(site.policies, "here")
        self.promises.read()
        self.app = App(policies_dir=site.policies, state=site.state, clock=self.clock)
        self.app.checked = self.promises.as_checked()
        self.lanes = Lanes(lambda: None, logger(human=False))
        self.work = Work(self.app, self.promises, self.lanes, logger(human=False))

    def settle(self) -> None:
        until = time.monotonic() + 30
        while self.lanes.under_way() and time.monotonic() < until:
            time.sleep(0.01)

    def look(self) -> None:
        self.work.look(self.app.known())
        self.settle()

    def refuse(self, types: str) -> None:
        self._sql(REFUSE.format(types=types))

    def accept(self) -> None:
        self._sql("DROP TRIGGER refuse")

    def spoil_a_row(self) -> None:
        self._sql("DROP TRIGGER event_is_never_changed", "UPDATE event SET body = '{}'")

    def spoil_pages(self) -> None:
        with contextlib.closing(sqlite3.connect(self.app.log.path)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with self.app.log.path.open("r+b") as file:
            file.seek(4096)
            file.write(bytes(range(256)) * 16 * 8)

    @contextlib.contextmanager
    def daemon(self) -> Iterator[Daemon]:
        daemon = Daemon(self.app, self.promises, Supervisor(), logger(human=False))
        thread = threading.Thread(target=daemon.run)
        thread.start()
        try:
            yield daemon
        finally:
            daemon.stop()
            thread.join(60)
        assert not thread.is_alive()

    def _sql(self, *statements: str) -> None:
        with contextlib.closing(sqlite3.connect(self.app.log.path)) as db, db:
            for statement in statements:
                db.execute(statement)


@pytest.fixture
def pager() -> Iterator[Pager]:
    with Pager() as listening:
        yield listening


@pytest.fixture
def watch(tmp_path: Path, pager: Pager, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    site = Watched(tmp_path / "site", hook=pager.url)
    site.fill(files=12, size=2_000)
    site.write()
    monkeypatch.setenv("PATH", site.path)
    made = Watch(site)
    yield made
    made.settle()
    made.app.log.close()


def test_a_run_that_could_not_write_its_end_is_swept_while_the_daemon_lives(watch: Watch) -> None:
    watch.site.source.rename(watch.site.source.with_name("away"))  # so that it fails at once
    watch.app.log.append(DaemonStopped(site="", note=""))
    watch.refuse("*f*ed")
    begun = watch.work.back_up(
        StartBackup(site="acme", service="partage", slot=NOW, key="1"), watch.app.known()
    )
    watch.settle()
    watch.accept()
    (run,) = watch.app.known().open

    watch.look()

    assert begun
    assert not under_way(watch.app.state, run)
    assert {} == watch.app.known().open, "a service with an open run is never backed up again"
    (end,) = [r.event for r in watch.app.log.read() if isinstance(r.event, RunInterrupted)]
    assert run == end.run


@pytest.mark.parametrize("spoil", [Watch.spoil_a_row, Watch.spoil_pages])
@pytest.mark.parametrize("who", ["the weekly look at all of it", "the copy"])
def test_a_log_whose_past_is_damaged_is_told_although_no_turn_meets_it(
    watch: Watch, pager: Pager, spoil: Callable[[Watch], None], who: str
) -> None:
    watch.app.log.append(DaemonStopped(site="", note="one"))
    watch.app.log.append(DaemonStopped(site="", note="two"))
    state = watch.app.known()
    spoil(watch)

    if who == "the copy":
        watch.work.keep_copy(Copy(watch.app.state), state.seq)
    else:
        watch.work.look(state)
    watch.settle()

    (told,) = pager.wait_for(1)
    assert "pra.log.failed" == told["type"]
    assert "log.sqlite" in told["data"]["summary"]


def test_an_address_that_is_none_keeps_nobody_else_from_being_watched(watch: Watch) -> None:
    watch.site.url = "s3:https://s3.example.net:port/bucket"
    watch.site.write()
    watch.promises.read()

    watch.work.await_network()
    watch.settle()

    assert watch.work.back_up(
        StartBackup(site="acme", service="partage", slot=NOW, key="1"), watch.app.known()
    )
    watch.settle()
    assert [RunFailed] == [
        type(r.event) for r in watch.app.log.read() if not isinstance(r.event, RunStarted)
    ]


def test_what_a_clock_that_was_set_makes_late_is_caught_up_before_anybody_is_told(
    watch: Watch,
) -> None:
    watch.look()
    watch.work.skew = timedelta(0)
    watch.clock.off = timedelta(seconds=20)  # slewed, or a slow look
    watch.look()
    slewed = watch.promises.current.awake_since, watch.work.skew
    watch.clock.off = timedelta(days=365)
    watch.look()

    assert (None, timedelta(0)) == slewed
    awake = watch.promises.current.awake_since
    assert awake is not None
    assert abs(awake - watch.clock()) < timedelta(minutes=1)
    assert watch.work.skew is None


def test_whoever_reloads_all_the_time_does_not_hide_what_is_late(watch: Watch) -> None:
    with watch.daemon() as daemon:
        watch.site.wait_for(RunStarted)
        since = watch.promises.current.awake_since
        before = watch.promises.current.sites["acme"]
        daemon.reload()
        until = time.monotonic() + 10
        while watch.promises.current.sites["acme"] is before and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.2)
        reread = watch.promises.current

    assert before is not reread.sites["acme"]
    assert since == reread.awake_since


@pytest.mark.parametrize(
    ("minutes", "end", "patient"), [(5, None, False), (60, None, True), (5, "stopped", True)]
)
def test_one_that_dies_every_few_minutes_does_not_put_off_what_it_would_say(
    watch: Watch, minutes: int, end: str | None, *, patient: bool
) -> None:
    watch.clock.off = -timedelta(minutes=minutes)
    watch.app.log.append(DaemonStarted(site="", version="1", boot_id="b", place="here"))
    if end is not None:
        watch.app.log.append(DaemonStopped(site="", note=end))
    watch.clock.off = timedelta(0)
    with watch.daemon():
        watch.site.wait_for(DaemonStarted, 2)
        since = watch.promises.current.awake_since

    assert patient == (since is not None)


def test_a_fault_of_ours_calls_somebody_and_the_daemon_goes_on_when_it_is_gone(
    watch: Watch, pager: Pager
) -> None:
    broken: Any = object()
    with watch.daemon() as daemon:
        watch.site.wait_for(RunStarted)
        sound = watch.promises.current
        watch.promises.current = replace(sound, sites={"acme": broken})
        watch.app.log.append(DaemonStopped(site="", note="ring"))
        (told,) = pager.wait_for(1)
        watch.promises.current = sound
        before = len(watch.site.recorded())
        daemon.reload()
        watch.site.wait_until(lambda found: len(found) > before)

    assert ("pra.daemon.failed", "AttributeError") == (
        told["type"],
        told["data"]["summary"].split()[-1],
    )
    assert "fault of pra" in told["data"]["first_line"]
    assert isinstance(sound.sites["acme"], Site)


def test_a_log_that_refuses_the_last_word_does_not_make_the_end_a_failure(watch: Watch) -> None:
    with watch.daemon():
        watch.site.wait_for(RunStarted)
        watch.refuse("daemon.*")
    watch.accept()

    assert [] == watch.site.events(DaemonStopped)


def test_a_log_that_cannot_be_used_at_the_start_calls_somebody_once_an_hour(
    watch: Watch, pager: Pager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    log = logger(human=False)
    for _ in range(3):
        with pytest.raises(StateUnusable), cried_out(watch.app, watch.promises, log):
            raise LOST

    assert ["the disk failed"] == [
        told["data"]["summary"].split(": ")[-1] for told in pager.documents()
    ]


def test_a_second_daemon_calls_nobody(
    watch: Watch, pager: Pager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNTIME_DIRECTORY", str(tmp_path))
    first, second = DaemonLock(watch.app.state), DaemonLock(watch.app.state)
    with (
        first,
        pytest.raises(StateUnusable, match="another daemon"),
        cried_out(watch.app, watch.promises, logger(human=False)),
        second,
    ):
        pass

    assert [] == pager.received


def test_lines_that_nobody_can_read_do_not_stop_anything() -> None:
    full = Path("/dev/full").open("w")  # noqa: SIM115 - its end fails as well
    with contextlib.redirect_stderr(full):
        log = logger(human=False)

    log.error("the disk is full")
    with contextlib.suppress(OSError):
        full.close()
    log.error("and by now it is closed")


def test_a_restic_that_was_replaced_meanwhile_is_asked_again(
    tmp_path: Path, restic_binaries: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = []
    for binary in restic_binaries.values():
        (tmp_path / "restic").unlink(missing_ok=True)
        (tmp_path / "restic").symlink_to(binary)
        found.append(restic_version(Processes("the-tests")))

    assert list(restic_binaries) == found

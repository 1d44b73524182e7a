"""What dead runs left behind: found, ended, removed, unlocked, and said on the log."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.adapters.leases import lease
from orchestrator.adapters.secrets import SecretFiles
from orchestrator.core.events import RunInterrupted, RunKind
from orchestrator.errors import PraError
from orchestrator.jobs import bare_home
from orchestrator.jobs.opening import drill_cache, opened
from orchestrator.log import dead, under_way
from restore_drills import process, sandbox
from restore_drills.errors import DrillError
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from orchestrator.app import App
    from orchestrator.core.events import RunStarted
    from orchestrator.core.policy.model import Site
    from orchestrator.core.state import Run

PROBE = timedelta(seconds=5)
UNLOCK_WITHIN_S = 30.0
REAPED_WITHIN_S = 5.0
ZOMBIE = b"(restic) Z "


def recover(app: App, open_runs: Mapping[str, Run] | None = None) -> list[str]:
    """Clear away what runs of this log left that are dead; return one line for each.

    A living run holds its lock and is not touched. `open_runs` are those that the log does not see
    ended, where the caller knows them. Raises StateUnusable.
    """
    said = []
    all_dead = dead(app.state, app.log, app.known().open if open_runs is None else open_runs)
    with contextlib.ExitStack() as locks:
        for found in all_dead:
            locks.callback(found.lock.release)  # of all of them, whatever fault one meets
        for found in all_dead:
            with found.lock:
                swept, note = _clear(app, found.started)
                app.log.append(
                    RunInterrupted(
                        run=found.started.run,
                        kind=found.started.kind,
                        site=found.started.site,
                        service=found.started.service,
                        swept=swept,
                        note=note,
                    ),
                    cause=found.id,
                )
            what = " ".join(filter(None, (found.started.site, found.started.service)))
            said.append(f"{what}: the {found.started.kind} run {found.started.run} {note}")
    _leftovers(app)
    return said


def _leftovers(app: App) -> None:
    """Remove what a run that has ended on the log could not remove itself, its disk being full."""
    sandbox.sweep(app.state / "drills")
    for folder in (app.state / "cache").glob("drill-*"):
        if not under_way(app.state, folder.name.removeprefix("drill-")):
            shutil.rmtree(folder, ignore_errors=True)
    for home in (app.state / bare_home.HOMES).glob("*"):  # of a plan, which is on no log
        if not under_way(app.state, home.name):
            bare_home.sweep(app.state, home.name)
            SecretFiles.sweep(home.name)


def _clear(app: App, started: RunStarted) -> tuple[int, str]:
    swept = process.sweep(started.run)
    words = ["was cut short"]
    if swept:
        words.append(f"{swept} of its processes ended")
    match started.kind:
        case RunKind.DRILL | RunKind.RECOVER:  # of a recovery the data stays: it goes on
            if sandbox.sweep(app.state / "drills", started.run):
                words.append("its sandbox removed")
            shutil.rmtree(drill_cache(app.state, started.run), ignore_errors=True)
        case _:
            places = filter(None, (started.repository, started.origin))
            words += [_unlock(app, started, place) for place in places]
    if bare_home.sweep(app.state, started.run):
        words.append("its empty home removed")
    SecretFiles.sweep(started.run)  # last: the unlocking had its own files there
    return swept, ", ".join(words)


def unlock(site: Site, repository: str, state: Path, run: str) -> None:
    """Remove the locks that dead processes left; restic itself spares those of the living.

    Bounded, and raises what the repository has to say. What it starts belongs to `run`, so that
    the next sweep finds it if we are killed as well.
    """
    processes = Processes(run)
    bell = threading.Timer(UNLOCK_WITHIN_S, processes.cancel, [f"over {UNLOCK_WITHIN_S:.0f} s"])
    bell.start()
    try:
        url = site.repositories[repository].url
        s3.probe(url, deadline=PROBE)
        with (
            lease(state, url, exclusive=False, wait=PROBE),
            opened(site=site, repository=repository, state=state, processes=processes) as restic,
        ):
            _reaped()
            restic.unlock()
    finally:
        bell.cancel()


@contextlib.contextmanager
def without_lock(app: App, site: Site, repository: str, run: str) -> Iterator[None]:
    """Whatever ends the block early, remove the lock of a restic that could not do it itself.

    One that is stopped while it takes its lock may leave it, one that the system kills surely does;
    the lock of a prune then shuts everybody out. The lease must not be held outside the block.
    """
    try:
        yield
    except PraError:
        with contextlib.suppress(PraError, DrillError, OSError):  # the first error says more
            unlock(site, repository, app.state, run)
        raise


def _unlock(app: App, started: RunStarted, repository: str) -> str:
    try:
        site = app.site(started.site)
        if repository not in site.repositories:
            return f"not unlocked: the policy has no repository {repository} any more"
        unlock(site, repository, app.state, started.run)
    except (PraError, DrillError, OSError) as error:  # the run is dead all the same
        return f"its locks may be left in {repository}: {error}"
    return f"stale locks removed from {repository}"


def _reaped() -> None:
    """Wait until whoever inherited dead restics has taken note of their end.

    To restic a zombie lives, and keeps its lock; some first processes reap every few seconds only.
    """
    until = time.monotonic() + REAPED_WITHIN_S
    while any(map(_is_zombie, Path("/proc").iterdir())) and time.monotonic() < until:
        time.sleep(0.1)


def _is_zombie(entry: Path) -> bool:
    try:
        return entry.name.isdigit() and ZOMBIE in (entry / "stat").read_bytes()
    except OSError:
        return False

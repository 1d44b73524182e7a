"""What dead runs left behind: found, ended, removed, unlocked, and said on the log."""

from __future__ import annotations

import shutil
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.adapters.leases import lease
from orchestrator.adapters.secrets import SecretFiles
from orchestrator.core.events import RunInterrupted, RunKind
from orchestrator.errors import PraError
from orchestrator.jobs.opening import drill_cache, opened
from orchestrator.log import dead
from restore_drills import process, sandbox
from restore_drills.process import Processes

if TYPE_CHECKING:
    from orchestrator.app import App
    from orchestrator.core.events import RunStarted

PROBE = timedelta(seconds=5)
UNLOCK_WITHIN_S = 30.0


def recover(app: App) -> list[str]:
    """Clear away what runs of this log left that are dead; return one line for each.

    A living run holds its lock and is not touched. Raises StateUnusable.
    """
    said = []
    for found in dead(app.state, app.log):
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
    return said


def _clear(app: App, started: RunStarted) -> tuple[int, str]:
    swept = process.sweep(started.run)
    words = ["was cut short"]
    if swept:
        words.append(f"{swept} of its processes ended")
    match started.kind:
        case RunKind.DRILL:
            if sandbox.sweep(app.state / "drills", started.run):
                words.append("its sandbox removed")
            shutil.rmtree(drill_cache(app.state, started.run), ignore_errors=True)
        case RunKind.BACKUP:
            words.append(_unlock(app, started))
    SecretFiles.sweep(started.run)  # last: the unlocking had its own files there
    return swept, ", ".join(words)


def _unlock(app: App, started: RunStarted) -> str:
    """Remove the locks of dead processes; restic itself spares those of the living."""
    # With the dead run's id: if we are killed as well, the next sweep finds what we started.
    processes = Processes(started.run)
    bell = threading.Timer(UNLOCK_WITHIN_S, processes.cancel, [f"over {UNLOCK_WITHIN_S:.0f} s"])
    try:
        bell.start()
        site = app.site(started.site)
        repository = site.repositories.get(started.repository)
        if repository is None:
            return f"not unlocked: the policy has no repository {started.repository} any more"
        s3.probe(repository.url, deadline=PROBE)
        with (
            lease(app.state, repository.url, exclusive=False, wait=PROBE),
            opened(
                site=site, repository=repository.id, state=app.state, processes=processes
            ) as restic,
        ):
            restic.unlock()
    except PraError as error:
        return f"its locks may be left in {started.repository}: {error}"
    finally:
        bell.cancel()
    return f"stale locks removed from {started.repository}"

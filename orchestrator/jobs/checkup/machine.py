"""The machine itself: the state folder, the room for a drill, the daemon."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.diagnosis import Fine
from orchestrator.jobs.checkup.ground import error, warning
from orchestrator.log import daemon_running, silent_for
from orchestrator.reports.words import duration, size
from restore_drills.host import MIB

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.jobs.checkup.ground import Ground, Said

LEAST_FREE = 512 * MIB  # the log, restic's cache and a little more
OTHERS = 0o077
SILENT = timedelta(minutes=5)  # the daemon gives a sign of life at least every half minute


def state_folder(ground: Ground) -> Said:
    """The folder of the log: ours, closed to others, on a disk with some room."""
    folder = ground.app.state
    facts = folder.stat()
    if facts.st_uid != os.geteuid():
        yield warning(
            "state-owner",
            "state",
            f"{folder} belongs to uid {facts.st_uid}, and pra runs as uid {os.geteuid()}",
            "Run pra as the folder's owner.",
        )
    elif facts.st_mode & OTHERS:
        yield warning(
            "state-open",
            "state",
            f"{folder} is open to other users of this machine",
            f"Run `chmod go-rwx {folder}`.",
        )
    else:
        yield Fine(subject="state", message=f"{folder} is ours alone")
    if (free := free_bytes(folder)) < LEAST_FREE:
        yield error(
            "disk-short",
            "state",
            f"only {size(free)} are free on the disk of {folder}",
            "Free space, or give --state a larger disk.",
        )


def daemon(ground: Ground) -> Said:
    """Whether anybody watches, and is awake."""
    pid = daemon_running(ground.app.state)
    if pid is None:
        yield warning(
            "nobody-watches",
            "daemon",
            "no daemon watches over these sites: nothing is backed up or drilled by itself",
            "Start `pra daemon`, best as a service.",
        )
        return
    silent = silent_for(ground.app.state)
    if silent is not None and silent > SILENT.total_seconds():
        yield warning(
            "daemon-silent",
            "daemon",
            f"the daemon (process {pid}) gave no sign of life for "
            f"{duration(timedelta(seconds=silent))}",
            "Look at its log, and restart it.",
        )
    else:
        yield Fine(subject="daemon", message=f"watches (process {pid})")


def free_bytes(folder: Path) -> int:
    """Return what we may write on the disk of a folder."""
    facts = os.statvfs(folder)
    return facts.f_bavail * facts.f_frsize

"""The event log: append-only, hash-chained, in one SQLite file; and the locks of living runs."""

from orchestrator.log.presence import DaemonLock, daemon_running, silent_for
from orchestrator.log.runs import RunLock, boot_id, dead, new_run_id, progress, under_way
from orchestrator.log.sqlite import Broken, Log, is_absent, place

__all__ = [
    "Broken",
    "DaemonLock",
    "Log",
    "RunLock",
    "boot_id",
    "daemon_running",
    "dead",
    "is_absent",
    "new_run_id",
    "place",
    "progress",
    "silent_for",
    "under_way",
]

"""The event log: append-only, hash-chained, in one SQLite file; and the locks of living runs."""

from orchestrator.log.runs import RunLock, boot_id, dead, new_run_id, under_way
from orchestrator.log.sqlite import Broken, Log, is_absent, place

__all__ = [
    "Broken",
    "Log",
    "RunLock",
    "boot_id",
    "dead",
    "is_absent",
    "new_run_id",
    "place",
    "under_way",
]

"""How far a run is, for whoever asks: into its lock file every other second."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from orchestrator.adapters.restic import Progress, Summary
    from orchestrator.jobs.begun import Begun
    from restore_drills.model import Step

EVERY_S = 2.0


class Watching:
    """Looks on at one run, a backup or a drill; sums the progress of its sources."""

    def __init__(self, begun: Begun, log: FilteringBoundLogger) -> None:
        self._begun = begun
        self._log = log
        self._sources: dict[tuple[str, str], Progress] = {}
        self._told = 0.0

    def said(self, service: str, line: str) -> None:
        """Take a line about the work."""
        self._log.info(line, service=service)

    def moved(self, service: str, source: str, progress: Progress) -> None:
        """Take how far a source is."""
        self._sources[service, source] = progress
        now = time.monotonic()
        if now - self._told < EVERY_S:
            return
        self._told = now
        all_of = list(self._sources.values())
        totals = [p.total_bytes for p in all_of]
        left = [p.seconds_left for p in all_of if p.seconds_left is not None]
        self._begun.lock.tell(
            {
                "done_bytes": sum(p.done_bytes for p in all_of),
                "total_bytes": None if None in totals else sum(t for t in totals if t is not None),
                "seconds_left": max(left, default=None),
            }
        )

    def taken(self, service: str, source: str, summary: Summary) -> None:
        """Take that a source's snapshot is made."""
        self._log.info("snapshot written", service=service, source=source, id=summary.snapshot[:8])

    def stepped(self, service: str, step: Step) -> None:
        """Take that a step of a service has ended."""
        self._log.info(
            "step ended", service=service, step=step.name, seconds=round(step.seconds, 1)
        )

"""What was done, as a JSON document and as lines for a person. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.core.codec import timestamp
from orchestrator.reports.words import columns, duration, when

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.core.state import Run


def document(runs: Sequence[Run]) -> dict[str, Any]:
    """Return the body of `pra history --json`; a run under way has no outcome."""
    return {
        "runs": [
            {
                "run": run.run,
                "kind": run.kind.value,
                "service": run.service or None,
                "started_at": timestamp(run.started_at),
                "finished_at": timestamp(run.finished_at) if run.finished_at else None,
                "outcome": run.outcome,
                "cause": run.cause,
                "error": run.error,
            }
            for run in runs
        ]
    }


def text(runs: Sequence[Run], zone: str) -> str:
    """Return one line a run, oldest first, in the site's local time."""
    header = ("started", "what", "service", "took", "outcome", "run", "")
    return "\n".join(columns([header, *(_row(run, zone) for run in runs)]))


def _row(run: Run, zone: str) -> tuple[str, ...]:
    took = "-"
    if run.finished_at and run.finished_at >= run.started_at:  # else the clock was set back
        took = duration(run.finished_at - run.started_at)
    return (
        when(run.started_at, zone),
        run.kind.value,
        run.service or ", ".join(run.services) or "site",
        took,
        run.outcome or "under way",
        run.run,
        (run.error or "").replace("\n", " "),
    )

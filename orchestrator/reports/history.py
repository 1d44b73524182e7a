"""What was done, as a JSON document and as lines for a person. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.core.codec import timestamp
from orchestrator.core.events import RunKind
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
                "repository": None if run.kind is RunKind.DRILL else run.repository or None,
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
    header = ("started", "what", "of", "took", "outcome", "run", "")
    return "\n".join(columns([header, *(_row(run, zone) for run in runs)]))


def _row(run: Run, zone: str) -> tuple[str, ...]:
    took = "-"
    if run.finished_at and run.finished_at >= run.started_at:  # else the clock was set back
        took = duration(run.finished_at - run.started_at)
    return (
        when(run.started_at, zone),
        run.kind.value,
        _what(run),
        took,
        run.outcome or "under way",
        run.run,
        (run.error or "").replace("\n", " "),
    )


def _what(run: Run) -> str:
    """Say what a run was about: a service, those of a drill, a repository."""
    if run.kind is RunKind.COPY and run.service:
        return f"{run.service} to {run.repository}"
    named = run.service or ", ".join(run.services)
    return named or (run.kind is not RunKind.DRILL and run.repository) or "site"

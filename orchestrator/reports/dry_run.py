"""The plan of a drill for a person. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.dry_run import whole
from orchestrator.reports.words import columns, duration

if TYPE_CHECKING:
    from orchestrator.core.dry_run import Row


def text(rows: tuple[Row, ...]) -> str:
    """Return the steps in a table, and how long they take in all; what is not known says so."""
    table: list[tuple[str, ...]] = [("step", "service", "after", "estimate", "from")]
    for row in rows:
        estimate = "not known" if row.estimate is None else f"{row.estimate:.1f} s"
        table.append((row.step, row.service, ", ".join(row.after), estimate, row.basis))
    seconds = whole(rows)
    if seconds is None:
        said = "In all: not known, some step was never measured"
    else:
        said = f"In all: about {duration(timedelta(seconds=seconds))} after you start"
    return "\n".join([*columns(table), "", f"{said}. An estimate proves nothing."])

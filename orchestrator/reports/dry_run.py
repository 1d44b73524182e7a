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
        if row.by_hand:
            estimate = duration(timedelta(seconds=row.estimate or 0))
        table.append((row.step, row.service, ", ".join(row.after), estimate, row.basis))
    seconds = whole(rows)
    by_hand = sum(row.estimate or 0 for row in rows if row.by_hand)
    if seconds is None:
        said = "In all: not known, some step was never measured"
    else:
        said = f"In all: about {duration(timedelta(seconds=seconds))} after you start"
    if by_hand:
        said += f", after {duration(timedelta(seconds=by_hand))} by hand that no drill waits for"
    return "\n".join([*columns(table), "", f"{said}. An estimate proves nothing."])

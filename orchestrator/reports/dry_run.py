"""The plan of a drill for a person. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.reports.words import columns

if TYPE_CHECKING:
    from orchestrator.core.dry_run import Row


def text(rows: tuple[Row, ...]) -> str:
    """Return the steps in a table, and what is not known of them."""
    table: list[tuple[str, ...]] = [("step", "service", "after", "estimate", "from")]
    for row in rows:
        estimate = "not known" if row.estimate is None else f"{row.estimate:.1f} s"
        table.append((row.step, row.service, ", ".join(row.after), estimate, row.basis))
    return "\n".join(columns(table))

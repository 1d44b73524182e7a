"""A pause of a site, for a person and for a program. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.core.codec import timestamp
from orchestrator.reports.page_line import clean
from orchestrator.reports.words import when

if TYPE_CHECKING:
    from orchestrator.core.state import Pause


def document(pause: Pause | None) -> dict[str, Any] | None:
    """Return a pause as JSON; null where there is none."""
    if pause is None:
        return None
    return {
        "since": timestamp(pause.at),
        "by": pause.by,
        "reason": pause.reason,
        "incident": pause.incident or None,
    }


def said(pause: Pause, zone: str) -> str:
    """Say since when, by whom and why."""
    about = f" (incident {pause.incident})" if pause.incident else ""
    return f"since {when(pause.at, zone)} by {clean(pause.by)}: {clean(pause.reason)}{about}"

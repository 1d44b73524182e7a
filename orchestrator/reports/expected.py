"""What large changes were announced, as a JSON document and as lines for a person. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.core.codec import timestamp
from orchestrator.reports.words import columns, when

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.core.state import Expected


def document(site: str, expected: Sequence[Expected]) -> dict[str, Any]:
    """Return the body of `pra expect --json`; an empty service is the whole site's."""
    return {
        "site": site,
        "expected": [
            {
                "service": one.service or None,
                "text": one.text,
                "begin": timestamp(one.begin),
                "until": timestamp(one.until),
                "by": one.by,
            }
            for one in expected
        ],
    }


def text(site: str, expected: Sequence[Expected], zone: str) -> str:
    """Return one line for each change that is announced and not over."""
    if not expected:
        return f"{site}: no large change is announced"
    header = ("from", "until", "of", "what", "announced by")
    rows = [
        (when(one.begin, zone), when(one.until, zone), one.service or "all", one.text, one.by)
        for one in expected
    ]
    return "\n".join(columns([header, *rows]))

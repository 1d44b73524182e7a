"""Since when some pack of a repository may not have been read. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.core.state import RepositoryState


def oldest_unread(known: RepositoryState) -> datetime | None:
    """Return it: when the part was read that was read longest ago.

    A part that was never read counts from the first recovery point on; None where none is there.
    """
    whole = known.oldest_read
    if whole is not None or known.since is None:
        return whole
    return min([known.since, *known.read.values()])

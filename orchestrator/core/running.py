"""What is being done right now, and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.core.state import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How far a run under way is; what nobody knows is None."""

    done_bytes: int
    total_bytes: int | None

    @property
    def percent(self) -> int | None:
        """How much is done, rounded down."""
        if not self.total_bytes:
            return None
        return min(100 * self.done_bytes // self.total_bytes, 100)

    def seconds_left(self, so_far: timedelta) -> float | None:
        """Return what is left if it goes on as it has since the start."""
        if not self.total_bytes or self.done_bytes <= 0 or so_far <= timedelta():
            return None
        left = max(self.total_bytes - self.done_bytes, 0)
        return so_far.total_seconds() * left / self.done_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A run whose process lives; `moved` is None where it does not say how far it is."""

    run: Run
    moved: Moved | None

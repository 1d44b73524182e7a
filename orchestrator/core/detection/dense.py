"""Whether what was added compresses as what this service adds: encrypted data does not. Pure."""

from __future__ import annotations

from statistics import median, quantiles
from typing import TYPE_CHECKING

from orchestrator.core.detection import names
from orchestrator.core.detection.limits import times, usual
from orchestrator.core.detection.values import Word
from orchestrator.core.events.runs import Sign

if TYPE_CHECKING:
    from orchestrator.core.detection.values import Changes
    from orchestrator.core.detection.windows import Sums, Window

LEAST = 4 << 20  # bytes: of less, the ratio says little
SHARE = 0.005  # of all bytes
COUNTED = 256 << 10  # bytes: what a stretch of the past must have added to tell its ratio
SAVED = 0.01  # a service that saves less than this never compresses: there is nothing to see
THIRD = 3.0
LARGE = 5.0  # times the size of an ordinary file
MB = 1_000_000


def incompressible(
    window: Window, changes: Changes | None, *, least: int
) -> tuple[float, Sign] | None:
    """Return how many times more than ever came that does not compress, in `least` files."""
    now, part = window.now, window.part
    if (
        now.added < max(LEAST, window.floor * SHARE * now.size)
        or now.touched < least
        or not part.touched
    ):
        return None
    if part.added > LARGE * part.touched * now.size / now.files:
        return None  # a few large files, as an archive of old ones
    if changes is not None and names.explained(changes, part.touched, now.files):
        return None
    ratios = [_ratio(s) for stretch in window.past() for s in stretch if s.added >= COUNTED]
    if not window.known or len(ratios) < window.need or not _worse(_ratio(now), ratios):
        return None
    calm, ratio = median(ratios), _ratio(now)
    stiff = _stiff(now, calm)
    if not window.shares(round(stiff), round(_stiff(part, calm))):
        return None
    past = [max((_stiff(s, calm) for s in some), default=0.0) for some in window.past()]
    return times(stiff, past, window), Sign(
        word=Word.INCOMPRESSIBLE,
        detail=f"{now.added / MB:,.0f} MB in {now.touched:,} files came {window.words} and"
        f" compress to {ratio:.1%}, usually {calm:.1%}; of such bytes"
        f" {usual([round(amount / MB) for amount in past], window, ' MB')}",
    )


def _ratio(sums: Sums) -> float:
    return min(sums.packed / sums.added, 1.0)


def _worse(ratio: float, ratios: list[float]) -> bool:
    """Say whether a ratio is out of the ordinary, where there is something to see at all."""
    saved = 1 - median(ratios)
    usually = quantiles(ratios, n=10, method="inclusive")[-1]
    return saved >= SAVED and 1 - ratio <= saved / THIRD and ratio > usually


def _stiff(sums: Sums, calm: float) -> float:
    """Return how many of the added bytes did not compress, where the rest did as usual."""
    if not sums.added:
        return 0.0
    return sums.added * max((_ratio(sums) - calm) / (1 - calm), 0.0)

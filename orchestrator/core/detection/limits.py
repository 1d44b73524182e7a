"""What "more than ever" means: a service's own past, and how cautious we are. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.core.detection.windows import Window

CAUTION = 1.5  # times the second highest of the past
UNSURE = 0.5  # so much more of it while no more is known than must be


def second(values: Sequence[float]) -> float:
    """Return the second highest: one exception in a quarter is no habit."""
    return sorted(values)[-2]


def times(value: float, past: Sequence[float], window: Window) -> float:
    """Return how many times as much as ever a value is; `past`: what each stretch had at most."""
    unsure = 1 + UNSURE * window.need / len(past)
    ever = second(past) * unsure * window.scale
    return value / ever if ever else math.inf


def usual(past: Sequence[int], window: Window, unit: str = "") -> str:
    """Say what was before, in words."""
    highest, habit = max(past), second(past)
    once = f", once {highest:,}{unit}" if highest > habit else ""
    return f"at most {habit:,}{unit} in the last {len(past)} {window.unit}{once}"

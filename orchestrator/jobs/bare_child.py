"""What a child in an empty home knows: whose run it is, and what was done before it began."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from orchestrator.core import bare
from orchestrator.errors import Misused
from restore_drills.model import Step

if TYPE_CHECKING:
    from pathlib import Path


def handed(path: Path) -> bare.Handed:
    """Return what the machine that opened the kit has handed over. Raises Misused."""
    try:
        return bare.Handed.read(json.loads(path.read_text()))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Misused(f"{path}: cannot be read: {error}", hint="Say --kit instead.") from error


def steps(told: bare.Handed, now: float) -> tuple[Step, ...]:
    """Return the steps until now: the kit, then the policy and the way to it."""
    return (
        Step(name="kit", began=0.0, seconds=told.kit_s),
        Step(name="policy", began=told.kit_s, seconds=max(0.0, now - told.began - told.kit_s)),
    )

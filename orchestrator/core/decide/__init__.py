"""What to do now: a pure function of the log's state, the policies and the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.decide.actions import Decision
from orchestrator.core.decide.backups import backups
from orchestrator.core.decide.drills import drills
from orchestrator.core.decide.incidents import changes
from orchestrator.core.decide.pages import owed

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.core.decide.actions import Policies
    from orchestrator.core.state import State

__all__ = ["decide"]


def decide(state: State, policies: Policies, now: datetime) -> Decision:
    """Return what to do now, the most urgent first: pages, incidents, backups, drills."""
    pages, page_at = owed(state, policies, now)
    says, say_at = changes(state, policies, now)
    starts, backup_at = backups(state, policies, now)
    tests, drill_at = drills(state, policies, now)
    alarms = [at for at in (page_at, say_at, backup_at, drill_at) if at is not None]
    return Decision(actions=(*pages, *says, *starts, *tests), wake_at=min(alarms, default=None))

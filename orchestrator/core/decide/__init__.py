"""What to do now: a pure function of the log's state, the policies and the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.decide.actions import Decision
from orchestrator.core.decide.incidents import changes
from orchestrator.core.decide.pages import owed
from orchestrator.core.decide.starts.backups import backups
from orchestrator.core.decide.starts.copies import copies
from orchestrator.core.decide.starts.drills import drills
from orchestrator.core.decide.starts.policies import storing
from orchestrator.core.decide.starts.upkeep import upkeep

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.core.decide.actions import Policies
    from orchestrator.core.state import State

__all__ = ["decide"]


def decide(state: State, policies: Policies, now: datetime) -> Decision:
    """Return what to do now, the most urgent first.

    Pages, incidents, backups, copies, drills, and the upkeep of repositories.
    """
    pages, page_at = owed(state, policies, now)
    says, say_at = changes(state, policies, now)
    starts, backup_at = backups(state, policies, now)
    moves, copy_at = copies(state, policies, now)
    tests, drill_at = drills(state, policies, now)
    chores, chore_at = upkeep(state, policies, now, (*starts, *moves, *tests))
    times = (page_at, say_at, backup_at, copy_at, drill_at, chore_at)
    return Decision(
        actions=(*pages, *says, *starts, *moves, *tests, *chores, *storing(state, policies)),
        wake_at=min((at for at in times if at is not None), default=None),
    )

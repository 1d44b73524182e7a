"""A retention that removed nothing, because something speaks against it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.decide.starts.retaining import SUSPICIOUS
from orchestrator.core.decide.wrong.closing import closed, closed_on
from orchestrator.core.decide.wrong.conditions import Condition, Held
from orchestrator.core.decide.wrong.shut import key
from orchestrator.core.events import RunKind

if TYPE_CHECKING:
    from orchestrator.core.decide.wrong.keeping import Keeping
    from orchestrator.core.events import RetainFinished

AT_MOST, AT_MOST_TAKEN = "P3", "P2"
MADE_UP = "made it up"  # in why a retention was held: there are snapshots that cannot be ours
AHEAD = "in the future"  # the same: something is dated after now
TAKEN = "find out who"  # the same: points of ours are gone


def withheld(of: Keeping) -> Held | None:
    """Return that a person has to look, and what it is about."""
    last = of.known.retained
    if last is None or not last.held or last.held.startswith(SUSPICIOUS):
        return None  # what it waits for is an incident already
    name = of.repository.id
    numbers = f"{_count(last.removable)} to remove, {_count(last.kept)} to keep"
    if MADE_UP in last.held:
        others = f" ({last.foreign} snapshots there are not pra's)" if last.foreign else ""
        return of.held(
            Condition.REPOSITORY_FOREIGN,
            AT_MOST_TAKEN,
            f"somebody else was at work in {name}, so nothing was removed: {last.held}{others}",
            "Find out which restic works there, and with whose keys. `pra incidents resolve` alone "
            "does not help: nothing is removed until those snapshots are forgotten by hand, or "
            "their date has passed.",
            _evidence(of, Condition.REPOSITORY_FOREIGN, last),
        )
    remedy = (
        f"Look at what it would remove, `pra repo retain {of.site.id} --dry-run`; then "
        "`pra incidents resolve` lets the next run remove exactly that many."
    )
    if AHEAD in last.held:
        remedy = (
            "Put this machine's clock right. `pra incidents resolve` alone does not help: nothing "
            "is removed until that date has passed, or its snapshots are forgotten by hand."
        )
    return of.held(
        Condition.RETENTION_HELD,
        AT_MOST_TAKEN if TAKEN in last.held else AT_MOST,
        f"the retention in {name} removed nothing ({numbers}): {last.held}",
        remedy,
        _evidence(of, Condition.RETENTION_HELD, last),
    )


def _evidence(of: Keeping, condition: Condition, last: RetainFinished) -> str:
    """Return the run that established it; what a person has closed stays as it was."""
    name = key(of.site, condition, of.repository.id)
    answered = of.known.of(RunKind.RETAIN).answered
    incident = closed(of.state, name)
    if incident and closed_on(of.state, name, last.run, answered):
        return incident.evidence
    return last.run


def _count(count: int) -> str:
    return f"{count} point{'' if count == 1 else 's'}"

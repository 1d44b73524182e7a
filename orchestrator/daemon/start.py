"""What the daemon does before it watches: heal the log, and say what would fail tonight."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.jobs import doctor
from orchestrator.log import repair

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from orchestrator.app import App


def healed(app: App, log: FilteringBoundLogger) -> None:
    """Put a damaged log aside and its own copy in its place; the gap is stated on the log.

    Must be called before the log is opened. Raises StateUnusable where there is no copy either.
    """
    damage = repair.diagnose(app.state)
    if damage is None:
        return
    restored = repair.restore(app.state, damage, clock=app.clock)
    log.error(
        "the log was damaged; its copy took its place",
        damage=damage,
        last_seq=restored.last_seq,
        kept_as=restored.kept_as,
    )


def tonight(app: App, place: str, log: FilteringBoundLogger) -> None:
    """Say what would fail tonight, each with its remedy; nothing of it keeps us from starting."""
    for finding in doctor.tonight(app, place):
        log.warning(
            "would fail tonight",
            what=finding.message,
            code=finding.code,
            severity=finding.severity,
            subject=finding.subject,
            remedy=finding.remedy,
        )

"""What there is to recover a service from: what is still good when something is not. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.reports.causes import shut
from orchestrator.reports.page_words import WORDS
from restore_drills.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from orchestrator.core.policy.model import Service
    from orchestrator.core.state import Run, State
    from orchestrator.reports.page_body import Facts
    from restore_drills.model import Scenario


def good(state: State, facts: Facts, one: Service, scenario: Scenario) -> Iterator[str]:
    """Yield the last usable point, its copies, and the last proof under this scenario."""
    words = WORDS[facts.lang]
    known = state.service(facts.incident.site, one.id)
    proofs = state.proofs(facts.incident.site, one.id, scenario)
    if known.complete and (data := known.complete.data_time):
        refuted = proofs.answered is not None and proofs.answered.verdict is Verdict.REFUTED
        how = _how(state, facts, one, one.backup_to, known.backups.answered)
        how = "-doubted" if refuted and how != "-damaged" else how
        yield words[f"point{how}"].format(**_names(facts, one, data), where=one.backup_to)
    elif one.backup_to:
        yield words["point-none"].format(who=one.name)
    for name in one.copy_to:
        there = state.copy(facts.incident.site, one.id, name)
        if there.complete and (data := there.complete.data_time):
            how = _how(state, facts, one, name, there.copies.answered)
            yield words[f"copy{how}"].format(**_names(facts, one, data), where=name)
    if proof := proofs.proven:
        at = facts.moment(proof.started_at)
        told = {"who": one.name, "at": at, "place": proof.place, "scenario": scenario.value}
        yield words["proof"].format(**told)
    else:
        yield words["proof-none"].format(who=one.name, scenario=scenario.value)


def _how(state: State, facts: Facts, one: Service, repository: str | None, last: Run | None) -> str:
    """Return what the words of a point end on: whether its repository opens, and is whole."""
    if _is_damaged(state, facts.incident.site, repository, one.id):
        return "-damaged"
    return "-away" if shut(last, repository) else ""


def _names(facts: Facts, one: Service, data: datetime) -> dict[str, str]:
    span = facts.span(max(facts.now - data, timedelta(0)))
    return {"who": one.name, "at": facts.moment(data), "span": span}


def _is_damaged(state: State, site: str, repository: str | None, service: str) -> bool:
    """Whether a damage there takes something from this service's points."""
    readings = (one.reading for one in state.repository(site, repository or "").damages.values())
    return any(
        point.service == service
        for one in readings
        for damage in one.damage
        for point in damage.points
    )

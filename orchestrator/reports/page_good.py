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
    from orchestrator.core.state import State
    from orchestrator.reports.page_body import Facts
    from restore_drills.model import Scenario


def good(state: State, facts: Facts, one: Service, scenario: Scenario) -> Iterator[str]:
    """Yield the last usable point, its copies, and the last proof under this scenario."""
    words, site = WORDS[facts.lang], facts.incident.site
    known = state.service(site, one.id)
    proofs = state.proofs(site, one.id, scenario)
    if known.complete and (data := known.complete.data_time):
        refuted = proofs.answered is not None and proofs.answered.verdict is Verdict.REFUTED
        how = "point"
        if _is_damaged(state, site, one.backup_to, one.id):
            how = "point-damaged"
        elif refuted:
            how = "point-doubted"
        elif shut(known.backups.answered, one.backup_to):
            how = "point-away"
        yield words[how].format(**_names(facts, one, data), where=one.backup_to)
    elif one.backup_to:
        yield words["point-none"].format(who=one.name)
    for name in one.copy_to:
        there = state.copy(site, one.id, name)
        if there.complete and (data := there.complete.data_time):
            how = "copy"
            if _is_damaged(state, site, name, one.id):
                how = "copy-damaged"
            elif shut(there.copies.answered, name):
                how = "copy-away"
            yield words[how].format(**_names(facts, one, data), where=name)
    if proof := proofs.proven:
        at = facts.moment(proof.started_at)
        told = {"who": one.name, "at": at, "place": proof.place, "scenario": scenario.value}
        yield words["proof"].format(**told)
    else:
        yield words["proof-none"].format(who=one.name)


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

"""What is drilled, how long it counts and what is done by hand, in the words of the language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.policy.plain_words import Plain, said
from orchestrator.core.policy.sizes import sized
from orchestrator.core.policy.values import written

if TYPE_CHECKING:
    from orchestrator.core.policy import model


def drills(site: model.Site) -> Plain:
    """Return these keys of a site; an empty list of drills says something, and stays."""
    valid = site.proof_valid_for
    listed = {} if site.drills is None else {"drills": [_drill(d) for d in site.drills]}
    return listed | said(
        manual=[_manual(step) for step in site.manual],
        proof_valid_for={
            "default": written(valid.default),
            **{scenario.value: written(lasts) for scenario, lasts in valid.scenarios.items()},
        },
        budget=said(drill_space=None if site.drill_space is None else sized(site.drill_space)),
    )


def _drill(value: model.DrillPlan) -> Plain:
    return said(
        name=value.name,
        cron=value.cron.text,
        scenario=value.scenario.value,
        point=None if value.point is None else f"random-within-{written(value.point)}",
        where=value.where,
    )


def _manual(value: model.Manual) -> Plain:
    return said(
        name=value.name,
        owner=value.owner,
        allow=written(value.allow),
        services=list(value.services),
        scenarios=[scenario.value for scenario in value.scenarios],
    )

"""The description of what is drilled, how long it counts, and what a person does by hand."""

from __future__ import annotations

from orchestrator.core.policy import values
from orchestrator.core.policy.shape import Either, Fields, ListOf, Text
from orchestrator.core.policy.words import (
    CRON,
    ID,
    LASTING,
    LINE,
    ROOM,
    SCENARIO,
    keys,
    may,
    need,
)
from restore_drills.model import Scenario

BUILT = tuple(Scenario)
POINT = Text(
    what="a point",
    pattern=values.POINT,
    read=values.point,
    write="write latest or random-within-30d",
)
DRILLS = ListOf(
    item=Fields(
        fields={
            "name": need(ID, "One of its own."),
            "cron": need(CRON, "Local time of the site."),
            "scenario": may(SCENARIO, "Default server-failure."),
            "point": may(POINT, "The disaster's instant: latest is now; or any of so long ago."),
            "where": may(ID, "A place or an equipment; elsewhere than here it is awaited."),
        }
    )
)
MANUAL = ListOf(
    item=Fields(
        fields={
            "name": need(LINE),
            "owner": need(LINE, "Who does it."),
            "allow": need(LASTING, "How long it takes."),
            "services": may(ListOf(item=ID, least=1), "Default: all."),
            "scenarios": may(ListOf(item=SCENARIO, least=1), "Default: all."),
        }
    )
)
PROOF_VALID_FOR = Either(
    text=LASTING,
    fields=Fields(
        fields={"default": may(LASTING), **{scenario.value: may(LASTING) for scenario in Scenario}}
    ),
)
BUDGET = Fields(
    fields={"drill_space": may(ROOM, "So much disk may a drill take up.")}, later=keys("egress")
)

"""Values without a fault to what is drilled, and what a person does by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.core.policy import model
from restore_drills.model import Scenario

if TYPE_CHECKING:
    from datetime import timedelta

Values = dict[str, Any]


def drill(values: Values) -> model.DrillPlan:
    """Build a drill that the policy schedules."""
    return model.DrillPlan(
        name=values["name"],
        cron=values["cron"],
        scenario=Scenario(values.get("scenario", Scenario.SERVER_FAILURE)),
        where=values.get("where"),
        point=values.get("point"),
    )


def manual(values: Values) -> model.Manual:
    """Build a step that a person does."""
    return model.Manual(
        name=values["name"],
        owner=values["owner"],
        allow=values["allow"],
        services=tuple(values.get("services", ())),
        scenarios=tuple(map(Scenario, values.get("scenarios", ()))),
    )


def proof_valid(value: timedelta | Values) -> model.ProofValid:
    """Build how long a proof counts: of every scenario, or by scenario."""
    if not isinstance(value, dict):
        return model.ProofValid(default=value)
    known = {Scenario(k): v for k, v in value.items() if k != "default"}
    default = {"default": value["default"]} if "default" in value else {}
    return model.ProofValid(**default, scenarios=known)

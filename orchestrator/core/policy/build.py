"""Values without a fault to the typed site."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from orchestrator.core.policy import build_drills, build_oncall, model
from orchestrator.core.policy.build_repository import hours, repository, retention
from orchestrator.core.policy.build_service import service
from orchestrator.core.policy.hash import policy_hash
from restore_drills.model import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterable

Values = dict[str, Any]

LANGUAGE = "fr"
COVERAGE_FLOOR = 0.5


def provider(file: Values, escalate: Values) -> model.Provider:
    """Build the provider of the provider's file; `escalate`: of what concerns no one site."""
    values = file["provider"]
    contact = values.get("contact")
    return model.Provider(
        name=values["name"],
        language=values.get("language", LANGUAGE),
        timezone=values["timezone"],
        contact=model.Contact(name=contact["name"], phone=contact.get("phone"))
        if contact
        else None,
        channels={k: build_oncall.channel(v) for k, v in file.get("channels", {}).items()},
        escalation={
            k: tuple(map(build_oncall.step, v)) for k, v in file.get("escalation", {}).items()
        },
        escalate={k: build_oncall.rule(v) for k, v in escalate.items()},
    )


def site(values: Values, *, provider: model.Provider | None, places: Iterable[str]) -> model.Site:
    """Build a site from values that passed every rule."""
    repositories = values.get("repositories", {})
    opens = bool(values.get("business", {}).get("hours"))
    referent = values.get("referent")
    built = model.Site(
        id=values["site"],
        name=values.get("name") or values["site"],
        tier=values.get("tier"),
        language=values.get("language") or (provider.language if provider else LANGUAGE),
        timezone=values.get("timezone") or (provider.timezone if provider else ""),
        provider=provider,
        business=_business(values.get("business", {})),
        referent=model.Referent(
            name=referent["name"], phone=referent.get("phone"), travel=referent.get("travel")
        )
        if referent
        else None,
        places=tuple(places),
        equipment={k: _equipment(k, v) for k, v in values.get("equipment", {}).items()},
        recover_on=values.get("recover_on"),
        lead={
            Scenario(k): model.Lead(detect=v.get("detect"), decide=v.get("decide"))
            for k, v in values.get("lead", {}).items()
        },
        outside=tuple(model.Outside(**entry) for entry in values.get("outside", ())),
        repositories={k: repository(k, v) for k, v in repositories.items()},
        services={
            k: service(k, v, repositories, business=opens) for k, v in values["services"].items()
        },
        sandbox=model.SandboxPolicy(values.get("sandbox", "required")),
        coverage_floor=values.get("coverage_floor", COVERAGE_FLOOR),
        drills=tuple(map(build_drills.drill, values["drills"])) if "drills" in values else None,
        manual=tuple(map(build_drills.manual, values.get("manual", ()))),
        escalate={k: build_oncall.rule(v) for k, v in values.get("escalate", {}).items()},
        sla={k: build_oncall.sla(v) for k, v in values.get("sla", {}).items()},
        proof_valid_for=build_drills.proof_valid(values.get("proof_valid_for", {})),
        drill_space=values.get("budget", {}).get("drill_space"),
        retention=retention(values.get("retention")),
        read_all_within=values.get("verify", {}).get("read_all_within"),
    )
    return replace(
        built,
        services={
            k: replace(v, policy_hash=policy_hash(built, v)) for k, v in built.services.items()
        },
    )


def _business(values: Values) -> model.Business:
    return model.Business(
        employees=values.get("employees"),
        hours=tuple(map(hours, values.get("hours", ()))),
        holidays=values.get("holidays"),
        closed=tuple(values.get("closed", ())),
    )


def _equipment(name: str, values: Values) -> model.Equipment:
    return model.Equipment(
        id=name,
        kind=values["kind"],
        bought=values.get("bought"),
        warranty_until=values.get("warranty_until"),
        replace_delay=values.get("replace", {}).get("delay"),
    )

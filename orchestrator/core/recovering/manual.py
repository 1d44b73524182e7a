"""What a person does by hand in a recovery, and who says that it is done. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from orchestrator.core.policy.model import Manual, Site
    from restore_drills.model import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A step by hand; `by` is empty where nobody has signed it off.

    `seconds` is from the sign-off before it, or from the start of the recovery, to its own.
    """

    name: str
    services: tuple[str, ...]
    owner: str
    allow_s: float
    seconds: float | None = None
    by: str = ""

    def document(self) -> dict[str, Any]:
        """Return the step as the document of a recovery has it."""
        return {
            "name": self.name,
            "services": list(self.services),
            "owner": self.owner,
            "allow_s": self.allow_s,
            "seconds": None if self.seconds is None else round(self.seconds, 3),
            "by": self.by or None,
        }


def steps(site: Site, plan: Plan) -> tuple[Signed, ...]:
    """Return the policy's steps for what is recovered, in its order; none of one path."""
    if any(service.path for service in plan.services):
        return ()
    return tuple(
        Signed(
            name=step.name,
            services=whose,
            owner=step.owner,
            allow_s=step.allow.total_seconds(),
        )
        for step in site.manual
        if (whose := _whose(step, plan)) and plan.scenario in (step.scenarios or (plan.scenario,))
    )


def _whose(step: Manual, plan: Plan) -> tuple[str, ...]:
    return tuple(s.id for s in plan.services if s.id in (step.services or (s.id,)))


def signed_off(document: dict[str, Any], signed: Iterable[Signed]) -> dict[str, Any]:
    """Return a drill's document with what was done by hand, as `manual` steps of its services."""
    done = tuple(signed)
    services = [
        {
            **service,
            "steps": [
                *service["steps"],
                *(
                    {"name": "manual", "what": s.name, "seconds": round(s.seconds, 3), "by": s.by}
                    for s in done
                    if s.seconds is not None and service["id"] in s.services
                ),
            ],
        }
        for service in document["services"]
    ]
    return {**document, "services": services, "manual": [s.document() for s in done]}

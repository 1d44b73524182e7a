"""The plan of a drill as a printable list of steps, estimated from the last real one. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from restore_drills.model import SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from restore_drills.model import Plan, ServicePlan

NEVER = "never drilled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One step; `service` is empty for the whole site, `estimate` seconds or None."""

    step: str
    service: str
    after: tuple[str, ...]
    estimate: float | None
    basis: str

    def document(self) -> dict[str, Any]:
        """Return the row as `pra drill --dry-run --json` gives it."""
        return {
            "step": self.step,
            "service": self.service or None,
            "after": list(self.after),
            "estimate_s": self.estimate,
            "basis": self.basis,
        }


def steps(plan: Plan, drills: Iterable[Mapping[str, Any]]) -> tuple[Row, ...]:
    """Return the steps in order; `drills` are the documents of earlier drills, oldest first."""
    known: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for drill in drills:
        if drill["scenario"] == plan.scenario:
            for service in drill["services"]:
                if service["rta_s"] is not None:
                    known[service["id"]] = (f"measured {drill['started_at'][:10]}", service)
    rows = []
    names = [s.id for s in plan.services]
    for repository in sorted({s.repository for s in plan.services if s.repository}):
        seen = [known[s.id][1]["offsets_s"]["T5a"] for s in plan.services if s.id in known]
        rows.append(
            Row(
                step=f"open {repository}",
                service="",
                after=(),
                estimate=max(seen, default=None),
                basis="last drill" if seen else NEVER,
            )
        )
    for service in plan.services:
        rows += _service(service, known.get(service.id), names)
    return tuple(rows)


def _service(
    service: ServicePlan, known: tuple[str, Mapping[str, Any]] | None, names: list[str]
) -> list[Row]:
    if service.repository is None:
        return [
            Row(step=f"none: {service.lost}", service=service.id, after=(), estimate=None, basis="")
        ]
    wanted = ["fetch"]
    if any(s.kind is SourceKind.POSTGRESQL_DUMP for s in service.sources):
        wanted += ["boot", "load"]
    wanted += ["check"] if service.checks else []
    after = tuple(f"{n}/check" for n in service.depends_on if n in names) or (
        f"open {service.repository}",
    )
    rows = []
    for name in wanted:
        estimate = None
        if known is not None:
            estimate = sum(s["seconds"] for s in known[1]["steps"] if s["name"] == name)
        basis = known[0] if known else NEVER
        rows.append(Row(step=name, service=service.id, after=after, estimate=estimate, basis=basis))
        after = (f"{service.id}/{name}",)
    return rows

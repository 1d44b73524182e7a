"""The plan of a drill as a printable list of steps, estimated from the last real one. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any

from restore_drills.model import SourceKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from orchestrator.core.policy.model import Manual
    from restore_drills.model import Plan, ServicePlan

NEVER = "never drilled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One step; `service` is empty where several wait for it, `estimate` seconds or None.

    `by_hand`: a person does it before a recovery starts, and no drill waits for it.
    """

    step: str
    service: str
    after: tuple[str, ...]
    estimate: float | None
    basis: str
    by_hand: bool = False

    @property
    def name(self) -> str:
        """How the `after` of another row calls this one."""
        return f"{self.service}/{self.step}" if self.service else self.step

    def document(self) -> dict[str, Any]:
        """Return the row as `pra drill --dry-run --json` gives it."""
        return {
            "step": self.step,
            "service": self.service or None,
            "after": list(self.after),
            "estimate_s": self.estimate,
            "basis": self.basis,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The last drill in which a service answered; `told` is its date and place."""

    told: str
    opened: float  # seconds after the start
    seconds: Mapping[str, float]  # by the name of the step, all sources together


def steps(
    plan: Plan, drills: Iterable[Mapping[str, Any]], manual: Iterable[Manual] = ()
) -> tuple[Row, ...]:
    """Return the steps in order; `drills` are the documents of earlier drills, oldest first."""
    known = _known(plan, drills)
    rows = _by_hand(plan, manual)
    for repository in sorted({s.repository for s in plan.services if s.repository}):
        rewound = any(s.rewound for s in plan.services if s.repository == repository)
        pasts = [known[s.id] for s in plan.services if s.repository == repository and s.id in known]
        slowest = max(pasts, key=lambda past: past.opened, default=None)
        rows.append(
            Row(
                step=_open(repository, rewound=rewound),
                service="",
                after=(),
                estimate=slowest.opened if slowest else None,
                basis=slowest.told if slowest else NEVER,
            )
        )
    last: dict[str, str] = {}  # service to its last step
    for service in _in_order(plan):
        rows += _service(service, known.get(service.id), last)
        last[service.id] = rows[-1].name
    return tuple(rows)


def whole(rows: Iterable[Row]) -> float | None:
    """Return the seconds until the last step ends, each starting when those before it are done.

    None where a step has no estimate; what is done by hand does not count.
    """
    ends: dict[str, float] = {}
    for row in rows:
        if row.by_hand:
            continue
        if row.estimate is None:
            return None
        ends[row.name] = max((ends[name] for name in row.after), default=0.0) + row.estimate
    return max(ends.values(), default=None)


def _open(repository: str, *, rewound: bool) -> str:
    """Name the step that opens a repository, as it is or as its versions show it was."""
    return f"open {repository}{' through its versions' if rewound else ''}"


def _by_hand(plan: Plan, manual: Iterable[Manual]) -> list[Row]:
    """Return what a person does, one after the other."""
    rows: list[Row] = []
    for step in manual:
        whose = [s.id for s in plan.services if s.id in (step.services or (s.id,))]
        if whose and plan.scenario in (step.scenarios or (plan.scenario,)):
            rows.append(
                Row(
                    step=f"manual {step.name}",
                    service=whose[0] if len(whose) == 1 else "",
                    after=tuple(row.name for row in rows[-1:]),
                    estimate=step.allow.total_seconds(),
                    basis=f"declared, by {step.owner}",
                    by_hand=True,
                )
            )
    return rows


def _known(plan: Plan, drills: Iterable[Mapping[str, Any]]) -> dict[str, Past]:
    """Return what can be compared: the same scenario, the same repository, an answer."""
    homes = {s.id: s.repository for s in plan.services}
    known = {}
    for drill in drills:
        if drill["scenario"] != plan.scenario:
            continue
        for service in drill["services"]:
            if service["rta_s"] is None or homes.get(service["id"]) != service["repository"]:
                continue
            seconds: dict[str, float] = {}
            for step in service["steps"]:
                seconds[step["name"]] = seconds.get(step["name"], 0.0) + step["seconds"]
            known[service["id"]] = Past(
                told=f"measured {drill['started_at'][:10]} on {drill['place']}",
                opened=service["offsets_s"]["T5a"],
                seconds=seconds,
            )
    return known


def _in_order(plan: Plan) -> list[ServicePlan]:
    """Return the services, each after those that it depends on."""
    by_id = {s.id: s for s in plan.services}
    needs = {s.id: [n for n in s.depends_on if n in by_id] for s in plan.services}
    return [by_id[name] for name in TopologicalSorter(needs).static_order()]


def _service(service: ServicePlan, past: Past | None, last: Mapping[str, str]) -> list[Row]:
    needs = tuple(last[name] for name in service.depends_on if name in last)
    if service.repository is None:
        return [
            Row(step="none", service=service.id, after=needs, estimate=None, basis=service.lost)
        ]
    dumps = [s for s in service.sources if s.kind is SourceKind.POSTGRESQL_DUMP]
    lots = service.sample and len(dumps) < len(service.sources)
    wanted = ["pick", "fetch"] if lots else ["fetch"]
    wanted += ["boot", "load"] if dumps and not service.path else []
    wanted += ["check"] if service.checks else []
    after = (_open(service.repository, rewound=service.rewound), *needs)
    rows = []
    for name in wanted:
        estimate = past.seconds.get(name) if past else None
        row = Row(
            step=name,
            service=service.id,
            after=after,
            estimate=estimate,
            basis=past.told if past and estimate is not None else NEVER,
        )
        rows.append(row)
        after = (row.name,)
    return rows

"""The report of a drill as the JSON document that others build on (`schema` 1). Pure.

Durations are seconds (`*_s`), sizes bytes, times RFC 3339 UTC; what was not measured is null.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from restore_drills.judge import least_sure, worst_objective
from restore_drills.model import FIRST_SUSPECTED, LeadBasis, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from restore_drills.model import Finding, Report, ServiceReport

PLACES = 3  # of a second: finer is noise
MOST_SUSPECTED = 20  # the oldest ones: since when is what matters


def document(report: Report) -> dict[str, Any]:
    """Return the document; site values are the worst of the services, null if any is null."""
    plan, services = report.plan, report.services
    proven = [s for s in services if s.verdict is Verdict.PROVEN]
    return {
        "schema": 1,
        "run": plan.run,
        "site": plan.site,
        "scenario": plan.scenario,
        "point": _point(report),
        "exploratory": plan.exploratory,
        "t0": stamp(report.t0),
        "started_at": stamp(report.started_at),
        "place": plan.place,
        "verdict": report.verdict,
        "objective": worst_objective([s.objective for s in services]),
        "label": least_sure(s.label for s in services),
        "depth": min((s.depth for s in services), default=0),
        "rta_s": _longest(s.rta for s in services),
        "lead_s": _longest(s.plan.lead for s in services),
        "lead_basis": _basis(services),
        "time_to_recover_s": _longest(s.time_to_recover for s in services),
        "rpa_s": _longest(s.rpa for s in services),
        "detection_lag_s": seconds(report.undetected),
        "coverage": {
            "services": [len(proven), len(services) + len(plan.declared)],
            "bytes": [sum(s.bytes or 0 for s in proven), all_bytes(services)],
        },
        "critical_path": list(report.critical_path),
        "bytes_fetched": None,  # restic does not say what it read over the line
        "services": [_service(s, report.started_at) for s in services],
        "sandbox": None
        if report.sandbox is None
        else {
            "mechanism": report.sandbox.mechanism,
            "uid": report.sandbox.uid,
            "network": report.sandbox.network,
            "limits": dict(report.sandbox.limits),
            "prep_s": seconds(report.sandbox.prep),
            "destroyed": report.sandbox.destroyed,
            "proof": report.sandbox.proof,
        },
        "tools": dict(report.tools),
        "findings": [_finding(f) for f in report.findings],
    }


def _point(report: Report) -> str:
    """Return how T0 was chosen."""
    if report.undetected is not None:
        return FIRST_SUSPECTED
    return report.plan.point


def _service(service: ServiceReport, started_at: datetime) -> dict[str, Any]:
    plan, point = service.plan, service.point
    offsets = {name: round(value, PLACES) for name, value in service.offsets.items()}
    return {
        "id": service.id,
        "verdict": service.verdict,
        "objective": service.objective,
        "label": service.label,
        "depth": service.depth,
        "repository": plan.repository,
        "data_time": stamp(point.data_time) if point else None,
        "policy_hash": plan.policy_hash,
        "rta_s": seconds(service.rta),
        "lead_s": seconds(plan.lead),
        "time_to_recover_s": seconds(service.time_to_recover),
        "rto_s": plan.rto // timedelta(seconds=1),
        "rpa_s": seconds(service.rpa),
        "rpo_s": plan.rpo // timedelta(seconds=1),
        "why": list(service.why),
        "path": service.path or None,
        "suspected_points": [
            {"run": p.run, "data_time": stamp(p.data_time)}
            for p in service.passed_over[:MOST_SUSPECTED]
        ],
        "snapshots": [
            {
                "source": name,
                "id": s.id,
                "original": s.original,
                "tree": s.tree,
                "data_time": stamp(s.time),
            }
            for name, s in (point.snapshots.items() if point else ())
        ],
        "files": service.files,
        "bytes": service.bytes,
        "verified_bytes": service.verified_bytes,
        "skipped_files": [],
        "instants": {
            n: stamp(started_at + timedelta(seconds=v)) for n, v in service.offsets.items()
        },
        "offsets_s": offsets,
        "steps": [{"name": s.name, "seconds": round(s.seconds, PLACES)} for s in service.steps],
        "checks": [
            {
                "name": c.name,
                "kind": c.kind,
                "status": c.status,
                "mandatory": c.mandatory,
                "detail": c.detail,
                "seconds": round(c.seconds, PLACES),
                "value": c.value,
            }
            for c in service.checks
        ],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "severity": finding.severity,
        "service": finding.service,
        "message": finding.message,
        "remedy": finding.remedy,
    }


def stamp(value: datetime) -> str:
    """Return RFC 3339 in UTC."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def seconds(value: timedelta | None) -> float | None:
    """Return seconds to the millisecond."""
    return None if value is None else round(value.total_seconds(), PLACES)


def _longest(values: Iterable[timedelta | None]) -> float | None:
    known = list(values)
    if not known or None in known:
        return None
    return seconds(max(v for v in known if v is not None))


def all_bytes(services: Iterable[ServiceReport]) -> int | None:
    """Sum what is there to prove; one service of unknown size makes the sum unknown.

    One path of a service is a part of what its point holds.
    """
    sizes = [
        s.point.bytes if s.point is not None and (s.path or s.bytes is None) else s.bytes
        for s in services
    ]
    return None if None in sizes else sum(size for size in sizes if size is not None)


def _basis(services: Iterable[ServiceReport]) -> LeadBasis:
    bases = [s.plan.lead_basis for s in services]
    order = (LeadBasis.UNKNOWN, LeadBasis.DECLARED, LeadBasis.OBSERVED)
    return min(bases, key=order.index, default=LeadBasis.UNKNOWN)

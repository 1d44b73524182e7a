"""Promised against proven, as a JSON document. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.core.codec import timestamp
from orchestrator.reports import incidents, pausing, status_suspicion
from orchestrator.reports.status_text import text

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from orchestrator.core.running import Running
    from orchestrator.core.standing import (
        CopyStatus,
        Overview,
        RepositoryStatus,
        ScenarioStatus,
        ServiceStatus,
        SiteStatus,
    )

__all__ = ["document", "text"]


def document(seen: Overview, now: datetime) -> dict[str, Any]:
    """Return the body of `pra status --json`; what is not measured is None."""
    return {
        "sites": [_site(site, now) for site in seen.sites],
        "incidents": [incidents.document(one) for one in seen.incidents],
        "daemon": None
        if seen.daemon is None
        else {"pid": seen.daemon, "stale_policies": list(seen.stale)},
    }


def _site(site: SiteStatus, now: datetime) -> dict[str, Any]:
    return {
        "site": site.site,
        "paused": pausing.document(site.paused),
        "services": [_service(one, now) for one in site.services],
        "outside": [
            {"name": one.name, "accepted_by": one.accepted_by, "on": one.on} for one in site.outside
        ],
        "incidents": [incidents.document(one) for one in site.incidents],
        "running": [_running(one, now) for one in site.running],
        "repositories": [_repository(one) for one in site.repositories],
    }


def _repository(one: RepositoryStatus) -> dict[str, Any]:
    return {
        "id": one.id,
        "oldest_unread_pack": _time(one.unread_since),
        "locked_until": _time(one.locked_until),
        "damaged": bool(one.damaged),
    }


def _service(service: ServiceStatus, now: datetime) -> dict[str, Any]:
    return {
        "id": service.id,
        "protection": service.protection.value,
        "repository": service.repository,
        "data_time": _time(service.data_time),
        "usable_at": _time(service.usable_at),
        "copies": [_copy(one) for one in service.copies],
        "suspicion": status_suspicion.document(service.doubted),
        "next_due": _time(service.next_due),
        "oldest_unread_pack": _time(service.unread_since),
        "running": [_running(one, now) for one in service.running],
        "scenarios": [_scenario(one, now) for one in service.scenarios],
    }


def _copy(one: CopyStatus) -> dict[str, Any]:
    return {
        "repository": one.repository,
        "data_time": _time(one.data_time),
        "usable_at": _time(one.usable_at),
        "lag_s": _seconds(one.lag),
    }


def _running(one: Running, now: datetime) -> dict[str, Any]:
    moved = one.moved
    return {
        "run": one.run.run,
        "kind": one.run.kind.value,
        "repository": one.run.repository or None,
        "started_at": timestamp(one.run.started_at),
        "progress": {
            "done_bytes": moved.done_bytes,
            "total_bytes": moved.total_bytes,
            "percent": moved.percent,
            "seconds_left": moved.seconds_left(now - one.run.started_at),
        }
        if moved
        else None,
    }


def _scenario(one: ScenarioStatus, now: datetime) -> dict[str, Any]:
    last, promised = one.last, one.promised
    newest = one.tried or last
    return {
        "scenario": one.scenario.value,
        "rto_s": int(promised.rto.total_seconds()) if promised else None,
        "rpo_s": int(promised.rpo.total_seconds()) if promised else None,
        "rta_s": _seconds(last.rta if last else None),
        "lead_s": _seconds(last.lead if last else None),
        "time_to_recover_s": _seconds(last.time_to_recover if last else None),
        "rpa_s": _seconds(last.rpa if last else None),
        "repository": one.repository,
        "no_copy": one.gone or None,
        "rpa_now_s": _seconds(one.lost(now)),
        "worst_case_rpa_s": _seconds(one.worst.rpa if one.worst else None),
        "worst_case_period_s": _seconds(one.worst.period if one.worst else None),
        "label": one.label.value,
        "verdict": last.verdict.value if last else None,
        "last_verdict": newest.verdict.value if newest else None,
        "objective": last.objective.value if last and last.objective else None,
        "depth": last.depth if last else None,
        "place": last.place if last else None,
        "proven_at": _time(one.proven_at),
        "stale": one.stale,
    }


def _time(at: datetime | None) -> str | None:
    return None if at is None else timestamp(at)


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()

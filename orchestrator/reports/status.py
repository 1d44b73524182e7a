"""Promised against proven, as a JSON document and as a person's page. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.core.codec import timestamp
from orchestrator.core.events import Outcome
from orchestrator.core.status import PROOF_VALID, Doubt, Protection
from orchestrator.reports.words import SCENARIOS, ago, columns, duration, when
from restore_drills.model import Label, Scenario, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime, timedelta

    from orchestrator.core.status import ScenarioStatus, ServiceStatus, SiteStatus

HEADER = ("service", "if ...", "promised", "proven", "how sure", "on", "drilled")
NOTHING = "-"


def document(sites: Sequence[SiteStatus]) -> dict[str, Any]:
    """Return the body of `pra status --json`; what is not measured is None."""
    return {"sites": [_site(site) for site in sites]}


def text(sites: Sequence[SiteStatus], now: datetime) -> str:
    """Return the page: per site a table, then all that the table cannot prove."""
    return "\n\n".join("\n".join(_page(site, now)) for site in sites)


def _site(site: SiteStatus) -> dict[str, Any]:
    return {
        "site": site.site,
        "services": [
            {
                "id": service.id,
                "protection": service.protection.value,
                "usable_at": timestamp(service.usable_at) if service.usable_at else None,
                "next_due": None,
                "oldest_unread_pack": None,
                "scenarios": [_scenario(one) for one in service.scenarios],
            }
            for service in site.services
        ],
        "outside": [
            {"name": one.name, "accepted_by": one.accepted_by, "on": one.on} for one in site.outside
        ],
        "incidents": [],
    }


def _scenario(one: ScenarioStatus) -> dict[str, Any]:
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
        "worst_case_rpa_s": None,
        "worst_case_period_s": None,
        "label": one.label.value,
        "verdict": last.verdict.value if last else None,
        "last_verdict": newest.verdict.value if newest else None,
        "objective": last.objective.value if last and last.objective else None,
        "depth": last.depth if last else None,
        "place": last.place if last else None,
        "proven_at": timestamp(one.proven_at) if one.proven_at else None,
        "stale": one.stale,
    }


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def _page(site: SiteStatus, now: datetime) -> Iterator[str]:
    yield f"{site.name} ({site.site}), {when(now, site.timezone)}"
    ours = [s for s in site.services if s.protection is not Protection.EXTERNAL]
    rows = [
        _row(service, one, site.timezone)
        for service in ours
        for one in service.scenarios
        if _has_a_row(one)
    ]
    if rows:
        yield from (f"  {line}" for line in columns([HEADER, *rows]))
    yield from (f"  {line}" for service in ours for line in _remarks(site, service, now))
    for service in site.services:
        if service.protection is Protection.EXTERNAL:
            yield (
                f"  Declared, not proven: {service.name} ({service.id}): "
                f"{service.answers} answers for it."
            )
    for outside in site.outside:
        yield (
            f"  Outside, not protected: {outside.name} "
            f"(accepted by {outside.accepted_by}, {outside.on})."
        )


def _has_a_row(one: ScenarioStatus) -> bool:
    """The others share one line: the base objective holds for them, and nothing was tried."""
    return (
        one.scenario is Scenario.SERVER_FAILURE or one.singled_out or one.last is not None
    ) and one.promised is not None


def _row(service: ServiceStatus, one: ScenarioStatus, zone: str) -> tuple[str, ...]:
    promised = one.promised
    return (
        service.id,
        SCENARIOS[one.scenario],
        f"back in {duration(promised.rto)}, lost {duration(promised.rpo)}" if promised else NOTHING,
        _proven(one),
        one.label.value.replace("-", " "),
        one.last.place if one.last else NOTHING,
        when(one.last.started_at, zone) if one.last else "never drilled",
    )


def _proven(one: ScenarioStatus) -> str:
    last = one.last
    if last is None:
        return NOTHING
    if last.verdict is not Verdict.PROVEN or last.rta is None:
        return "NO" if last.verdict is Verdict.REFUTED else "not known"
    back = (
        f"back in {duration(last.time_to_recover)}"
        if last.time_to_recover is not None
        else f"restored in {duration(last.rta)} (*)"
    )
    return back if last.rpa is None else f"{back}, lost {duration(last.rpa)}"


def _remarks(site: SiteStatus, service: ServiceStatus, now: datetime) -> Iterator[str]:
    """What a person must know beside the row, each with what to do."""
    yield from _backup_remarks(site, service, now)
    unsaid = [one for one in service.scenarios if not _has_a_row(one)]
    for one in service.scenarios:
        if _has_a_row(one):
            yield from _drill_remarks(site, service, one, now)
    if unsaid:
        words = ", ".join(SCENARIOS[one.scenario] for one in unsaid)
        yield f"{service.id}: never drilled: {words}."


def _backup_remarks(site: SiteStatus, service: ServiceStatus, now: datetime) -> Iterator[str]:
    command = f"`pra backup {site.site} {service.id}`"
    if service.protection is Protection.ADOPTED:
        yield f"{service.id}: its snapshots are made by another restic, on {service.answers}."
        return
    if service.usable_at is None:
        yield f"{service.id}: never backed up: run {command}."
    else:
        yield f"{service.id}: last usable recovery point {ago(service.usable_at, now)}."
    last = service.last_backup
    if last and last.outcome not in {None, Outcome.COMPLETE}:
        why = f": {last.error}" if last.error else ""
        when_ = when(last.started_at, site.timezone)
        yield f"{service.id}: the last backup ({when_}) ended {last.outcome}{why}; run {command}."


def _drill_remarks(
    site: SiteStatus, service: ServiceStatus, one: ScenarioStatus, now: datetime
) -> Iterator[str]:
    head = f"{service.id}, {SCENARIOS[one.scenario]}"
    again = f"`pra drill {site.site} {service.id}`"
    if one.scenario is not Scenario.SERVER_FAILURE:
        again = f"{again[:-1]} --scenario {one.scenario}`"
    if one.last is None:
        yield f"{head}: never drilled: run {again}."
        return
    if Doubt.NOT_PROVEN in one.doubts:
        proof = f"last proven {ago(one.proven_at, now)}" if one.proven_at else "never proven"
        why = "".join(f"; {reason}" for reason in one.last.why)
        yield f"{head}: the last drill was {one.last.verdict}{why}; {proof}."
    elif one.proven_at and one.proven_at > now:
        yield f"{head}: proof {ago(one.proven_at, now)}: check the clock of this machine."
    if one.tried is not None:
        why = "".join(f"; {reason}" for reason in one.tried.why)
        when_ = when(one.tried.started_at, site.timezone)
        yield f"{head}: a later drill ({when_}) was {one.tried.verdict}{why}: run {again}."
    if Doubt.POLICY_CHANGED in one.doubts:
        yield f"{head}: the policy changed since it was proven: run {again}."
    if Doubt.TOO_OLD in one.doubts:
        yield f"{head}: the proof is older than {duration(PROOF_VALID)}: run {again}."
    if one.label is not Label.UNPROVEN and one.last.lead is None and one.last.rta is not None:
        yield (
            f"(*) {head}: restoration proven in {duration(one.last.rta)}; "
            "the delay before it is not declared."
        )

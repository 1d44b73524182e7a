"""One hash per service over everything in the policy that touches it.

A proof holds for the policy under which it was made; when this hash changes, the proof is of
something else. Words for people (names, phones), the references to secrets, the schedule and who is
called do not count: what is restored and what is promised do not depend on them.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from orchestrator.core.policy.lead import manual
from orchestrator.core.policy.model import Adopted, Files, Postgresql
from orchestrator.core.policy.plain import business, equipment, lead
from orchestrator.core.policy.plain_repository import hours, protection
from orchestrator.core.policy.plain_service import service as plain_service
from restore_drills.model import Scenario, SqlCheck

if TYPE_CHECKING:
    from orchestrator.core.policy.model import External, Limits, Service, Site

    Spec = Files | Postgresql | Adopted | External

UNTOUCHED = {"name", "criticality"}  # a word for people; who is called


def policy_hash(site: Site, service: Service) -> str:
    """Return the SHA-256, in hex, of a canonical JSON of what touches the service."""
    used = [service.backup_to, *service.copy_to] + [
        source.spec.repository for source in service.sources if isinstance(source.spec, Adopted)
    ]
    repositories = [site.repositories[name] for name in used if name is not None]
    machines = {
        site.recover_on,
        *(source.equipment for source in service.sources),
        *(repository.equipment for repository in repositories),
    }
    fresh = [c.fresh for c in service.checks if isinstance(c, SqlCheck) and c.fresh]
    own = plain_service(_of_a_proof(service))
    calendar = business(site.business)
    what: dict[str, Any] = {
        "site": site.id,
        "service": service.id,
        "policy": {key: value for key, value in own.items() if key not in UNTOUCHED},
        "equipment": {
            name: equipment(machine) for name, machine in site.equipment.items() if name in machines
        },
        "repositories": {
            r.id: {"url": r.url, "location": r.location, "equipment": r.equipment, **protection(r)}
            for r in repositories
        },
        "lead": lead(site),
        "recover_on": site.recover_on,
        "timezone": site.timezone,
        # A closure or a holiday moves no proof, unless a check counts in business hours.
        "calendar": {key: value for key, value in calendar.items() if key != "employees"}
        if any(f.business for f in fresh)
        else None,
    }
    by_hand = [(s, step.allow) for s in Scenario for step in manual(site, service.id, s)]
    if by_hand:
        what["manual"] = [(s, allow.total_seconds()) for s, allow in by_hand]
    slowed = {r.id: r.limits.download for r in repositories if r.limits.download is not None}
    if slowed:
        what["download"] = slowed  # a drill keeps to it too
    windows = {r.id: slow for r in repositories if (slow := _windows(r.limits))}
    if windows:
        what["windows"] = windows
    if service.depends_on:
        # It answers on top of these: what was proven stood on them as they were.
        what["rests on"] = {
            name: policy_hash(site, site.services[name]) for name in service.depends_on
        }
    text = json.dumps(what, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _windows(limits: Limits) -> list[Any]:
    """Return when a drill fetches at another rate; how fast we upload is nothing to a proof."""
    if all(window.download == limits.download for window in limits.windows):
        return []
    return [(hours(window.hours), window.download) for window in limits.windows]


def _of_a_proof(service: Service) -> Service:
    """Leave out the references to secrets, the schedule and the decoys: when is not what."""
    return replace(
        service,
        every=None,
        cron=None,
        sources=tuple(replace(source, spec=_bare(source.spec)) for source in service.sources),
    )


def _bare(spec: Spec) -> Spec:
    match spec:
        case Postgresql():
            return replace(spec, password=None)
        case Files():
            return replace(spec, decoy=None)
        case _:
            return spec

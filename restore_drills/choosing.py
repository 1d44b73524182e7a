"""Which recovery point each service is given, when the disaster was, and what is passed over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from restore_drills import findings as say
from restore_drills import points
from restore_drills.errors import CannotRun, Damaged, DrillError
from restore_drills.model import LATEST, Scenario

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from restore_drills.host import Restore
    from restore_drills.model import Plan, ServicePlan, Snapshot
    from restore_drills.service import Proof

Opened = dict[str, "tuple[tuple[Snapshot, ...], float] | DrillError"]
Found = dict[str, "points.Points | DrillError"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Disaster:
    """When it was. `is_named`: not now by this machine's clock.

    `detected`: it is the instant of the first suspected point, and this is when that is acted on.
    """

    t0: datetime
    is_named: bool
    detected: datetime | None = None

    @property
    def undetected(self) -> timedelta | None:
        """Return for how long a suspected point was there."""
        return None if self.detected is None else max(self.detected - self.t0, timedelta())


def look(plan: Plan, opened: Opened, restore: Restore) -> Found:
    """Return the recovery points of every service, or why they are not known."""
    return {service.id: _look(service, opened, restore) for service in plan.services}


def _look(service: ServicePlan, opened: Opened, restore: Restore) -> points.Points | DrillError:
    if service.repository is None:
        return Damaged(service.lost or "no copy survives")
    answer = opened[service.repository]
    if isinstance(answer, DrillError):
        return answer
    try:
        mistrusted = restore.mistrusted(service.repository, service)
    except (Damaged, CannotRun) as error:
        return error
    return points.find(answer[0], service, mistrusted)


def disaster(
    plan: Plan, started_at: datetime, found: Mapping[str, points.Points | DrillError]
) -> Disaster:
    """Return T0: what was asked for, else now; a virus was there at the first suspected point."""
    asked = plan.t0 or started_at
    if plan.scenario is Scenario.RANSOMWARE:
        known = [s.since for one in plan.services for s in one.suspects if s.until is None]
        seen = [one.suspected_since for one in found.values() if isinstance(one, points.Points)]
        first = min([*known, *(at for at in seen if at is not None)], default=None)
        if first is not None and first <= asked:
            return Disaster(t0=first, is_named=True, detected=started_at)
    # A recovery that goes on has the T0 that it began with, which nobody has named.
    return Disaster(t0=asked, is_named=plan.t0 is not None and plan.point != LATEST)


def choose(proof: Proof, opened: Opened, found: Found) -> DrillError | None:
    """Give a service its recovery point, or say why there is none."""
    plan, setting = proof.plan, proof.setting
    disaster, zone = setting.disaster, setting.plan.calendar.timezone
    there = found[plan.id]
    if isinstance(there, DrillError):
        return there
    answer = opened[plan.repository or ""]
    if not isinstance(answer, DrillError):
        proof.offsets["T5a"] = answer[1]
    now = setting.host.now()
    proof.point = there.before(disaster.t0, chosen=disaster.is_named)
    proof.passed_over = there.passed_over(disaster.detected or disaster.t0, proof.point, now)
    if proof.passed_over:
        proof.findings.append(say.suspected(plan, proof.passed_over, zone))
    if there.unmarked is not None:
        proof.findings.append(say.unmarked(plan, there.unmarked, zone))
    ahead = there.after(now)
    if ahead:
        latest = max(map(points.usable_at, ahead))
        proof.findings.append(say.clock(plan, latest, now))
    if proof.point is None:
        return _none(plan, there, disaster.t0, zone, dated_ahead=bool(ahead))
    doubt = there.doubt(proof.point, plan)
    if doubt is not None:
        before = there.last_before(doubt)
        taken = None if before is None else points.usable_at(before)
        proof.findings.append(say.unusual(plan, doubt, before, taken, zone))
    newer = [line for line in there.unusable if line.split(":")[0] > proof.point.run]
    proof.findings += [say.unusable(plan, line) for line in newer[-1:]]
    if not plan.selection.sealed:
        proof.findings.append(say.no_seal(plan))
    return None


def _none(
    plan: ServicePlan, found: points.Points, t0: datetime, zone: str, *, dated_ahead: bool
) -> DrillError:
    """Say why there is no recovery point."""
    if dated_ahead:
        return CannotRun(f"{plan.id}: its only recovery points are dated in the future")
    if found.suspected and not found.usable:
        return Damaged(
            "every recovery point is suspected",
            hint="Judge them: `pra incidents` names the incident, `pra incidents resolve ID"
            " --false-alarm` ends it if they are sound.",
        )
    if found.unusable and not found.usable:
        return Damaged(f"no usable recovery point: {found.unusable[-1]}")
    if found.usable:
        asked, first = (
            at.astimezone(ZoneInfo(zone)) for at in (t0, points.usable_at(found.usable[0]))
        )
        return Damaged(
            f"no recovery point is older than {asked:%Y-%m-%d %H:%M:%S} ({zone}), "
            f"the first is of {first:%Y-%m-%d %H:%M:%S}",
            hint="`pra snapshots SITE` lists what there is.",
        )
    why = ", though this log knows of backups" if plan.pinned else ": never backed up"
    return Damaged(f"no recovery point in {plan.repository}{why}")

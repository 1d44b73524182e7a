"""A status as a monitoring system wants it: the worst first, what can wait after it. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.standing import Doubt, Protection
from orchestrator.reports.pausing import said as paused
from orchestrator.reports.plugin import Level, number, printed, unknown
from orchestrator.reports.words import SCENARIOS, duration
from restore_drills.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from orchestrator.core.standing import (
        Overview,
        RepositoryStatus,
        ScenarioStatus,
        ServiceStatus,
        SiteStatus,
    )
    from orchestrator.core.state import Incident

DOUBTS = {
    Doubt.NEVER_DRILLED: "never drilled",
    Doubt.NOT_PROVEN: "not proven",
    Doubt.POLICY_CHANGED: "the policy changed since the proof",
    Doubt.MACHINE_REBUILT: "the machine was rebuilt since the proof",
    Doubt.TOO_OLD: "the proof is too old",
}
NOBODY = "nobody watches: start `pra daemon`"
Said = tuple[Level, str]


def report(seen: Overview, now: datetime, faults: Sequence[str] = ()) -> tuple[int, str]:
    """Return the exit code and all that is to be printed; `faults` are those of policy files."""
    if not seen.sites:
        return unknown("no policy of any site")
    said = [_incident(one) for one in seen.incidents]
    said += [(Level.WARNING, fault) for fault in faults]
    said += [one for site in seen.sites for one in _site(site, now, len(seen.sites) > 1)]
    unwatched = seen.daemon is None
    if unwatched and any(_scheduled(site) for site in seen.sites):
        said.append((Level.WARNING, NOBODY))
    wrong = sorted(said, key=lambda one: -one[0])
    level = wrong[0][0] if wrong else Level.OK
    first = "; ".join(words for at, words in wrong if at is level) if wrong else _well(seen)
    numbers = [one for site in seen.sites for one in _numbers(site, now, len(seen.sites) > 1)]
    details = [f"{at.name}: {words}" for at, words in wrong]
    details += [one for site in seen.sites for one in _untried(site)]
    if unwatched and (Level.WARNING, NOBODY) not in said:
        details.append(NOBODY)
    return int(level), printed(level, first, numbers, details)


def _scheduled(site: SiteStatus) -> bool:
    return site.paused is not None or any(one.next_due is not None for one in site.services)


def _well(seen: Overview) -> str:
    """Say what is proven, and no more."""
    services = [one for site in seen.sites for one in site.services]
    ours = [one for one in services if one.protection is not Protection.EXTERNAL]
    proven = {o.scenario: SCENARIOS[o.scenario] for s in ours for o in s.scenarios if o.counts}
    if not proven:
        return "others answer for every service"
    count = f"{len(ours)} service{'' if len(ours) == 1 else 's'}"
    return f"{count}, proven if {' or '.join(proven.values())}, no more lost than promised"


def _untried(site: SiteStatus) -> Iterator[str]:
    """What nobody asked about yet is not wrong, and not silent either."""
    for service in site.services:
        never = [one.scenario for one in service.scenarios if one.promised and not one.counts]
        if never:
            yield f"never drilled: {service.id} if {' or '.join(SCENARIOS[n] for n in never)}"


def _site(site: SiteStatus, now: datetime, several: bool) -> Iterator[Said]:  # noqa: FBT001 - one word
    head = f"{site.site} " if several else ""
    for incident in site.incidents:
        level, words = _incident(incident)
        yield level, f"{head}{words}"
    if site.paused is not None:
        yield Level.WARNING, f"{head}paused {paused(site.paused, site.timezone)}"
    for service in site.services:
        if service.protection is Protection.EXTERNAL:
            continue  # declared by somebody else: not ours to judge
        points = _points(service, now)
        if site.paused is not None:  # somebody knows that they get old
            points = ((Level.WARNING, words) for _, words in points)
        for level, words in (*points, *_proofs(service)):
            yield level, f"{head}{service.id}: {words}"
    for one in site.repositories:
        for level, words in _kept(one, now):
            yield level, f"{head}{one.id}: {words}"


def _incident(one: Incident) -> Said:
    level = Level.CRITICAL if one.criticality in {"P1", "P2"} else Level.WARNING
    taken = f", acknowledged by {one.acknowledged_by}" if one.acknowledged_by else ""
    what = " ".join(filter(None, (one.criticality, one.service, one.condition)))
    return level, f"incident {what}{taken}: {one.summary}"


def _points(service: ServiceStatus, now: datetime) -> Iterator[Said]:
    if service.protection is not Protection.OURS:
        return  # the log does not see the points that another restic makes
    lost, rpo = service.lost(now), service.rpo
    if service.doubted is not None:
        grave = service.doubted.grave
        words = "its points are suspected" if grave else "it changed in an unusual way"
        yield Level.CRITICAL if grave else Level.WARNING, words
    if lost is None:
        yield Level.CRITICAL, "no usable recovery point"
    elif rpo is not None and lost > rpo:
        yield Level.CRITICAL, f"a failure now loses {duration(lost)}, promised {duration(rpo)}"
    for one in service.copies:
        old = one.lost(now)
        if one.rpo is None or lost is None:
            continue
        if old is None:
            yield Level.WARNING, f"no copy in {one.repository}"
        elif old > one.rpo:
            said = f"its copy in {one.repository} is {duration(old)} old"
            yield Level.CRITICAL, f"{said}, promised {duration(one.rpo)}"
    if (late := service.late(now)) is not None:
        yield Level.WARNING, f"its backup is overdue since {duration(late)}"


def _kept(one: RepositoryStatus, now: datetime) -> Iterator[Said]:
    if one.damaged:
        yield Level.CRITICAL, f"damaged: {one.damaged[0]}"
    if (unread := one.unread(now)) is not None:
        yield Level.WARNING, f"some of it was not read for {duration(unread)}"
    if (left := one.unlocked(now)) is not None:
        ends = f"ends in {duration(left)}" if left > timedelta() else "has ended"
        yield Level.CRITICAL, f"a lock {ends}"


def _proofs(service: ServiceStatus) -> Iterator[Said]:
    for one in service.scenarios:
        if not one.counts:
            continue
        if one.last is not None and one.last.verdict is Verdict.REFUTED:
            why = one.last.why[0] if one.last.why else "see `pra status`"
            yield Level.CRITICAL, f"refuted if {SCENARIOS[one.scenario]}: {why}"
        elif one.doubts:
            yield Level.WARNING, f"unproven if {SCENARIOS[one.scenario]}: {_doubts(one)}"


def _doubts(one: ScenarioStatus) -> str:
    return ", ".join(DOUBTS[doubt] for doubt in one.doubts)


def _numbers(site: SiteStatus, now: datetime, several: bool) -> Iterator[str]:  # noqa: FBT001 - as above
    for service in site.services:
        name = f"{site.site}_{service.id}" if several else service.id
        if (lost := service.lost(now)) is not None:
            yield number(f"{name}_rpa", lost, service.rpo)
        for copy in service.copies:
            if (age := copy.lost(now)) is not None:
                yield number(f"{name}_{copy.repository}_rpa", age, copy.rpo)
        if service.worst is not None:
            yield number(f"{name}_worst_rpa", service.worst.rpa, service.rpo)
        for one in service.scenarios:
            back = one.last.time_to_recover if one.counts and one.last else None
            if back is not None and one.promised is not None:
                yield number(f"{name}_{one.scenario}_time_to_recover", back, one.promised.rto)

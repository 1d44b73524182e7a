"""What a schedule cannot hold, and what nobody is called for: warnings about a valid site."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.cron import largest_gap
from orchestrator.core.policy.values import MINUTE, spoken
from restore_drills.model import Scenario

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.core.policy.fault import Path
    from orchestrator.core.policy.model import Retention, Service, Site

Warned = tuple["Path", str, str]  # where, what, what to do
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BASE, WIPE = Scenario.SERVER_FAILURE, Scenario.BUCKET_WIPE


def schedule_lints(site: Site) -> Iterator[Warned]:
    """Yield the path, the message and the remedy of each warning."""
    for service in site.services.values():
        yield from _rare_backups(site, service)
    yield from _rare_drills(site)
    yield from _nobody_called(site)


def _rare_backups(site: Site, service: Service) -> Iterator[Warned]:
    """The data grow older than the gap while the backup runs: an RPO of a day needs two a day."""
    if service.backup_to is None:
        return
    path = ("services", service.id)
    gaps = [service.every] if service.every else []
    gaps += [largest_gap(service.cron, site.timezone)] if service.cron else []
    if not gaps:
        remedy = "add backup: {every: 4h}, or a cron"
        yield (*path, "backup"), "never backed up by the daemon: no schedule", remedy
        return
    if min(gaps) < MINUTE:
        what = f"backed up every {spoken(min(gaps))}: each run starts restic four times"
        yield (*path, "backup", "every"), what, "write 1m or more"
    scenario, promise = min(service.objectives.items(), key=lambda item: item[1].rpo)
    if promise.rpo <= min(gaps):
        own = ("scenarios", scenario.value) if scenario else ()
        what = (
            f"an rpo of {spoken(promise.rpo)} is missed with up to {spoken(min(gaps))} between "
            "backups, and the time that each takes"
        )
        yield (*path, "objectives", *own, "rpo"), what, "back up more often, or promise less"


def _rare_drills(site: Site) -> Iterator[Warned]:
    """Without `drills:`, the daemon keeps every proof of a server failure alive by itself."""
    if not any(service.objectives for service in site.services.values()):
        return
    drilled = {drill.scenario for drill in site.drills or ()}
    if site.drills is not None and BASE not in drilled:
        what = f"no drill of {BASE}: its objectives are never proven"
        yield ("drills",), what, "add one, or remove drills: and the daemon keeps proofs alive"
    for scenario in sorted(drilled):
        yield from _far_apart(site, scenario)
    for service in site.services.values():
        yield from _unproven(site, service, drilled)
    yield from _thinned(site)


def _far_apart(site: Site, scenario: Scenario) -> Iterator[Warned]:
    gaps: dict[int, timedelta] = {
        i: largest_gap(drill.cron, site.timezone)
        for i, drill in enumerate(site.drills or ())
        if drill.scenario is scenario
    }
    often = min(gaps, key=lambda i: gaps[i])
    lasts = site.proof_valid_for.of(scenario)
    if gaps[often] > lasts:
        what = f"up to {spoken(gaps[often])} between drills, but a proof counts for {spoken(lasts)}"
        remedy = "drill more often, or lengthen proof_valid_for"
        yield ("drills", f"[{often}]", "cron"), what, remedy


def _unproven(site: Site, service: Service, drilled: set[Scenario]) -> Iterator[Warned]:
    """A promise of its own is proven by a drill of its own."""
    on_s3 = any(one.url.startswith("s3:") for one in site.repositories.values())
    for scenario in service.objectives:
        if scenario is None or scenario in {BASE, *drilled} or (scenario is WIPE and not on_s3):
            continue
        yield (
            ("services", service.id, "objectives", "scenarios", scenario.value),
            f"no drill of {scenario}: what is promised here is never proven",
            f'add to drills: {{name: {scenario}, cron: "0 4 20 * *", scenario: {scenario}}}',
        )


def _thinned(site: Site) -> Iterator[Warned]:
    """A disaster of weeks ago falls between the points that a retention still keeps from then."""
    for i, drill in enumerate(site.drills or ()):
        apart = drill.point and site.retention and _apart(site.retention, drill.point)
        promises = [
            promise
            for service in site.services.values()
            if (promise := service.promise(drill.scenario)) is not None
        ]
        rpo = min((promise.rpo for promise in promises), default=None)
        if drill.point and apart and rpo is not None and rpo <= apart:
            yield (
                ("drills", f"[{i}]", "point"),
                (
                    f"of {spoken(drill.point)} ago the retention keeps a point every "
                    f"{spoken(apart)}: an rpo of {spoken(rpo)} is missed there ({drill.scenario})"
                ),
                "draw from a shorter time, keep more points, or promise less",
            )


def _apart(kept: Retention, ago: timedelta) -> timedelta | None:
    """Return how far apart the points are that are kept of so long ago; None: nobody can say."""
    rules = (
        (kept.hourly, HOUR),
        (kept.daily, DAY),
        (kept.weekly, 7 * DAY),
        (kept.monthly, 31 * DAY),
        (kept.yearly, 366 * DAY),
    )
    return next((each for count, each in rules if count * each >= ago), None)


def _nobody_called(site: Site) -> Iterator[Warned]:
    words = {s.criticality for s in site.services.values() if s.objectives}
    silent = sorted(words - site.escalate.keys())
    if silent:
        rules = ", ".join(f"{word}: CHAIN" for word in silent)
        what = f"nobody is called when something of {' or '.join(silent)} breaks"
        known = ", ".join(site.provider.escalation) if site.provider else ""
        chains = f"a chain is {known}" if known else "chains and channels stand in provider.yaml"
        yield ("escalate",), what, f"add escalate: {{{rules}}}; {chains}"

"""What is allowed and probably not what somebody wants: warnings about a valid site."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.policy.lead import declared_lead
from orchestrator.core.policy.lints_copies import copy_lints
from orchestrator.core.policy.lints_schedule import schedule_lints
from orchestrator.core.policy.model import Postgresql, Service, Site
from orchestrator.core.policy.values import spoken
from restore_drills.model import Scenario, SqlCheck

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.core.policy.fault import Path

Warned = tuple["Path", str, str]  # where, what, what to do


def lints(site: Site) -> Iterator[Warned]:
    """Yield the path, the message and the remedy of each warning."""
    yield from _half_a_lead(site)
    for service in site.services.values():
        yield from _slow_dependency(site, service)
        yield from _late_start(site, service)
        yield from _unread_database(service)
    yield from copy_lints(site)
    yield from schedule_lints(site)


def _half_a_lead(site: Site) -> Iterator[Warned]:
    for scenario, lead in site.lead.items():
        missing = [n for n, v in (("detect", lead.detect), ("decide", lead.decide)) if not v]
        if missing:
            yield (
                ("lead", scenario.value),
                f"without {' and '.join(missing)} it counts as not declared",
                "declare both: how long until somebody knows, and until somebody decides",
            )


def _slow_dependency(site: Site, service: Service) -> Iterator[Warned]:
    for needed in service.depends_on:
        for scenario in Scenario:
            own, its = service.promise(scenario), site.services[needed].promise(scenario)
            if own and its and own.rto < its.rto:
                what = (
                    f"its rto is {spoken(own.rto)}, but {needed}, which it needs, may take "
                    f"{spoken(its.rto)} ({scenario})"
                )
                remedy = f"shorten the rto of {needed}, or lengthen this one"
                yield ("services", service.id, "depends_on"), what, remedy
                break


def _late_start(site: Site, service: Service) -> Iterator[Warned]:
    for scenario in Scenario:
        promise, lead = service.promise(scenario), declared_lead(site, service, scenario)
        if promise and lead is not None and lead > promise.rto:
            own = ("scenarios", scenario.value) if scenario in service.objectives else ()
            what = (
                f"the declared lead of {spoken(lead)} alone is longer than the rto of "
                f"{spoken(promise.rto)} ({scenario})"
            )
            remedy = "promise what can be held, or shorten lead, replace.delay or travel"
            yield ("services", service.id, "objectives", *own, "rto"), what, remedy


def _unread_database(service: Service) -> Iterator[Warned]:
    databases = [s.name for s in service.sources if isinstance(s.spec, Postgresql)]
    read = {c.source or databases[0] for c in service.checks if isinstance(c, SqlCheck)}
    for name in databases:
        if name not in read:
            single = len(service.sources) == 1
            yield (
                ("services", service.id, *(("source",) if single else ("sources", name))),
                "no check reads this database: that it loads is all that a drill proves",
                "add a check by sql",
            )

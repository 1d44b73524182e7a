"""What stands in a recovery's folder at the end, and the commands that put it to work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.core.decide.wrong.conditions import Condition, stem
from orchestrator.core.policy import check
from orchestrator.core.recovering import cutover, policies
from orchestrator.errors import StateUnusable
from orchestrator.jobs.recover_place import DAMAGED, DATABASE, FILES, has_files, is_dump
from restore_drills.model import SourceKind, Status, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from orchestrator.app import App
    from orchestrator.core.policy.model import Site
    from orchestrator.jobs.recover_place import Place
    from orchestrator.jobs.recover_start import Server
    from restore_drills.model import Report, ServiceReport


def is_over(report: Report) -> bool:
    """Whether another run would change nothing: all is there, and every answer is known."""
    return all("T6" in s.offsets and s.verdict is not Verdict.INCONCLUSIVE for s in report.services)


def places(report: Report, place: Place) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return by service what lies where; a service of which nothing is there is absent."""
    found = {s.id: tuple(_places(s, place)) for s in report.services}
    return {service: there for service, there in found.items() if there}


def _places(service: ServiceReport, place: Place) -> list[tuple[str, str]]:
    plan, top = service.plan, place.target / service.id
    suffix = "" if "T6" in service.offsets else DAMAGED
    if plan.path:
        one = place.of_path(plan)
        wanted = [("path", one.with_name(one.name + suffix))]
    else:
        wanted = [("files", top / f"{FILES}{suffix}")] if has_files(plan) else []
        if any(is_dump(source.kind) for source in plan.sources):
            wanted.append(("database", top / f"{DATABASE}{suffix}"))
    return [("damaged" if suffix else kind, str(path)) for kind, path in wanted if _is_there(path)]


def _is_there(path: Path) -> bool:
    return path.is_symlink() or path.exists()


def attacks(app: App, site: Site) -> tuple[tuple[str, str], ...]:
    """Return the open incidents of suspected points: the service, empty for all, and the id."""
    try:
        known = app.known().incidents.values()
    except StateUnusable:  # a recovery waits for no log
        return ()
    return tuple(
        (one.service, one.id)
        for one in known
        if one.site == site.id
        and one.resolved_at is None
        and stem(one.condition)[0] is Condition.BACKUP_SUSPECTED
    )


def policy_steps(
    written: Mapping[str, str], site: Site, place: Place, lang: str
) -> tuple[str, ...]:
    """Return what puts the policy to work that is kept there, where one was found with a kit."""
    checked = check(dict(written))
    found = checked.sites.get(site.id)
    if found is None:
        return ()
    return policies.lines(found, checked.provider, str(place.policies(site)), lang)


def cut_over(  # noqa: PLR0913, PLR0917 - what they speak of
    site: Site,
    report: Report,
    place: Place,
    lang: str,
    servers: Sequence[Server] = (),
    attacks: Sequence[tuple[str, str]] = (),
    policy: Sequence[str] = (),
) -> tuple[str, ...]:
    """Return the commands that put what is there to work, and end the `servers` of here."""
    return cutover.commands(
        site,
        [_back(s, place) for s in report.services],
        run=report.plan.run,
        target=str(place.target),
        scenario=report.plan.scenario,
        lang=lang,
        stops=tuple((one.service, one.stop) for one in servers),
        attacks=attacks,
        policy=policy,
    )


def _back(service: ServiceReport, place: Place) -> cutover.Back:
    plan, top = service.plan, place.target / service.id
    failed = [c.name for c in service.checks if c.mandatory and c.status is not Status.PASS]
    shallow = [] if failed or "T8" in service.offsets else list(service.why)
    trees = {s.name for s in plan.sources if s.kind is SourceKind.FILES}
    snapshots = service.point.snapshots if service.point else {}
    paths = [p for name, s in snapshots.items() if name in trees for p in s.paths]
    return cutover.Back(
        service=service.id,
        whole="T6" in service.offsets,
        why="; ".join(failed or shallow),
        files=str(place.of_path(plan) if plan.path else top / FILES) if trees else "",
        paths=tuple(dict.fromkeys(paths)),
        path=plan.path,
        dumps=()
        if plan.path
        else tuple(
            cutover.Dump(
                source=source.name,
                dump=str(top / DATABASE / f"{source.name}.dump"),
                roles=str(top / DATABASE / f"{source.name}.roles.sql"),
            )
            for source in plan.sources
            if is_dump(source.kind)
        ),
    )

"""The plan of a drill or a recovery from a kit alone: what would be done, and nothing restored.

The kit and the policy beside the points are really opened: until then nobody knows what there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.core import bare, plan, policy
from orchestrator.core.dry_run import steps
from orchestrator.core.events import DrillFinished, RunKind
from orchestrator.core.recovering import standing
from orchestrator.jobs import bare_policy
from orchestrator.jobs.bare import held
from orchestrator.jobs.bare_home import Home
from orchestrator.jobs.kit_times import expected
from orchestrator.log import RunLock, new_run_id
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from orchestrator.app import App
    from orchestrator.core.dry_run import Row
    from orchestrator.core.kit.contents import Kit
    from orchestrator.core.plan import Request
    from orchestrator.core.policy.model import Site
    from orchestrator.jobs.bare import Asked
    from orchestrator.jobs.bare_policy import Found
    from restore_drills.model import Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What would be done; no `rows` where nothing can be, and the findings say why.

    `times` are lines: when each service is expected to answer.
    """

    kit: Kit
    holder: str
    findings: tuple[Finding, ...]
    found: Found | None = None
    rows: tuple[Row, ...] = ()
    times: Sequence[str] = ()


def planned(
    app: App, asked: Asked, request: Callable[[Site], Request], said: Callable[[str], None]
) -> Planned:
    """Open the kit and the repositories, and return the plan; the log is not written to.

    `request` is what is asked of the site, once it is known. Raises KitRefused, KitDamaged,
    Misused, PraError.
    """
    holding = held(app, asked)
    kit, run = holding.kit, new_run_id(asked.at)
    real = asked.kind is RunKind.RECOVER
    names = bare.left(kit, asked.scenario, real=real)
    if not names:
        gone = bare.nothing_left(kit.site)
        return Planned(kit=kit, holder=holding.holder, findings=(gone,))
    said(f"kit {kit.kit} opened: looking into {', '.join(names)}")
    with RunLock(app.state, run), Home(app.state, run) as home:
        found = bare_policy.find(kit, names, home, home.secrets(kit), Processes(run), app.clock())
    findings = list(found.findings)
    checked = policy.check(found.policy.files) if found.policy else None
    site = checked.sites.get(kit.site) if checked else None
    if checked is None or found.policy is None or site is None:
        if checked is not None and found.policy is not None:
            faults = [str(one) for one in checked.errors]
            findings.append(bare.unreadable(found.policy.repository, faults))
        return Planned(kit=kit, holder=holding.holder, findings=tuple(findings), found=found)
    findings += [*bare.differences(site, kit), *bare.unknown(site)]
    fitted = bare.fitted(site, kit, found.files, found.shut)
    nothing = plan.Memory(pinned=lambda _: {}, last_values=lambda _: {})
    wanted = request(fitted)
    if real:
        wanted = standing.seen(fitted, wanted, {one.id: one.listing for one in found.looked})
    made = plan.build(fitted, wanted, nothing, app.clock())
    told = (one.event for one in app.recorded(kit.site, types=(DrillFinished,)))
    drills = [event.document for event in told if isinstance(event, DrillFinished)]
    return Planned(
        kit=kit,
        holder=holding.holder,
        findings=(*findings, *made.findings),
        found=found,
        rows=steps(made, drills, site.manual),
        times=expected(kit, site, asked.services, asked.lang) if asked.is_whole else (),
    )

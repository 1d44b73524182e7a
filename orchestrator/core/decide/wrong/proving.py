"""What is wrong with a site's proofs: refuted, not to be had, too old, awaited in vain. Pure.

A drill that says no is for the morning: nothing is lost yet, and no chain that wakes somebody
whatever happens is taken for it. So none of these is graver than P2.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.codec import timestamp
from orchestrator.core.decide.starts.drills import awaited, patience
from orchestrator.core.decide.starts.proofs import PROOF
from orchestrator.core.decide.starts.turns import retry_at
from orchestrator.core.decide.wrong.conditions import Condition, Held
from restore_drills.model import Scenario, Verdict
from restore_drills.spans import duration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from orchestrator.core.decide.actions import Policies
    from orchestrator.core.drilled import Drilled
    from orchestrator.core.policy.model import Service, Site
    from orchestrator.core.state import Incident, Run, Series, SiteState, State

AT_MOST_REFUTED = "P2"
AT_MOST = "P3"
TWICE = 2
PATIENCE = timedelta(hours=48)  # with evidence from elsewhere, after its slot


def unproven(
    site: Site,
    known: SiteState,
    late: Mapping[str, datetime],
    open_now: Mapping[str, Incident],
    now: datetime,
) -> tuple[list[Held], datetime | None]:
    """Return what holds for a site, and when time alone may change it.

    `late`: the slots of the drills whose evidence is awaited for too long, by name.
    """
    held: list[Held] = [*_failed(site, known, now), *_awaited(site, late)]
    unable = _scenarios(site, [one.condition for one in held])
    refuted: dict[str, list[tuple[Service, Drilled]]] = {}
    old: dict[str, list[tuple[Service, Drilled]]] = {}
    until: datetime | None = None
    limits = {str(s): site.proof_valid_for.of(s) for s in Scenario}
    for service in site.services.values():
        of = known.services.get(service.id)
        for scenario, proofs in of.proofs.items() if of else ():
            answered, proven = proofs.answered, proofs.proven
            if of is not None and of.suspicion is not None and _is_untold(site, scenario, open_now):
                continue  # the one page says more: of course its last clean point is too old
            if answered is not None and answered is not proven and _says_no(answered):
                refuted.setdefault(scenario, []).append((service, answered))
            elif proven is not None:
                ends = proven.started_at + limits[scenario]
                if ends < now:
                    old.setdefault(scenario, []).append((service, proven))
                elif until is None or ends < until:
                    until = ends
    held += [_refuted(site, scenario, those) for scenario, those in refuted.items()]
    for scenario, those in old.items():
        one = _expired(site, scenario, those, now)
        # A drill that cannot run explains why there is no newer proof; told before, it stays.
        if scenario not in unable or one.key in open_now:
            held.append(one)
    return held, until and until + timedelta(microseconds=1)


def _is_untold(site: Site, scenario: str, open_now: Mapping[str, Incident]) -> bool:
    word = f"{site.id}//{Condition.DRILL_REFUTED}-{scenario}"
    return word not in open_now


def too_late(state: State, policies: Policies, now: datetime) -> dict[str, dict[str, datetime]]:
    """Return the slots of the drills elsewhere that no evidence came of, by site and drill."""
    found: dict[str, dict[str, datetime]] = {}
    for one in awaited(state, policies, now):
        if now - one.slot > PATIENCE:
            found.setdefault(one.site, {})[one.drill] = one.slot
    return found


def _says_no(drilled: Drilled) -> bool:
    return drilled.verdict is Verdict.REFUTED


def _refuted(site: Site, scenario: str, those: list[tuple[Service, Drilled]]) -> Held:
    last = max((drilled for _, drilled in those), key=lambda one: one.started_at)
    names = ", ".join(service.id for service, _ in those)
    why = "; ".join(dict.fromkeys(reason for _, one in those for reason in one.why))
    worst = min(service.criticality for service, _ in those)
    return Held(
        site=site.id,
        service="",
        condition=f"{Condition.DRILL_REFUTED}-{scenario}",
        criticality=max(worst, AT_MOST_REFUTED),
        summary=f"the recovery of {names} was tried under {scenario}, and the answer is no"
        f"{f': {why}' if why else ''}",
        remedy=f"Put right what it names, then `pra drill {site.id} --scenario {scenario}`.",
        evidence=last.run,
    )


def _expired(
    site: Site, scenario: str, those: list[tuple[Service, Drilled]], now: datetime
) -> Held:
    oldest = min((drilled for _, drilled in those), key=lambda one: one.started_at)
    names = ", ".join(service.id for service, _ in those)
    worst = min(service.criticality for service, _ in those)
    valid = duration(site.proof_valid_for.of(Scenario(scenario)))
    return Held(
        site=site.id,
        service="",
        condition=f"{Condition.PROOF_EXPIRED}-{scenario}",
        criticality=max(worst, AT_MOST),
        summary=f"the recovery of {names} under {scenario} was proven "
        f"{duration(now - oldest.started_at)} ago; a proof counts for {valid}",
        remedy=f"Drill again: `pra drill {site.id} --scenario {scenario}`.",
        evidence=oldest.run,
    )


def _failed(site: Site, known: SiteState, now: datetime) -> Iterator[Held]:
    """Yield the drills of the policy that did not run, twice, or once if nothing tries again."""
    if not any(series.failures for series in known.drills.values()):
        return
    for name in (*(plan.name for plan in site.drills or ()), PROOF):
        series = known.drills.get(name)
        last = series.answered if series else None
        if series is None or last is None or not series.failures:
            continue
        if series.failures < TWICE and _is_tried_again(series, last, now):
            continue
        worst = min((s.criticality for s in site.services.values()), default=AT_MOST)
        yield Held(
            site=site.id,
            service="",
            condition=f"{Condition.DRILL_FAILED}-{name}",
            criticality=max(worst, AT_MOST),
            summary=f"the drill {name} {_how(last)}{f': {last.error}' if last.error else ''}",
            remedy=last.remedy or f"See what hinders drills here: `pra doctor {site.id}`.",
            evidence=last.run,
        )


def _is_tried_again(series: Series, last: Run, now: datetime) -> bool:
    return retry_at(series, last, now, patience, since=last.started_at) is not None


def _how(last: Run) -> str:
    return "was inconclusive: it proves nothing" if last.outcome == "inconclusive" else "failed"


def _awaited(site: Site, late: Mapping[str, datetime]) -> Iterator[Held]:
    for name, slot in late.items():
        plan = next(plan for plan in site.drills or () if plan.name == name)
        worst = min((s.criticality for s in site.services.values()), default=AT_MOST)
        yield Held(
            site=site.id,
            service="",
            condition=f"{Condition.EVIDENCE_OVERDUE}-{name}",
            criticality=max(worst, AT_MOST),
            summary=f"the drill {name} was due at {plan.where} on {slot:%Y-%m-%d}, "
            "and no evidence of it came",
            remedy=f"Drill there with `pra drill {site.id} --scenario {plan.scenario} --json`, "
            "and `pra evidence import` its file here.",
            evidence=timestamp(slot),
        )


def _scenarios(site: Site, conditions: list[str]) -> set[str]:
    """Return the scenarios of the drills that these conditions speak of."""
    found = {
        str(plan.scenario)
        for plan in site.drills or ()
        for condition in conditions
        if condition.endswith(f"-{plan.name}")
    }
    return found | {str(Scenario.SERVER_FAILURE) for c in conditions if c.endswith(f"-{PROOF}")}

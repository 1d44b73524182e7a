"""What retention keeps of the points from before a machine was rebuilt, or cleaned."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from orchestrator.core import drilled
from orchestrator.core.copies.snapshots import Contents
from orchestrator.core.events import Outcome, SiteResumed, SuspicionEnded
from orchestrator.core.fold import fold
from orchestrator.core.policy.model import Retention
from orchestrator.core.retention.lineage import LAST_CLEAN, UNPROVEN, Lineage, lineages
from orchestrator.core.retention.thinning import thinned
from orchestrator.core.state import Proofs, ServiceState, SiteState, Suspicion
from tests.points import DAY, NOW, nightly
from tests.records import backed_up, recorded
from tests.records import drilled as drill

PARIS = ZoneInfo("Europe/Paris")
RULES = Retention(last=2)
ANEW = NOW - 5 * DAY + timedelta(hours=1)  # before it: r5 and older


def contents(**other: object) -> Contents:
    parts = {"points": (), "broken": (), "leftovers": (), "adopted": (), "foreign": ()}
    return Contents(**{**parts, "points": tuple(reversed(nightly(9))), **other})  # type: ignore[arg-type] # as said


def kept(lineage: Lineage | None, holds: Contents | None = None) -> dict[str, tuple[str, ...]]:
    holds = holds or contents()
    (one,) = thinned(
        holds, ["till"], RULES, PARIS, NOW, lineages={"till": lineage} if lineage else {}
    )
    assert len(holds.points) == len(one.kept) + len(one.removed)
    return {held.run: why for held, why in one.kept}


def since(*, proven: bool, known: ServiceState | None = None) -> Lineage:
    return Lineage(begun=ANEW, proven=proven, known=known or ServiceState())


def proven(data: timedelta) -> ServiceState:
    """A service whose last proof restored data so long after the new lineage began."""
    (one,) = drilled.read(drill("d1", data_time=(ANEW + data).isoformat()).document)
    return ServiceState(proofs={"server-failure": Proofs(drilled=one, answered=one, proven=one)})


def test_without_a_new_lineage_the_rules_alone_choose() -> None:
    assert {"r0", "r1"} == set(kept(None))


def test_until_the_new_lineage_is_proven_nothing_of_before_is_removed() -> None:
    found = kept(since(proven=False))

    assert {"r0", "r1", "r5", "r6", "r7", "r8"} == set(found)
    assert (UNPROVEN,) == found["r8"]


def test_once_it_is_proven_the_last_clean_point_of_before_stays() -> None:
    found = kept(since(proven=True))

    assert {"r0", "r1", "r5"} == set(found)
    assert (LAST_CLEAN,) == found["r5"]


def test_the_last_clean_one_is_the_one_before_the_suspicion() -> None:
    attack = Suspicion(run="r6", since=NOW - 6 * DAY, signs=(), until=ANEW)
    found = kept(since(proven=True, known=ServiceState(suspicions=(attack,))))

    assert {"r0", "r1", "r7"} == set(found)


def test_of_a_false_alarm_the_points_are_clean() -> None:
    alarm = Suspicion(run="r6", since=NOW - 6 * DAY, signs=(), until=ANEW, cleared=True)
    found = kept(since(proven=True, known=ServiceState(suspicions=(alarm,))))

    assert {"r0", "r1", "r5"} == set(found)


def test_what_is_left_of_broken_runs_of_before_waits_too() -> None:
    points = tuple(reversed(nightly(9)))
    holds = contents(points=points[4:], broken=points[:2], leftovers=points[2:4])
    (waits,) = thinned(holds, ["till"], RULES, PARIS, NOW, lineages={"till": since(proven=False)})
    (goes,) = thinned(
        contents(points=points[2:], broken=points[:2]),
        ["till"],
        RULES,
        PARIS,
        NOW,
        lineages={"till": since(proven=True)},
    )

    assert () == waits.leftovers
    assert {"r7", "r8"} == {held.run for held in goes.leftovers}


def test_a_drill_of_an_old_point_proves_nothing_of_the_new_lineage() -> None:
    for data, expected in ((-DAY, False), (timedelta(0), True), (DAY, True)):
        site = SiteState(services={"till": proven(data)}, anew=ANEW)
        assert expected is lineages(site)["till"].proven


def test_a_machine_rebuilt_or_cleaned_begins_a_lineage_and_a_false_alarm_does_not() -> None:
    suspected = replace(backed_up("b1", outcome=Outcome.SUSPECTED), suspect="b1")
    ended = SuspicionEnded(
        incident="i",
        site="bakery",
        service="till",
        first="b1",
        false_alarm=False,
        by="Zoe",
        note="",
    )
    resumed = SiteResumed(site="bakery", by="Zoe", note="", anew=True)

    def of(*events: object) -> dict[str, Lineage]:
        return lineages(fold(recorded(*events)).sites["bakery"])  # type: ignore[arg-type] # events

    assert {} == of(suspected)
    assert {} == of(suspected, replace(ended, false_alarm=True))
    assert {} == of(backed_up("b1"), replace(resumed, anew=False))
    assert {"till"} == set(of(suspected, ended))
    assert {"till"} == set(of(backed_up("b1"), resumed))

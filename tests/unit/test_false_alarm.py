"""After a false alarm its points count wherever points are chosen; their seals stay as made."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING

import pytest

from orchestrator.core import disaster
from orchestrator.core.copies.lacking import wholes
from orchestrator.core.copies.snapshots import Known, divided, known
from orchestrator.core.copies.whereabouts import joined
from orchestrator.core.detection.mistrust import suspects
from orchestrator.core.events import BackupFinished, Outcome, SuspicionEnded
from orchestrator.core.finding.points import findable
from orchestrator.core.fold import fold
from orchestrator.core.plan import Memory
from orchestrator.core.policy.model import Retention
from orchestrator.core.retention.lineage import lineages
from orchestrator.core.retention.thinning import thinned
from orchestrator.core.status import overview
from orchestrator.reports import status
from restore_drills.model import Selection
from restore_drills.points import find
from tests import points
from tests.builders import service as planned
from tests.points import NOW
from tests.policies import SHARE, service, site, source
from tests.suspected import ATTACK

if TYPE_CHECKING:
    from orchestrator.core.events import Event
    from restore_drills.model import ServicePlan, Snapshot

DAY = points.DAY
SOUND, FIRST, SECOND = "r1", "r2", "r3"
ENDED = SuspicionEnded(
    incident="i1", site="bakery", service="till", first=FIRST, false_alarm=True, by="Zoe", note=""
)
CLEAN = replace(ENDED, false_alarm=False)


def suspected(run: str, days: int) -> BackupFinished:
    made = points.backed_up(run, NOW - days * DAY, outcome=Outcome.SUSPECTED)
    return replace(made, suspect=FIRST, usable_at=made.data_time, signs=ATTACK)


MADE = [points.backed_up(SOUND, NOW - 4 * DAY), suspected(FIRST, 3), suspected(SECOND, 2)]


def sealed(made: BackupFinished) -> list[Snapshot]:
    """The snapshots of a backup, its seal with the mark that a suspected one bears."""
    *data, seal = points.listed(made)
    mark = (f"suspect={made.suspect}",) if made.suspect else ()
    return [*data, replace(seal, tags=(*seal.tags, *mark))]


LISTING = [one for made in MADE for one in sealed(made)]


def log(*end: Event) -> list[Event]:
    return [event for made in MADE for event in (points.started(made.run), made)] + [*end]


def told(end: Event) -> Known:
    return known(points.recorded(log(end)))


def marks(snapshots: list[Snapshot]) -> set[str | None]:
    return {one.tag("outcome") for one in snapshots if one.tag("source") == "seal"}


@pytest.mark.parametrize(("end", "sound"), [(ENDED, True), (CLEAN, False)])
def test_snapshots_show_them_as_points(end: SuspicionEnded, *, sound: bool) -> None:
    """What is asked below is asked with the seals as they were made."""
    assert {"complete", "suspected"} == marks(LISTING)
    contents = divided(LISTING, told(end), host="bakery")
    rows = joined({"offsite": contents}, {}, {})

    assert {SOUND: False, FIRST: not sound, SECOND: not sound} == {r.run: r.suspected for r in rows}


@pytest.mark.parametrize(("end", "runs"), [(ENDED, [SECOND, FIRST, SOUND]), (CLEAN, [SOUND])])
def test_copies_bring_them(end: SuspicionEnded, runs: list[str]) -> None:
    made = told(end).points

    def trusted(run: str, is_suspected: bool) -> bool:  # noqa: FBT001 - as it is called
        return not made[run].suspect if run in made else not is_suspected

    assert runs == [one.run for one in wholes(LISTING, "bakery", "till", trusted)]


def test_retention_counts_them() -> None:
    state = fold(points.recorded(log(ENDED)))
    contents = divided(LISTING, told(ENDED), host="bakery")
    (one,) = thinned(
        contents,
        ["till"],
        Retention(last=2),
        UTC,
        NOW + 100 * DAY,
        lineages=lineages(state.sites["bakery"]),
    )

    assert [FIRST, SECOND] == [held.run for held, _ in one.kept]
    assert [SOUND] == [held.run for held in one.removed]


@pytest.mark.parametrize(("end", "sound"), [(ENDED, True), (CLEAN, False)])
def test_files_are_found_in_them(end: SuspicionEnded, *, sound: bool) -> None:
    of = site(service("till", source(SHARE, name="till")))
    found = findable(of, {"offsite": LISTING}, told(end).points)

    assert {SOUND: False, FIRST: not sound, SECOND: not sound} == {
        one.run: one.suspected for one in found
    }


def drilled(end: SuspicionEnded) -> ServicePlan:
    state = fold(points.recorded(log(end)))
    periods = state.service("bakery", "till").suspicions
    memory = Memory(
        pinned=lambda _service: {},
        last_values=lambda _service: {},
        suspicions=lambda _service: periods,
        sound=lambda _service: {SOUND},
    )
    return replace(
        planned(),
        selection=Selection(host="bakery", tags=("service=till",), sealed=True),
        suspects=disaster.suspects(memory, "till"),
        acquitted=disaster.acquitted(memory, "till"),
    )


@pytest.mark.parametrize(("end", "newest"), [(ENDED, SECOND), (CLEAN, SOUND)])
def test_a_drill_uses_the_newest_of_them(end: SuspicionEnded, newest: str) -> None:
    plan = drilled(end)
    used = find(LISTING, plan, suspects(LISTING, plan, lambda _seal: "suspected")).before(NOW)

    assert used is not None
    assert newest == used.run


@pytest.mark.parametrize(("end", "said"), [(ENDED, False), (CLEAN, True)])
def test_status_calls_the_last_backup_a_good_one(end: SuspicionEnded, *, said: bool) -> None:
    state = fold(points.recorded(log(end)))
    text = status.text(overview(state, [site(service("till"))], NOW), NOW)

    assert said == ("ended suspected" in text)

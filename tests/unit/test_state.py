from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from orchestrator.core.events import (
    DrillFinished,
    Outcome,
    RunFailed,
    RunInterrupted,
    RunKind,
)
from orchestrator.core.state import fold
from orchestrator.errors import StateUnusable
from orchestrator.reports import history
from restore_drills.model import Scenario
from tests.records import NOW, backed_up, drilled, recorded, started

SERVER = Scenario.SERVER_FAILURE


def test_an_open_run_has_no_outcome() -> None:
    (run,) = fold(recorded(started("r1"))).history("bakery")

    assert (None, None) == (run.outcome, run.finished_at)


@pytest.mark.parametrize(
    ("end", "outcome", "error"),
    [
        (backed_up("r1"), "complete", None),
        (backed_up("r1", outcome=Outcome.PARTIAL, error="2 unread"), "partial", "2 unread"),
        (drilled("r1", verdict="refuted"), "refuted", None),
        (
            RunFailed(
                run="r1",
                kind=RunKind.BACKUP,
                site="bakery",
                service="till",
                error="no route",
                remedy="",
                retryable=True,
            ),
            "failed",
            "no route",
        ),
        (
            RunInterrupted(
                run="r1", kind=RunKind.BACKUP, site="bakery", service="till", swept=2, note="dead"
            ),
            "interrupted",
            "dead",
        ),
    ],
)
def test_a_run_ends_as_its_event_says(end: DrillFinished, outcome: str, error: str | None) -> None:
    for facts in ([started("r1"), end], [end]):  # the second: events that came without the start
        (run,) = fold(recorded(*facts)).history("bakery")

        assert (outcome, error) == (run.outcome, run.error)
        assert run.finished_at is not None


def test_the_first_end_of_a_run_counts() -> None:
    late = RunInterrupted(
        run="r1", kind=RunKind.BACKUP, site="bakery", service="till", swept=0, note="dead"
    )

    (run,) = fold(recorded(started("r1"), backed_up("r1"), late)).history("bakery")

    assert "complete" == run.outcome


def test_only_a_complete_backup_replaces_the_last_usable_point() -> None:
    state = fold(recorded(backed_up("r1"), backed_up("r2", outcome=Outcome.PARTIAL)))

    last = state.last_complete("bakery", "till")

    assert last is not None
    assert "r1" == last.run
    assert state.last_complete("bakery", "share") is None


def test_the_trees_of_all_snapshots_are_pinned_for_their_service() -> None:
    partial = backed_up("r2", outcome=Outcome.PARTIAL, snapshot="bb")
    other = replace(backed_up("r3", snapshot="cc"), service="share")
    state = fold(recorded(backed_up("r1"), partial, other))

    assert {"aa": "tree-aa", "bb": "tree-bb"} == state.pinned("bakery", "till")
    assert {} == state.pinned("butcher", "till")


def test_the_numbers_of_the_last_proof_are_remembered_not_those_of_a_failed_drill() -> None:
    check = {"name": "orders", "mandatory": True, "status": "fail", "detail": "", "value": 2}
    state = fold(
        recorded(drilled("r1"), drilled("r2", verdict="refuted", rta_s=None, checks=[check]))
    )

    assert {"orders": 1203.0} == state.last_values("bakery", "till", SERVER)
    assert {} == state.last_values("bakery", "till", Scenario.BURGLARY)
    last = state.last_drilled("bakery", "till", SERVER)
    proven = state.last_proven("bakery", "till", SERVER)
    assert last is not None
    assert proven is not None
    assert ("r2", "r1") == (last.run, proven.run)


def test_the_last_run_of_a_kind_is_the_one_that_started_last() -> None:
    facts = [started("r1"), started("r2"), started("r3", service="share")]
    facts += [started("r4", kind=RunKind.DRILL)]

    last = fold(recorded(*facts)).last_run("bakery", "till", RunKind.BACKUP)

    assert last is not None
    assert "r2" == last.run


def test_folding_goes_on_from_a_state_and_leaves_it_as_it_was() -> None:
    first = fold(recorded(started("r1")))

    second = fold(recorded(backed_up("r1"), after=1), first)

    assert (1, 2) == (first.seq, second.seq)
    assert [None] == [run.outcome for run in first.runs.values()]
    assert second == fold(recorded(started("r1"), backed_up("r1")))


def test_a_drill_document_that_cannot_be_read_is_named() -> None:
    broken = drilled("r1", label="certain")

    with pytest.raises(StateUnusable, match=r"drill r1 cannot be read: .*'certain'"):
        fold(recorded(broken))


def test_the_history_document_tells_every_run() -> None:
    runs = fold(recorded(started("r1"), backed_up("r1"), drilled("r2"))).history("bakery")

    document = history.document([runs[0], replace(runs[1], finished_at=None, outcome=None)])

    assert {
        "run": "r1",
        "kind": "backup",
        "service": "till",
        "started_at": "2026-11-23T11:02:54.000000Z",
        "finished_at": "2026-11-23T11:02:55.000000Z",
        "outcome": "complete",
        "cause": None,
        "error": None,
    } == document["runs"][0]
    assert (None, None) == (document["runs"][1]["service"], document["runs"][1]["outcome"])


def test_a_person_reads_one_line_a_run_and_no_negative_time() -> None:
    runs = fold(recorded(started("r1"), backed_up("r1", error="two\nlines"))).history("bakery")
    back = replace(runs[0], run="r2", service="", finished_at=NOW - timedelta(hours=1))
    still = replace(runs[0], run="r3", finished_at=None, outcome=None, error=None)
    (drill,) = fold(recorded(started("r4", service=""), drilled("r4"))).history("bakery")

    text = history.text([runs[0], back, still, drill], "Europe/Paris")

    assert [
        "started           what    service  took  outcome    run",
        "2026-11-23 12:02  backup  till     1 s   complete   r1   two lines",
        "2026-11-23 12:02  backup  site     -     complete   r2   two lines",
        "2026-11-23 12:02  backup  till     -     under way  r3",
        "2026-11-23 12:02  backup  till     1 s   proven     r4",
    ] == text.splitlines()


def test_a_drill_of_somebodys_choice_of_instant_leaves_the_standing_answer_alone() -> None:
    chosen = drilled("r2", NOW + timedelta(hours=1), verdict="refuted", rta_s=None)
    chosen = replace(chosen, document={**chosen.document, "exploratory": True})
    state = fold(recorded(drilled("r1"), chosen))

    last = state.last_drilled("bakery", "till", SERVER)
    assert "r1" == (last.run if last else None)
    assert ["proven", "refuted"] == [run.outcome for run in state.history("bakery")]

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from orchestrator.core.events import DrillFinished, Outcome
from orchestrator.core.history import runs
from orchestrator.errors import StateUnusable
from orchestrator.reports import history
from tests.records import (
    NOW,
    backed_up,
    drilled,
    imported,
    interrupted,
    observed,
    recorded,
    run_failed,
    started,
)


def test_an_open_run_has_no_outcome() -> None:
    (run,) = runs(recorded(started("r1")))

    assert (None, None) == (run.outcome, run.finished_at)


@pytest.mark.parametrize(
    ("end", "outcome", "error"),
    [
        (backed_up("r1"), "complete", None),
        (backed_up("r1", outcome=Outcome.PARTIAL, error="2 unread"), "partial", "2 unread"),
        (drilled("r1", verdict="refuted"), "refuted", None),
        (run_failed("r1"), "failed", "no route"),
        (interrupted("r1"), "interrupted", "found dead"),
    ],
)
def test_a_run_ends_as_its_event_says(end: DrillFinished, outcome: str, error: str | None) -> None:
    for facts in ([started("r1"), end], [end]):  # the second: events that came without the start
        (run,) = runs(recorded(*facts))

        assert (outcome, error) == (run.outcome, run.error)
        assert run.finished_at is not None


def test_the_first_end_of_a_run_counts() -> None:
    (run,) = runs(recorded(started("r1"), backed_up("r1"), interrupted("r1")))

    assert "complete" == run.outcome


def test_what_is_no_run_is_not_told() -> None:
    assert [] == runs(recorded(observed("disk-short")))


def test_a_drill_made_elsewhere_is_a_run_that_was_over_when_it_came() -> None:
    (run,) = runs(recorded(imported("r1")))

    assert ("proven", ("till",), NOW) == (run.outcome, run.services, run.started_at)
    assert NOW + timedelta(seconds=1) == run.finished_at


def test_a_drill_document_that_cannot_be_read_is_named() -> None:
    broken = drilled("r1", label="certain")

    with pytest.raises(StateUnusable, match=r"drill r1 cannot be read: .*'certain'"):
        runs(recorded(broken))


def test_the_history_document_tells_every_run() -> None:
    told = runs(recorded(started("r1"), backed_up("r1"), drilled("r2")))

    document = history.document([told[0], replace(told[1], finished_at=None, outcome=None)])

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
    told = runs(recorded(started("r1"), backed_up("r1", error="two\nlines")))
    back = replace(told[0], run="r2", service="", finished_at=NOW - timedelta(hours=1))
    still = replace(told[0], run="r3", finished_at=None, outcome=None, error=None)
    (drill,) = runs(recorded(started("r4", service=""), drilled("r4")))

    text = history.text([told[0], back, still, drill], "Europe/Paris")

    assert [
        "started           what    service  took  outcome    run",
        "2026-11-23 12:02  backup  till     1 s   complete   r1   two lines",
        "2026-11-23 12:02  backup  site     -     complete   r2   two lines",
        "2026-11-23 12:02  backup  till     -     under way  r3",
        "2026-11-23 12:02  backup  till     1 s   proven     r4",
    ] == text.splitlines()

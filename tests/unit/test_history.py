from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from orchestrator.core.events import DrillFinished, Hurt, Outcome, RunKind
from orchestrator.core.history import runs
from orchestrator.errors import StateUnusable
from orchestrator.reports import history
from tests.records import (
    NOW,
    backed_up,
    copied,
    drilled,
    imported,
    interrupted,
    observed,
    recorded,
    relocked,
    repaired,
    retained,
    rewound,
    run_failed,
    started,
    verified,
)

LOST = Hurt(service="till", run="b1", data_time=NOW)


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
        (copied("r1", "b1"), "complete", None),
        (verified("r1"), "complete", None),
        (verified("r1", sound=False), "damaged", "pack cc: hash mismatch"),
        (replace(verified("r1"), sound=False), "damaged", "the repository is damaged"),
        (relocked("r1"), "complete", None),
        (relocked("r1", "config: no lock", "2 more"), "weak", "config: no lock"),
        (retained("r1"), "complete", None),
        (retained("r1", "too many"), "held", "too many"),
        (repaired("r1"), "complete", None),
        (repaired("r1", sound=False), "lost", "the repository is still damaged"),
        (replace(repaired("r1"), lost=(LOST,)), "lost", "1 point is not whole again"),
        (replace(repaired("r1"), lost=(LOST, LOST)), "lost", "2 points are not whole again"),
        (rewound("r1"), "complete", None),
        (rewound("r1", sound=False), "lost", "3 objects have no good version left"),
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


def test_what_was_done_to_a_repository_says_to_which() -> None:
    for end in (verified("r1"), relocked("r1"), retained("r1"), repaired("r1"), rewound("r1")):
        (run,) = runs(recorded(end))

        assert ("offsite", "") == (run.repository, run.service)
        assert run.kind.value in {"verify", "relock", "retain", "repair", "rewind"}
    (copy,) = runs(recorded(copied("r1", "b1")))
    assert ("copy", "till", "nas", "offsite") == (
        copy.kind.value,
        copy.service,
        copy.repository,
        copy.origin,
    )


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
        "repository": "offsite",
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
        "started           what    of       took  outcome    run",
        "2026-11-23 12:02  backup  till     1 s   complete   r1   two lines",
        "2026-11-23 12:02  backup  offsite  -     complete   r2   two lines",
        "2026-11-23 12:02  backup  till     -     under way  r3",
        "2026-11-23 12:02  backup  till     1 s   proven     r4",
    ] == text.splitlines()


def test_a_person_reads_from_where_to_where_was_copied_and_what_was_read() -> None:
    copy = replace(started("r1", kind=RunKind.COPY), origin="nas")
    verify = replace(started("r2", kind=RunKind.VERIFY, service=""), repository="nas")

    text = history.text(runs(recorded(copy, verify)), "Europe/Paris").splitlines()
    assert "2026-11-23 12:02  copy    till to offsite  -     under way  r1" == text[1]
    assert "2026-11-23 12:02  verify  nas              -     under way  r2" == text[2]

"""A backup's outcome in words, as a document, and as an exit code."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from orchestrator.core.events import BackedUp, BackupFinished, Outcome, Sign
from orchestrator.reports.backup import Result, document, exit_code, text

AT = datetime(2026, 11, 23, 10, 2, 53, tzinfo=UTC)
COMPLETE = BackupFinished(
    run="run-1",
    site="acme",
    service="caisse",
    outcome=Outcome.COMPLETE,
    repository="offsite",
    snapshots=(BackedUp(source="caisse", id="1" * 64, tree="2" * 64, data_time=AT),),
    usable_at=AT,
    files_new=1,
    files_changed=2,
    data_added_bytes=1_200_000,
    seconds=4.12,
    skipped=(),
    error=None,
)
FAILED = replace(
    COMPLETE, outcome=Outcome.FAILED, snapshots=(), usable_at=None, error="no such database"
)


def test_a_complete_backup_is_one_line_with_its_point() -> None:
    assert (
        "caisse: complete, 300 MB read, 1.2 MB new, 4.1 s, recovery point 11:02:53 in offsite"
        == text(Result(finished=COMPLETE, read_bytes=300_000_000), timezone="Europe/Paris")
    )


def test_a_failed_backup_says_why_and_what_to_do() -> None:
    assert [
        "caisse: failed, 4.1 s, no recovery point",
        "  no such database",
        "  Check `database`.",
    ] == text(Result(finished=FAILED, remedy="Check `database`."), timezone="UTC").splitlines()


def test_what_was_not_read_is_listed_but_not_without_end() -> None:
    skipped = tuple(f"/srv/{n}: permission denied" for n in range(7))

    lines = text(Result(finished=replace(COMPLETE, skipped=skipped)), timezone="UTC").splitlines()

    assert "  not read: /srv/4: permission denied" == lines[-2]
    assert "  not read: 2 more" == lines[-1]


def test_the_document_leaves_out_what_was_not_measured() -> None:
    complete, failed = document("acme", [Result(finished=COMPLETE), Result(finished=FAILED)])[
        "services"
    ]

    assert {
        "id": "caisse",
        "run": "run-1",
        "outcome": "complete",
        "repository": "offsite",
        "snapshots": [
            {
                "source": "caisse",
                "id": "1" * 64,
                "tree": "2" * 64,
                "data_time": "2026-11-23T10:02:53.000000Z",
            }
        ],
        "usable_at": "2026-11-23T10:02:53.000000Z",
        "copies": [],
        "files_new": 1,
        "files_changed": 2,
        "data_added_bytes": 1_200_000,
        "seconds": 4.12,
        "signs": [],
        "suspect": None,
        "skipped": [],
        "error": None,
    } == complete
    assert ("failed", None, None, None, "no such database") == tuple(
        failed[key] for key in ("outcome", "usable_at", "files_new", "data_added_bytes", "error")
    )


def test_a_suspected_point_says_what_was_seen_and_what_to_leave_alone() -> None:
    sign = Sign(word="rewritten", detail="900 of 1,000 files have new content")
    first = replace(COMPLETE, outcome=Outcome.SUSPECTED, signs=(sign,), suspect="run-1")
    later = replace(first, run="run-2", signs=())
    unusual = replace(COMPLETE, signs=(sign,))
    said = [text(Result(finished=one), timezone="Europe/Paris") for one in (first, later, unusual)]

    assert "not to be used" in said[0]
    assert "seen: 900 of 1,000 files have new content" in said[0]
    assert "Restore nothing onto this machine, do not switch off, isolate." in said[0]
    assert "`pra snapshots acme caisse`" in said[0]
    assert "suspected since run run-1, nothing uses it until somebody has judged" in said[1]
    assert "it counts, and somebody should look" in said[2]


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([], 0),
        ([Outcome.COMPLETE, Outcome.COMPLETE], 0),
        ([Outcome.COMPLETE, Outcome.PARTIAL], 3),
        ([Outcome.SUSPECTED], 3),
        ([Outcome.PARTIAL, Outcome.FAILED], 1),
    ],
)
def test_the_exit_code_is_that_of_the_worst_service(outcomes: list[Outcome], code: int) -> None:
    assert code == exit_code([Result(finished=replace(COMPLETE, outcome=o)) for o in outcomes])


def test_verbose_adds_the_snapshots_and_every_file_that_was_not_read() -> None:
    unread = replace(COMPLETE, skipped=tuple(f"/srv/{number}" for number in range(50)))

    said = text(Result(finished=unread, read_bytes=1), timezone="UTC", verbose=True)

    assert "  not read: /srv/49" in said
    assert "  caisse: snapshot 11111111, tree 22222222" in said

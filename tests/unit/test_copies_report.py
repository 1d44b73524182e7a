"""What is said of a copy: to a person, to a program, by the exit code."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from orchestrator.core.events import BackedUp, CopyFinished
from orchestrator.errors import PraError, RepositoryDamaged, RepositoryUnreachable
from orchestrator.reports.copies import Copied, document, entry, exit_code, text

AT = datetime(2026, 11, 23, 13, 45, tzinfo=UTC)
DONE = CopyFinished(
    run="c1",
    site="acme",
    service="till",
    origin="near",
    repository="far",
    point="r1",
    snapshots=(BackedUp(source="till", id="new", tree="tree", data_time=AT),),
    usable_at=AT + timedelta(minutes=17),
    points=3,
    seconds=62.5,
)
COPIED = Copied(service="till", repository="far", run="c1", seconds=62.5, finished=DONE)


def failed(error: PraError) -> Copied:
    return replace(COPIED, finished=None, error=error)


def test_a_person_reads_what_came_since_when_it_is_usable_and_how_old_it_is() -> None:
    zone = "Europe/Paris"
    assert "till: 3 points copied to far in 62.5 s, usable at 15:02 (data of 14:45)" == text(
        COPIED, timezone=zone
    )
    one = replace(COPIED, finished=replace(DONE, points=1))
    assert text(one, timezone=zone).startswith("till: 1 point copied to far")
    none = replace(COPIED, finished=replace(DONE, points=0))
    assert text(none, timezone=zone).startswith("till: all is already in far")
    old = (replace(DONE.snapshots[0], data_time=AT - timedelta(days=1)),)
    late = replace(COPIED, finished=replace(DONE, snapshots=old))
    assert text(late, timezone=zone).endswith("(data of 2026-11-22 14:45)")


def test_a_failure_is_said_with_its_remedy() -> None:
    error = RepositoryUnreachable("far: no answer", hint="Look at the line.")

    assert "till: not copied to far: far: no answer\n  Look at the line." == text(
        failed(error), timezone="UTC"
    )
    assert "till: not copied to far: x" == text(failed(RepositoryDamaged("x")), timezone="UTC")


def test_programs_read_the_same() -> None:
    (good,) = document("acme", [COPIED])["copies"]
    (bad,) = document("acme", [failed(RepositoryUnreachable("away"))])["copies"]

    assert ("complete", 3, "2026-11-23T14:02:00.000000Z", None) == tuple(
        good[key] for key in ("outcome", "points", "usable_at", "error")
    )
    assert ("failed", None, None, "away") == tuple(
        bad[key] for key in ("outcome", "points", "usable_at", "error")
    )
    assert {"repository", "snapshots", "usable_at", "error"} == entry(COPIED).keys()
    assert good["snapshots"] == entry(COPIED)["snapshots"]
    assert None is entry(failed(RepositoryUnreachable("away")))["usable_at"]


def test_damage_alone_has_its_own_exit_code() -> None:
    away, damaged = failed(RepositoryUnreachable("a")), failed(RepositoryDamaged("b"))

    assert 0 == exit_code([]) == exit_code([COPIED])
    assert 1 == exit_code([COPIED, away, damaged])
    assert 3 == exit_code([COPIED, damaged])

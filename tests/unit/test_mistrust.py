"""What a repository's own figures say of its points, when nothing else is left that could."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from orchestrator.core.detection.mistrust import BELIEVED_AFTER, suspects
from restore_drills.model import Figures, Selection, Snapshot, SourceKind, SourcePlan
from restore_drills.points import UNMARKED, find
from tests.builders import seal, service, snapshot

DAY = timedelta(days=1)
BEGIN = datetime(2026, 10, 1, 1, 0, tzinfo=UTC)
FILES = replace(service(), sources=(SourcePlan(name="till", kind=SourceKind.FILES),))
ADOPTED = replace(FILES, selection=Selection(host="bakery", tags=(), sealed=False))
ORDINARY = Figures(
    files_new=3,
    files_changed=12,
    files_unmodified=985,
    added_bytes=9_000_000,
    packed_bytes=4_000_000,
)
ENCRYPTED = Figures(
    files_new=0,
    files_changed=900,
    files_unmodified=100,
    added_bytes=900_000_000,
    packed_bytes=900_000_000,
)


def run(number: int) -> str:
    return f"{BEGIN + number * DAY:%Y%m%dT%H%M%SZ}-aaaaaa"


def night(
    number: int, figures: Figures = ORDINARY, outcome: str | None = "complete"
) -> list[Snapshot]:
    """One night's snapshot, and its seal unless somebody took it away."""
    at = BEGIN + number * DAY
    data = snapshot("till", run(number), at, files=1000, bytes=1_000_000_000, figures=figures)
    return [data, *([seal(run(number), at, outcome)] if outcome else [])]


def nights(count: int, start: int = 0) -> list[Snapshot]:
    return [one for number in range(start, start + count) for one in night(number)]


def forged(_seal: Snapshot) -> str:
    """No seal bears its signature."""
    return ""


def signed(_seal: Snapshot) -> str:
    """Every seal does, and says that its run was sound."""
    return "complete"


def test_ordinary_work_is_not_suspected() -> None:
    assert () == suspects(nights(40), FILES, forged)


def test_encrypted_files_are_seen_though_every_mark_was_taken_off() -> None:
    (found,) = suspects([*nights(40), *night(40, ENCRYPTED), *nights(5, 41)], FILES, forged)

    assert (run(40), BEGIN + 40 * DAY, None) == (found.run, found.since, found.until)
    assert "900 of 1,000 files have new content" in found.why


def test_a_seal_that_was_forgotten_hides_nothing() -> None:
    (found,) = suspects([*nights(40), *night(40, ENCRYPTED, None)], FILES, signed)

    assert run(40) == found.run


def test_a_change_that_was_announced_is_vouched_for_by_its_seal() -> None:
    assert () == suspects([*nights(40), *night(40, ENCRYPTED), *nights(5, 41)], FILES, signed)


def test_what_the_log_or_a_person_found_sound_is_not_asked_again() -> None:
    told = replace(FILES, acquitted=frozenset({run(40)}))

    assert () == suspects([*nights(40), *night(40, ENCRYPTED)], told, forged)


def test_mistrust_ends_with_the_next_point_that_is_vouched_for() -> None:
    asked: list[str] = []

    def later(one: Snapshot) -> str:
        asked.append(one.tag("run") or "")
        return "complete" if one.time > BEGIN + 43 * DAY else ""

    found = suspects([*nights(40), *night(40, ENCRYPTED), *nights(5, 41)], FILES, later)

    assert [(run(40), BEGIN + 43 * DAY)] == [(one.run, one.until) for one in found]
    assert [run(n) for n in (40, 41, 42, 43)] == asked[:4]


def test_a_point_that_is_marked_is_left_to_its_mark() -> None:
    marked = night(40, ENCRYPTED, "suspected")

    assert () == suspects([*nights(40), *marked], FILES, forged)


def test_what_another_restic_makes_is_judged_and_trusted_again_after_a_month() -> None:
    theirs = [one for one in nights(40) if one.tag("source") != "seal"]
    attack, *_ = night(40, ENCRYPTED)
    later = [one for one in nights(35, 41) if one.tag("source") != "seal"]

    (open_,) = suspects([*theirs, attack, *later[:20]], ADOPTED, forged)
    (over,) = suspects([*theirs, attack, *later], ADOPTED, forged)

    assert (attack.id[:8], attack.time, None) == (open_.run, open_.since, open_.until)
    assert over.until is not None
    assert BELIEVED_AFTER + DAY == over.until - over.since


# --- marks that were taken off, the first suspected point forgotten -----------------------------


@pytest.mark.parametrize("hidden", [1, 2, 7, 8, 40, 399])
def test_the_newest_point_that_stands_is_found_behind_many_that_lost_their_marks(
    hidden: int,
) -> None:
    """The figures say nothing: what they would have told went with the first suspected point."""
    there, asked = [*nights(400), *nights(400 + hidden, 401)][: 2 * (400 + hidden)], []
    since = BEGIN + 401 * DAY

    def says(one: Snapshot) -> str:
        asked.append(one)
        return "suspected" if one.time >= since else "complete"

    (found,) = suspects(there, FILES, says)

    assert (run(401), since, None, UNMARKED) == (found.run, found.since, found.until, found.why)
    assert len(asked) <= 8 + 2 * 9
    points = find(there, FILES, (found,))
    used = points.before(BEGIN + 1000 * DAY)
    assert used is not None
    assert (run(399), hidden) == (used.run, len(points.suspected))
    assert found is points.unmarked


def test_a_sound_point_dated_in_the_future_hides_no_marks_that_were_taken_off() -> None:
    since = BEGIN + 41 * DAY
    there = [*nights(40), *nights(2, 41), *night(4000)]

    def says(one: Snapshot) -> str:
        return "suspected" if since <= one.time < BEGIN + 4000 * DAY else "complete"

    (found,) = suspects(there, FILES, says, BEGIN + 43 * DAY)

    assert (run(41), since, UNMARKED) == (found.run, found.since, found.why)


def test_an_ordinary_listing_costs_one_seal_and_none_where_the_log_knows() -> None:
    asked: list[Snapshot] = []

    def says(one: Snapshot) -> str:
        asked.append(one)
        return "complete"

    known = replace(FILES, acquitted=frozenset(run(n) for n in range(40)))
    assert () == suspects(nights(40), known, says)
    assert [] == asked
    assert () == suspects(nights(40), FILES, says)
    assert [run(39)] == [one.tag("run") for one in asked]


def test_a_seal_that_cannot_be_read_hides_no_damage() -> None:
    """The newest point is used, and refutes: falling back would say that all is well."""
    assert () == suspects(nights(40), FILES, forged)


def test_where_every_mark_was_taken_off_nothing_is_usable() -> None:
    def says(_seal: Snapshot) -> str:
        return "suspected"

    (found,) = suspects(nights(40), FILES, says)

    assert () == find(nights(40), FILES, (found,)).usable

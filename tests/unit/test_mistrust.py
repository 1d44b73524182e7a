"""What a repository's own figures say of its points, when nothing else is left that could."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from orchestrator.core.detection.mistrust import BELIEVED_AFTER, suspects
from restore_drills.model import Figures, Selection, Snapshot, SourceKind, SourcePlan
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


def forged(_seal: Snapshot) -> bool:
    """No seal bears its signature."""
    return False


def signed(_seal: Snapshot) -> bool:
    """Every seal does."""
    return True


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

    def later(one: Snapshot) -> bool:
        asked.append(one.tag("run") or "")
        return one.time > BEGIN + 43 * DAY

    found = suspects([*nights(40), *night(40, ENCRYPTED), *nights(5, 41)], FILES, later)

    assert [(run(40), BEGIN + 43 * DAY)] == [(one.run, one.until) for one in found]
    assert [run(n) for n in (40, 41, 42, 43)] == asked


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

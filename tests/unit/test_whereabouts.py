"""Where each point is: listings joined by run, what is foreign beside what is ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.copies.snapshots import divided, known
from orchestrator.core.copies.whereabouts import arrivals, joined
from orchestrator.core.events import CopyFinished, Outcome
from orchestrator.errors import RepositoryUnreachable
from orchestrator.reports.snapshots import document, text
from tests.points import DAY, NOW, SITE, backed_up, digest, listed, recorded, snapshot, started

if TYPE_CHECKING:
    from orchestrator.core.copies.whereabouts import Whereabouts
    from restore_drills.model import Snapshot

NIGHTS = [backed_up(f"r{n}", NOW - n * DAY) for n in range(3)]
COPIED = CopyFinished(
    run="c1",
    site=SITE,
    service="till",
    origin="offsite",
    repository="nas",
    point="r0",
    snapshots=(),
    usable_at=NOW + timedelta(hours=2),
    points=1,
    seconds=1.0,
)
GONE = RepositoryUnreachable("nas: nobody answers", hint="Look at the cable.")


def where(**listings: list[Snapshot]) -> tuple[Whereabouts, ...]:
    records = recorded([*NIGHTS, started("died"), COPIED])
    log = known(records)
    adopted = {"nas": [("qnap", frozenset({"nightly"}))]}
    contents = {
        name: divided(listing, log, host=SITE, adopted=adopted.get(name, ()))
        for name, listing in listings.items()
    }
    return joined(contents, arrivals(records), {"nas": "share"})


def everything(*, copied: bool = False) -> list[Snapshot]:
    return [one for night in NIGHTS for one in listed(night, copied=copied)]


def test_a_point_and_its_copy_are_one_row_with_two_instants() -> None:
    newest, *_ = where(offsite=everything(), nas=everything(copied=True))

    assert ("r0", ("offsite", "nas"), 2000) == (newest.run, newest.repositories, newest.bytes)
    assert [NOW + timedelta(seconds=9), NOW + timedelta(hours=2)] == [
        place.usable_at for place in newest.places
    ]
    assert newest.usable_at == newest.places[0].usable_at


def test_rows_are_newest_first() -> None:
    assert ["r0", "r1", "r2"] == [row.run for row in where(offsite=everything())]


def test_a_half_made_copy_is_said_and_is_no_place_to_restore_from() -> None:
    newest, *_ = where(offsite=everything(), nas=listed(NIGHTS[0], copied=True)[:2])

    assert ("offsite",) == newest.repositories
    assert ["", "not sealed here"] == [place.problem for place in newest.places]


def test_a_run_that_died_is_shown_and_is_nowhere() -> None:
    tags = ("service=till", "run=died", "source=till")
    (row,) = where(offsite=[snapshot(digest(1), digest(2), NOW, tags=tags)])

    assert ("died", (), False, None) == (row.run, row.repositories, row.foreign, row.usable_at)
    assert "not sealed" == row.places[0].problem


def test_what_the_log_does_not_know_is_foreign_a_row_for_each_run() -> None:
    strangers = [replace(one, host="other") for one in listed(backed_up("x1", NOW))]
    (row,) = where(offsite=strangers, nas=[replace(s, id=digest(s.id, 1)) for s in strangers])

    assert ("x1", "till", True) == (row.run, row.service, row.foreign)
    assert ("offsite", "nas") == row.repositories


def test_what_is_adopted_is_a_point_of_the_service_that_adopts_it() -> None:
    (row,) = where(nas=[snapshot(digest(7), digest(8), NOW, host="qnap", tags=("nightly",))])

    assert ("share", digest(7)[:8], False) == (row.service, row.run, row.foreign)


def test_people_see_ours_and_how_many_others_there_are() -> None:
    rows = where(offsite=[*everything(), snapshot(digest(1), digest(2), NOW + DAY)])

    short = text("bakery", rows, {}, "Europe/Paris", NOW)
    full = text("bakery", rows, {}, "Europe/Paris", NOW, verbose=True)

    assert digest(1)[:8] not in short
    assert "1 more that no run of this log made (--verbose shows them)" in short
    assert f"{digest(1)[:8]}  foreign" in full
    assert "2026-11-23 13:00  till     2 kB  offsite    r0" in short


def test_who_could_not_be_asked_is_said_with_the_remedy() -> None:
    said = text("bakery", (), {"nas": GONE}, "UTC", NOW)
    (unasked,) = document("bakery", (), {"nas": GONE}, NOW)["unasked"]

    assert "not in this list: nas: nobody answers\n  Look at the cable." == said
    assert {
        "repository": "nas",
        "error": "nas: nobody answers",
        "remedy": "Look at the cable.",
    } == unasked


def test_a_site_without_points_is_told_how_to_make_one() -> None:
    assert "Make one with `pra backup bakery`." in text("bakery", (), {}, "UTC", NOW)


def test_a_machine_that_made_none_of_them_sees_them_all() -> None:
    said = text("bakery", where(offsite=[snapshot(digest(1), digest(2), NOW)]), {}, "UTC", NOW)

    assert f"2026-11-23 12:00  -        1 kB  nowhere    {digest(1)[:8]}  foreign" in said
    assert "The log of this machine made none of these" in said


def test_more_than_the_limit_is_counted_and_a_size_that_nobody_knows_is_a_dash() -> None:
    unknown = [replace(one, bytes=None) for one in everything()]

    said = text("bakery", where(offsite=unknown), {}, "UTC", NOW, limit=1)

    assert "2026-11-23 12:00  till     -     offsite    r0" in said
    assert "and 2 older ones (--limit 3)" in said
    assert "foreign" not in said


def test_an_error_without_a_remedy_is_a_line() -> None:
    assert "not in this list: gone" == text(
        "bakery", (), {"nas": RepositoryUnreachable("gone")}, "UTC", NOW
    )


def test_the_document_has_every_point_with_its_places_and_whether_it_is_suspected() -> None:
    rows = where(offsite=everything(), nas=listed(NIGHTS[0], copied=True)[:1])

    first, _ = document("bakery", rows, {}, NOW, limit=2)["points"]

    assert ("r0", ["offsite"], False, False, 2000) == tuple(
        first[key] for key in ("run", "repositories", "suspected", "foreign", "bytes")
    )
    assert [
        {"repository": "offsite", "usable_at": "2026-11-23T12:00:09.000000Z", "problem": None},
        {"repository": "nas", "usable_at": None, "problem": "not sealed here"},
    ] == first["places"]


def test_suspected_points_are_marked_and_the_last_clean_one_is_named() -> None:
    hurt = replace(NIGHTS[0], outcome=Outcome.SUSPECTED, suspect="r0", usable_at=NOW)
    log = known(recorded([*NIGHTS[1:], hurt]))
    listing = [one for night in (hurt, *NIGHTS[1:]) for one in listed(night)]
    rows = joined({"offsite": divided(listing, log, host=SITE)}, {}, {})
    told = document("bakery", rows, {}, NOW)

    assert [True, False, False] == [point["suspected"] for point in told["points"]]
    (one,) = told["suspicions"]
    assert ("till", "r1") == (one["service"], one["last_clean"]["run"])
    lines = text("bakery", rows, {}, "UTC", NOW).splitlines()
    assert "SUSPECTED, not to be used" in lines[1]
    assert "in offsite (run r1)" in lines[-1]


def test_a_sound_point_that_a_wrong_clock_dated_ahead_hides_no_suspicion() -> None:
    ahead = backed_up("r9", NOW + 3709 * DAY)
    hurt = replace(NIGHTS[0], outcome=Outcome.SUSPECTED, suspect="r0", usable_at=NOW)
    log = known(recorded([*NIGHTS[1:], hurt, ahead]))
    listing = [one for night in (ahead, hurt, *NIGHTS[1:]) for one in listed(night)]
    rows = joined({"offsite": divided(listing, log, host=SITE)}, {}, {})
    told = document("bakery", rows, {}, NOW)

    assert [True, False, False, False] == [point["ahead"] for point in told["points"]]
    assert ["r1"] == [one["last_clean"]["run"] for one in told["suspicions"]]
    assert "dated in the future, not used" in text("bakery", rows, {}, "UTC", NOW).splitlines()[1]


def test_what_another_machine_sealed_as_suspected_is_told() -> None:
    hurt = replace(NIGHTS[0], outcome=Outcome.SUSPECTED)
    rows = joined(
        {"offsite": divided([*listed(hurt), *listed(NIGHTS[1])], known([]), host=SITE)}, {}, {}
    )

    assert [("r0", True), ("r1", None)] == [(row.run, row.suspected) for row in rows]

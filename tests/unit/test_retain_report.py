"""What a person and a program read of a retention."""

from __future__ import annotations

from dataclasses import replace

from orchestrator.core.copies.snapshots import Contents
from orchestrator.core.events import RetainFinished
from orchestrator.core.retention.guards import Before
from orchestrator.core.retention.thinning import Thinned
from orchestrator.errors import RepositoryRefused
from orchestrator.reports.retain import Result, document, exit_code, text
from tests import points
from tests.points import DAY, NOW, digest, nightly, snapshot

POINTS = tuple(reversed(nightly(40)))
TILL = Thinned(
    service="till",
    kept=((POINTS[-1], ("newest", "daily")),),
    removed=POINTS[:-1],
    leftovers=(points.held("died", NOW - 9 * DAY),),
)
OLD = Thinned(service="old", kept=((POINTS[0], ("retired",)),), retired=True)
STRANGER = snapshot(digest(1), digest(2), NOW)
CONTENTS = Contents(points=POINTS, broken=(), leftovers=(), adopted=(), foreign=(STRANGER,))
DONE = RetainFinished(
    run="r",
    site="bakery",
    repository="nas",
    held="",
    kept=2,
    removed=39,
    removable=39,
    foreign=1,
    freed_bytes=1_500_000,
    seconds=2.25,
)


def result(*, held: str = "", finished: RetainFinished | None = DONE) -> Result:
    return Result(
        repository="nas",
        run="r",
        finished=finished,
        held=held,
        services=(TILL, OLD),
        contents=CONTENTS,
        before=Before(kept=40),
    )


def test_what_was_done_is_a_line_and_one_a_service() -> None:
    foreign = "  1 snapshot that no run of this log made: neither counted nor removed"
    assert [
        "nas: 39 recovery points removed, 2 kept, about 1.5 MB freed, 2.2 s",
        "  till: 1 kept, 39 removed, 1 unfinished run",
        "  old: 1 point kept: the policy has no such service any more: a person removes them",
        f"{foreign} (`pra snapshots --verbose`)",
    ] == text(result(), "UTC").splitlines()


def test_a_dry_run_shows_each_point_and_why_and_what_a_run_may_remove() -> None:
    said = text(result(finished=None), "Europe/Paris").splitlines()

    assert "nas: would remove 39 recovery points and keep 2 (a run may remove 5)" == said[0]
    assert "    2026-11-23 13:00  keep    newest, daily     r0" == said[2]
    assert "    2026-11-22 13:00  remove  no rule keeps it  r1" == said[3]
    assert any("unfinished" in line for line in said)
    assert "    and 29 older ones to remove (--verbose)" in said


def test_verbose_shows_every_point() -> None:
    said = text(result(finished=None), "UTC", verbose=True)

    assert 39 == said.count("no rule keeps it")
    assert "(--verbose)\n" not in said


def test_space_that_is_not_free_yet_is_said() -> None:
    gave_way = replace(DONE, freed_bytes=None)

    assert "the space not freed yet, the next run goes on" in text(result(finished=gave_way), "UTC")
    assert None is document("bakery", [result(finished=gave_way)])["repositories"][0]["freed_bytes"]


def test_held_back_comes_first() -> None:
    said = text(result(held="a clock is wrong"), "UTC")

    assert said.startswith("nas: held back, nothing removed: a clock is wrong\n")


def test_an_error_is_said_with_its_remedy() -> None:
    error = RepositoryRefused("nas: no", hint="Ask.")
    failed = Result(repository="nas", run="r", error=error)

    assert "nas: no\n  Ask." == text(failed, "UTC")
    (entry,) = document("bakery", [failed])["repositories"]
    assert ("nas: no", None, None, []) == tuple(
        entry[key] for key in ("error", "kept", "freed_bytes", "services")
    )


def test_the_worst_repository_decides_the_exit_code() -> None:
    fine, withheld = result(), result(held="no")
    failed = Result(repository="nas", error=RepositoryRefused("no"))

    assert (0, 3, 1) == (
        exit_code([fine]),
        exit_code([fine, withheld]),
        exit_code([fine, withheld, failed]),
    )


def test_where_there_was_nothing_to_do_little_is_said() -> None:
    empty = Contents(points=(), broken=(), leftovers=(), adopted=(), foreign=())
    nothing = replace(DONE, removed=0, kept=0, freed_bytes=0)
    quiet = replace(result(finished=nothing), contents=empty, services=())

    assert "nas: 0 recovery points removed, 0 kept, 2.2 s" == text(quiet, "UTC")
    bare = replace(quiet, finished=None, services=(Thinned(service="till", kept=()),))
    assert "  till: 0 kept, 0 to remove" == text(bare, "UTC").splitlines()[-1]

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from orchestrator.core.finding.values import Answer, File, Held, Version
from orchestrator.errors import RepositoryUnreachable
from orchestrator.reports.find import document, text

NIGHT = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
DAY = timedelta(days=1)
AWAY = RepositoryUnreachable("far: does not answer", hint="Look at the line.")


def held(day: int, *, suspected: bool = False) -> Held:
    return Held(
        service="share",
        source="share",
        run=f"r{day}",
        data_time=NIGHT + day * DAY,
        usable_at=NIGHT + day * DAY + timedelta(seconds=90, milliseconds=5),
        tree="t",
        suspected=suspected,
        snapshots={"near": "1" * 64, "far": "2" * 64},
    )


def version(first: int, last: int, *, current: bool = False) -> Version:
    return Version(
        size=48_000 + first,
        mtime=NIGHT + first * DAY - timedelta(hours=4),
        first=held(first),
        last=held(last),
        clean=held(last),
        current=current,
    )


GONE = File(
    path="/srv/Devis d'été.ods",
    service="share",
    source="share",
    versions=(version(2, 3), version(0, 1)),
)


def said(answer: Answer, **other: object) -> str:
    given = {"pattern": "devis*", "bounded": False, "unasked": {}, "behind": {}, **other}
    return text("bakery", answer, "Europe/Paris", **given)  # type: ignore[arg-type]  # any of them


def test_each_file_is_told_with_its_versions_and_the_command_that_brings_one_back() -> None:
    assert (
        """\
  changed           size   in the points of                      to recover it
/srv/Devis d'été.ods  (share, no longer there)
  2026-11-22 18:00  48 kB  2026-11-22 22:00 to 2026-11-23 22:00  --at "2026-11-23 22:01:31"
  2026-11-20 18:00  48 kB  2026-11-20 22:00 to 2026-11-21 22:00  --at "2026-11-21 22:01:31"

To bring the newest version back beside the original (from near; another one: its --at):
  pra recover bakery share --path '/srv/Devis d'"'"'été.ods' --at "2026-11-23 22:01:31" --to \
recovered"""
    ) == said(Answer(files=(GONE,)))


def test_of_a_file_that_is_still_there_the_version_before_is_offered() -> None:
    there = replace(GONE, versions=(version(2, 3, current=True), version(1, 1)))

    told = said(Answer(files=(there,)))

    assert "2026-11-22 22:00 to now " in told
    assert "2026-11-21 22:00                      --at" not in told
    assert "To bring the version before back" in told
    assert told.endswith('--at "2026-11-21 22:01:31" --to recovered')


def test_of_a_file_that_never_changed_the_one_version_is_offered() -> None:
    there = replace(GONE, path="/srv/a.ods", versions=(version(2, 3, current=True),))

    told = said(Answer(files=(there,), more=1))

    assert "1 more file matches (--all shows them)." in told
    assert "To bring the newest version back beside the original (from near):" in told
    assert told.endswith(
        'pra recover bakery share --path /srv/a.ods --at "2026-11-23 22:01:31" --to recovered'
    )


def test_what_only_suspected_points_hold_is_not_offered() -> None:
    bad = replace(version(3, 3), last=held(3, suspected=True), clean=None)
    only = replace(GONE, versions=(bad,))

    told = said(Answer(files=(only,), more=1_000))

    assert "2026-11-23 22:00  suspected" in told
    assert "at least 1000 more files match" in told
    assert "pra recover" not in told
    assert "nothing is to be restored from them" in told


def test_of_the_versions_the_newest_that_is_not_suspected_is_offered() -> None:
    bad = replace(version(3, 3, current=True), last=held(3, suspected=True), clean=None)

    told = said(Answer(files=(replace(GONE, versions=(bad, version(0, 2))),)))

    assert told.endswith('--at "2026-11-22 22:01:31" --to recovered')


def test_where_nothing_matches_names_like_it_are_told() -> None:
    near = said(Answer(files=(), near=("Devis-2026.ods",)))

    assert (
        "bakery: no file in any recovery point matches 'devis*'.\n"
        "There are names like it:\n  Devis-2026.ods"
    ) == near
    assert "Ask for less of the name" in said(Answer(files=()))
    assert "in the points that --at and --since leave" in said(Answer(files=()), bounded=True)


def test_how_far_the_answer_is_behind_is_said() -> None:
    hintless = RepositoryUnreachable("near: is gone")
    told = said(
        Answer(files=(GONE,)),
        unasked={"far": AWAY, "near": hintless},
        behind={"share": 3, "sage": 1},
        busy=True,
    )

    assert told.endswith("""\

Another search brings the index up to date right now: newer points may be lacking.
not asked: far: does not answer
  Look at the line.
not asked: near: is gone
share: this answer is 3 points behind what has been backed up
sage: this answer is 1 point behind what has been backed up""")


def test_nothing_is_told_of_now_by_an_index_that_is_behind() -> None:
    there = replace(GONE, versions=(version(2, 3, current=True),))

    told = said(Answer(files=(there,)), behind={"share": 1})

    assert "now" not in told
    assert "2026-11-22 22:00 to 2026-11-23 22:00" in told


def test_a_program_is_told_one_match_for_each_version() -> None:
    bad = replace(version(3, 3, current=True), last=held(3, suspected=True), clean=None)
    answer = Answer(files=(replace(GONE, versions=(bad, version(0, 2))),), more=2, near=())

    told = document("bakery", answer, {"far": AWAY}, {"share": 1})

    assert ["site", "matches", "more", "near", "behind", "unasked"] == list(told)
    assert [True, False] == [one["suspected"] for one in told["matches"]]
    assert None is told["matches"][0]["recover_at"]
    assert {
        "path": "/srv/Devis d'été.ods",
        "service": "share",
        "source": "share",
        "run": "r2",
        "repository": "near",
        "snapshot": "1" * 64,
        "data_time": "2026-11-22T21:00:00.000000Z",
        "size": 48_000,
        "mtime": "2026-11-20T17:00:00.000000Z",
        "first_seen": "2026-11-20T21:00:00.000000Z",
        "last_seen": "2026-11-22T21:00:00.000000Z",
        "current": False,
        "suspected": False,
        "recover_at": "2026-11-22T21:01:30.005000Z",
    } == told["matches"][1]
    assert [
        {"repository": "far", "error": "far: does not answer", "remedy": "Look at the line."}
    ] == (told["unasked"])

"""The index of files by itself: what it answers, and what it survives."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.adapters.index import Damaged, Index, alone, discard
from orchestrator.core.finding.pattern import pattern
from orchestrator.core.finding.values import Answer, Asked, Entry, Held
from orchestrator.errors import StateUnusable
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Iterator

NIGHT = datetime(2026, 11, 1, 21, 0, tzinfo=UTC)
MICRO = 1_000_000
TIMEOUT = 60.0

# Takes up a point of many files, and says when it begins to.
TAKER = """
import sys
from pathlib import Path
from orchestrator.adapters.index import Index
from orchestrator.core.finding.values import Entry
from tests.component.test_index import held

with Index.open(Path(sys.argv[1])) as index:
    index.fresh()
    for number in range(20):
        files = [Entry("/srv", f"file {number} {n}", n, n) for n in range(1_000)]
        index.seen(files)
        print("seen", flush=True)
    print("taking", flush=True)
    index.take(held(2), touched=False)
    print("taken", flush=True)
"""


def held(
    number: int,
    *,
    service: str = "share",
    tree: str = "",
    suspected: bool = False,
    unread: bool = False,
) -> Held:
    """The point of a night."""
    at = NIGHT + timedelta(days=number)
    return Held(
        service=service,
        source=service,
        run=f"r{number}",
        data_time=at,
        usable_at=at + timedelta(minutes=1),
        tree=tree or f"tree {number}",
        suspected=suspected,
        snapshots={"far": f"snapshot {number}"},
        unread=unread,
    )


def entry(path: str, size: int, day: int = 0) -> Entry:
    folder, _, name = path.rpartition("/")
    return Entry(folder, name, size, int((NIGHT + timedelta(days=day)).timestamp()) * MICRO)


def fill(index: Index, point: Held, *files: Entry) -> None:
    """Take up a point of just these files."""
    index.fresh()
    index.seen(list(files))
    index.take(point, touched=False)


def told(answer: Answer) -> dict[str, list[tuple[int, str, str, bool]]]:
    return {
        file.path: [(v.size, v.first.run, v.last.run, v.current) for v in file.versions]
        for file in answer.files
    }


def ask(index: Index, text: str, **asked: object) -> dict[str, list[tuple[int, str, str, bool]]]:
    return told(index.search(pattern(text), Asked(**asked)))  # type: ignore[arg-type]  # any of them


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "find" / "bakery.db"


@pytest.fixture
def index(place: Path) -> Iterator[Index]:
    """Five nights of a quote that was changed, deleted and came back as it was."""
    with Index.open(place) as found:
        ordinary = entry("/srv/a/notes.txt", 9)
        fill(found, held(1), ordinary, entry("/srv/a/Devis-Été.ODS", 10, 1))
        fill(found, held(2), ordinary, entry("/srv/a/Devis-Été.ODS", 10, 1))
        fill(found, held(3), ordinary, entry("/srv/a/Devis-Été.ODS", 30, 3))
        fill(found, held(4), ordinary)
        fill(found, held(5), ordinary, entry("/srv/a/Devis-Été.ODS", 10, 1))
        yield found


def test_a_file_is_told_with_each_version_and_the_points_that_hold_it(index: Index) -> None:
    quote = {"/srv/a/Devis-Été.ODS": [(10, "r5", "r5", True), (30, "r3", "r3", False)]}
    quote["/srv/a/Devis-Été.ODS"].append((10, "r1", "r2", False))

    for text in ("devis*ete*", "DEVIS", "a/*.ods", "*evis-?t*", "ds", "/srv/a/devis-ete.o"):
        assert quote == ask(index, text), text
    assert {} == ask(index, "b/devis*")


def test_as_of_an_instant_the_version_of_the_newest_point_usable_then_is_told(
    index: Index,
) -> None:
    path = "/srv/a/Devis-Été.ODS"
    at = held(3).usable_at

    assert [path] == list(ask(index, "devis", at=at))
    assert {} == ask(index, "devis", at=at + timedelta(days=1))
    assert {} == ask(index, "devis", at=held(1).data_time)
    assert ["/srv/a/notes.txt"] == list(ask(index, "notes", at=at + timedelta(days=1)))


def test_as_of_an_instant_no_other_version_is_told(index: Index) -> None:
    (versions,) = ask(index, "devis", at=held(3).usable_at).values()

    assert [(30, "r3", "r3", False)] == versions


def test_since_an_instant_only_what_a_later_point_holds_is_told(index: Index) -> None:
    (versions,) = ask(index, "devis", since=held(3).data_time).values()

    assert [(10, "r5", "r5", True), (30, "r3", "r3", False)] == versions
    assert {} == ask(index, "devis", since=held(6).data_time)


def test_the_last_changed_comes_first_and_the_rest_is_counted(index: Index) -> None:
    fill(index, held(6), *(entry(f"/srv/b/photo {n}.jpg", n, n) for n in range(30)))

    answer = index.search(pattern("photo"), Asked(limit=2))

    assert ["/srv/b/photo 29.jpg", "/srv/b/photo 28.jpg"] == [file.path for file in answer.files]
    assert 28 == answer.more
    assert 30 == len(index.search(pattern("photo"), Asked()).files)


def test_names_like_what_was_looked_for_are_told_when_nothing_matches(index: Index) -> None:
    answer = index.search(pattern("dvis-ete.ods"), Asked())

    assert (Answer(files=(), near=("Devis-Été.ODS",))) == answer
    assert () == index.search(pattern("zz"), Asked()).near


def test_brackets_in_a_name_are_brackets(index: Index) -> None:
    fill(index, held(6), entry("/srv/b/photo [1].jpg", 1), entry("/srv/b/photo 1.jpg", 1))

    assert ["/srv/b/photo [1].jpg"] == list(ask(index, "photo [1]*"))


def test_a_service_is_asked_alone(index: Index) -> None:
    fill(index, held(1, service="sage"), entry("/sage/devis.dat", 5))

    assert ["/sage/devis.dat"] == list(ask(index, "devis", services=("sage",)))
    assert {} == ask(index, "devis", services=("till",))


def test_what_lies_between_two_points_is_enough_to_bring_it_forward(index: Index) -> None:
    index.fresh()
    index.touched(["/srv/a/Devis-Été.ODS", "/srv/new.txt", "/gone/x", "/top"])
    index.seen([entry("/srv/a/Devis-Été.ODS", 99, 6), entry("/srv/a/other.txt", 1)])
    index.seen([entry("/srv/new.txt", 2), entry("/top", 3)])
    folders = index.folders(4)
    index.take(held(6), touched=True)

    assert ["", "/gone", "/srv", "/srv/a"] == sorted(folders or ())
    assert (99, "r6", "r6", True) == ask(index, "devis")["/srv/a/Devis-Été.ODS"][0]
    assert ["/srv/new.txt"] == list(ask(index, "new"))
    assert ["/top"] == list(ask(index, "top"))
    assert {} == ask(index, "other")
    assert [(9, "r1", "r6", True)] == ask(index, "notes")["/srv/a/notes.txt"]


def test_too_many_changed_folders_are_not_named(index: Index) -> None:
    index.touched([f"/srv/{n}/x" for n in range(5)])

    assert None is index.folders(4)


def test_a_point_of_the_same_tree_costs_nothing(index: Index) -> None:
    index.same(held(6))

    assert [(9, "r1", "r6", True)] == ask(index, "notes")["/srv/a/notes.txt"]


def test_what_only_forgotten_points_held_is_forgotten(index: Index) -> None:
    index.keep("share", "share", [held(1), held(2), held(4), held(5)])

    (versions,) = ask(index, "devis").values()
    assert [(10, "r5", "r5", True), (10, "r1", "r2", False)] == versions
    index.keep("share", "share", [held(4)])
    assert {} == ask(index, "devis")
    assert ["/srv/a/notes.txt"] == list(ask(index, "notes"))


def test_when_the_newest_point_is_gone_the_one_before_is_the_newest(index: Index) -> None:
    index.keep("share", "share", [held(n) for n in (1, 2, 3)])

    (versions,) = ask(index, "devis").values()
    assert [(30, "r3", "r3", True), (10, "r1", "r2", False)] == versions


def test_a_point_that_turns_up_late_is_taken_up_in_its_place(index: Index) -> None:
    late = replace(held(2), run="late", data_time=held(2).data_time + timedelta(hours=1))

    index.keep("share", "share", [held(1), held(2), late, *(held(n) for n in (3, 4, 5))])

    assert [held(1), held(2)] == list(index.points("share", "share"))
    (versions,) = ask(index, "devis").values()
    assert [(10, "r1", "r2", True)] == versions


def test_a_point_that_was_repaired_is_taken_up_anew(index: Index) -> None:
    index.keep("share", "share", [*(held(n) for n in (1, 2, 3)), held(4, tree="other"), held(5)])

    assert [held(n) for n in (1, 2, 3)] == list(index.points("share", "share"))


def test_a_point_that_could_not_be_listed_is_tried_again_when_it_is_elsewhere(index: Index) -> None:
    index.fresh()
    index.take(held(6, unread=True), touched=False)
    known = [held(n) for n in range(1, 6)]

    assert {} == ask(index, "devis", at=held(6).usable_at)
    index.keep("share", "share", [*known, held(6)])
    assert held(6, unread=True) == index.points("share", "share")[-1]
    index.keep("share", "share", [*known, replace(held(6), snapshots={"near": "x"})])
    assert held(5) == index.points("share", "share")[-1]


def test_what_is_said_of_a_point_follows_the_repositories_and_the_log(index: Index) -> None:
    known = [held(1), *(held(n, suspected=True) for n in (2, 3, 4, 5))]
    moved = [replace(one, snapshots={"near": "x", "far": "y"}) for one in known]

    index.keep("share", "share", moved)

    assert moved == list(index.points("share", "share"))
    newest, *_, oldest = index.search(pattern("devis"), Asked()).files[0].versions
    assert None is newest.clean
    assert moved[0] == oldest.clean
    assert moved[1] == oldest.last


@pytest.mark.parametrize("harm", ["text", "short", "page", "schema", "table", "foreign"])
def test_an_index_that_is_damaged_or_of_another_schema_is_made_anew(place: Path, harm: str) -> None:
    with Index.open(place) as index:
        fill(index, held(1), *(entry(f"/srv/file {n}", n) for n in range(2_000)))
    _harm(place, harm)

    try:
        _use(place)
    except Damaged:  # who opens it may see nothing of it yet; who meets it discards it
        assert harm in {"page", "table"}
        discard(place)
        _use(place)


def _use(place: Path) -> None:
    with Index.open(place) as index:
        index.keep("share", "share", [held(2)])
        fill(index, held(2), *(entry(f"/srv/file {n}", n) for n in range(100)))
        assert 11 == len(ask(index, "file 7"))


def _harm(place: Path, harm: str) -> None:
    content = place.read_bytes()
    match harm:
        case "text":
            place.write_text("not a database")
        case "short":
            place.write_bytes(content[: len(content) // 3])
        case "page":
            place.write_bytes(content[:8192] + b"\xff" * 65_536 + content[8192 + 65_536 :])
        case _:
            db = sqlite3.connect(place)
            if harm == "schema":
                db.execute("PRAGMA user_version = 99")
            elif harm == "foreign":
                db.execute("PRAGMA application_id = 7")
            else:
                db.execute("DROP TABLE versions")
            db.close()


def test_a_place_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")

    with pytest.raises(StateUnusable, match="index of files"):
        Index.open(tmp_path / "cache" / "find" / "bakery.db")
    with pytest.raises(StateUnusable), alone(tmp_path / "cache" / "find" / "bakery.db"):
        pass


def test_when_the_repositories_were_asked_is_remembered(index: Index) -> None:
    assert None is index.asked("share")
    index.mark(["share", "sage"], NIGHT, 7)
    index.mark(["share"], NIGHT + timedelta(minutes=1), 9)

    assert (NIGHT + timedelta(minutes=1), 9) == index.asked("share")
    assert (NIGHT, 7) == index.asked("sage")


def test_only_one_brings_it_forward(place: Path) -> None:
    with alone(place) as first, alone(place) as second:
        assert (True, False) == (first, second)
    with alone(place) as third:
        assert third


@pytest.mark.parametrize("word", ["seen", "taking"])
def test_killed_in_the_middle_it_answers_for_the_points_that_it_has(place: Path, word: str) -> None:
    with Index.open(place) as index:
        fill(index, held(1), entry("/srv/devis.ods", 1))
    said = threading.Event()
    root = Path(__file__).parents[2]
    argv = [sys.executable, "-c", TAKER, str(place)]
    env = {"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin"}
    with Processes("the-tests").start(
        argv,
        env=env,
        on_stdout=lambda line: said.set() if line == word.encode() else None,
        cwd=root,
    ) as child:
        assert said.wait(TIMEOUT)
        os.killpg(child.pid, signal.SIGKILL)
        child.finish(timedelta(seconds=TIMEOUT))

    with Index.open(place) as index:
        if index.points("share", "share") == (held(1),):
            assert [(1, "r1", "r1", True)] == ask(index, "devis")["/srv/devis.ods"]
            fill(index, held(2), entry("/srv/devis.ods", 2))
        assert [held(1), held(2)] == list(index.points("share", "share"))

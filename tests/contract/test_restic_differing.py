"""What differs between two snapshots, in both versions of restic."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from orchestrator.adapters.restic.differing import changes, extension, read
from orchestrator.core.detection.values import Changes
from orchestrator.errors import Misused, ResticChanged
from tests.repositories import TAGS

if TYPE_CHECKING:
    from tests.repositories import Scene

ONE_VERSION = pytest.mark.parametrize("binary", ["0.18.0"], indirect=True)


def backed_up(here: Scene) -> str:
    return here.restic.backup([str(here.source)], host="bakery", tags=TAGS).snapshot


def test_each_file_that_went_came_or_was_changed_is_counted_once(empty: Scene) -> None:
    tree = empty.source
    for name in ("a.doc", "b.doc", "c.XLS", "old.tmp", "same.pdf", "touched.pdf"):
        (tree / name).write_bytes(os.urandom(2000))
    (tree / "clients.2026").mkdir()
    (tree / "clients.2026" / "été.jpg").write_bytes(b"a photo")
    older = backed_up(empty)
    for name in ("a.doc", "c.XLS", "clients.2026/été.jpg"):
        (tree / name).rename(tree / f"{name}.locked")
    (tree / "b.doc").write_bytes(os.urandom(2000))
    (tree / "old.tmp").unlink()
    (tree / "touched.pdf").chmod(0o600)
    (tree / "new.folder").mkdir()
    (tree / "new.folder" / "README").write_text("send coins")
    newer = backed_up(empty)

    assert Changes(
        gone={".doc": 1, ".xls": 1, ".jpg": 1, ".tmp": 1},
        came={".locked": 3, "": 1},
        modified={".doc": 1},
        renamed={".locked": 3},
    ) == changes(empty.restic, older, newer)


@ONE_VERSION
def test_between_a_snapshot_and_itself_nothing_differs(empty: Scene) -> None:
    older = backed_up(empty)

    assert Changes() == changes(empty.restic, older, older)


@ONE_VERSION
def test_a_short_id_is_refused(empty: Scene) -> None:
    with pytest.raises(Misused, match="not the full id"):
        changes(empty.restic, "5f" * 32, "5f5f5f5f")


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/a/b.DOC", ".doc"),
        ("/a.b/c", ""),
        ("/a/.bashrc", ""),
        ("/a/x.tar.gz", ".gz"),
        ("/a/Letter to Mr. Example about the roof", ""),
    ],
)
def test_an_extension_is_what_follows_the_last_dot_of_the_name(path: str, expected: str) -> None:
    assert expected == extension(path)


def line(path: str, letter: str) -> bytes:
    return b'{"message_type":"change","path":"%s","modifier":"%s"}\n' % (
        path.encode(),
        letter.encode(),
    )


END = b'{"message_type":"statistics","changed_files":1}\n'


def test_a_suffix_that_differs_from_file_to_file_is_seen() -> None:
    said = b"".join(
        line(f"/s/{n}.doc", "-") + line(f"/s/{n}.doc.id-{n}.crypt", "+") for n in range(3)
    )

    renamed = {f".id-{n}.crypt": 1 for n in range(3)}
    assert renamed == read(said + END).renamed


def test_a_file_in_a_renamed_folder_did_not_get_a_suffix() -> None:
    said = line("/s/2025/a.doc", "-") + line("/s/2025.old/a.doc", "+")

    assert {} == read(said + END).renamed


def test_a_message_that_we_do_not_know_is_let_pass() -> None:
    said = b"warning: slow\n" + b'{"message_type":"future"}\n' + line("/a.doc", "?") + END

    assert Changes(modified={".doc": 1}) == read(said)


def test_an_answer_without_its_end_is_refused() -> None:
    with pytest.raises(ResticChanged, match="no statistics"):
        read(line("/a.doc", "M"))


def test_of_an_answer_too_long_to_be_kept_the_end_is_read() -> None:
    assert Changes(modified={".doc": 1}) == read(line("/a.doc", "M"), truncated=True)


def test_a_change_without_a_path_is_refused() -> None:
    with pytest.raises(ResticChanged, match="no change"):
        read(b'{"message_type":"change","modifier":"M"}\n' + END)

"""What a `files` source must be before restic reads it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.adapters.sources import files
from orchestrator.core.policy.model import Files
from orchestrator.errors import SourceFailed


def source(
    *paths: Path | str,
    require_mount: str | None = None,
    tolerate: tuple[str, ...] = (),
    at_most: int = 0,
) -> Files:
    return Files(
        paths=tuple(map(str, paths)),
        exclude=(),
        exclude_caches=False,
        one_file_system=True,
        require_mount=require_mount,
        tolerate=tolerate,
        tolerate_at_most=at_most,
    )


def refused(spec: Files) -> str:
    with pytest.raises(SourceFailed) as caught:
        files.judge(spec, where="bakery/share/documents")
    assert caught.value.hint
    return str(caught.value)


def test_a_folder_with_a_file_deep_inside_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "ledger").touch()

    assert (tmp_path,) == files.judge(source(tmp_path), where="x")


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    (tmp_path / "here").touch()

    said = refused(source(tmp_path, tmp_path / "gone"))

    assert f"bakery/share/documents: {tmp_path}/gone does not exist" == said


def test_a_tree_without_a_regular_file_is_empty(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe")

    assert "there is not one file under" in refused(source(tmp_path))


def test_a_relative_path_is_refused() -> None:
    assert "bakery/share/documents: data is a relative path" == refused(source("data"))


def test_a_link_is_kept_and_what_it_leads_to_is_taken_with_it(tmp_path: Path) -> None:
    (tmp_path / "disk" / "share").mkdir(parents=True)
    (tmp_path / "disk" / "share" / "ledger").touch()
    link = tmp_path / "share"
    link.symlink_to("disk/share")

    assert (link, tmp_path / "disk" / "share") == files.judge(source(link), where="x")


def test_a_link_that_leads_nowhere_is_named(tmp_path: Path) -> None:
    (tmp_path / "share").symlink_to("unplugged")

    assert "is a symbolic link that leads nowhere" in refused(source(tmp_path / "share"))


def test_a_folder_that_is_no_mount_point_is_not_mounted(tmp_path: Path) -> None:
    (tmp_path / "left-behind").touch()

    said = refused(source(tmp_path, require_mount=str(tmp_path)))

    assert f"bakery/share/documents: nothing is mounted at {tmp_path}" == said


def test_a_mount_point_is_seen_also_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/proc")

    assert files.mounted(Path("/proc"))
    assert files.mounted(tmp_path / "link")
    assert not files.mounted(tmp_path / "absent")


@pytest.mark.parametrize(
    ("unread", "accepted"),
    [
        (["/srv/a/mail.pst"], True),
        (["/srv/a/mail.pst", "/srv/b/old.pst"], True),
        (["/srv/a/1.pst", "/srv/a/2.pst", "/srv/a/3.pst"], False),
        (["/srv/a/mail.pst", "/srv/a/ledger.ods"], False),
        (["/srv/open/anything"], True),
        ([""], False),
    ],
)
def test_unread_files_are_tolerated_by_name_and_number(
    unread: list[str], *, accepted: bool
) -> None:
    spec = source("/srv", tolerate=("*.pst", "/srv/open/*"), at_most=2)

    assert accepted is files.tolerated(spec, unread)

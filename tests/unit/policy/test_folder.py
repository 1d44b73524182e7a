"""The folder of policy files, as it may be found."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from orchestrator.adapters import policies
from orchestrator.core.policy import Unreadable
from orchestrator.errors import Misused, PolicyInvalid

if TYPE_CHECKING:
    from pathlib import Path


def why(folder: Path, name: str) -> str:
    found = policies.read(folder)[str(folder / name)]
    assert isinstance(found, Unreadable)
    return found.message


def test_the_provider_s_file_and_every_site_s_are_read_and_nothing_else(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yaml", "provider.yaml", ".a.yaml.swp", ".x.yaml", "README.md"):
        (tmp_path / name).write_text(name)
    (tmp_path / "examples").mkdir()
    (tmp_path / "examples" / "c.yaml").write_text("c")

    assert {
        str(tmp_path / name): name for name in ("a.yaml", "b.yaml", "provider.yaml")
    } == policies.read(tmp_path)


def test_a_link_to_a_file_is_the_file(tmp_path: Path) -> None:
    (tmp_path / "..data").write_text("text")
    (tmp_path / "a.yaml").symlink_to("..data")

    assert {str(tmp_path / "a.yaml"): "text"} == policies.read(tmp_path)


def test_what_is_no_text_file_says_so(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "nowhere.yaml").symlink_to("gone")
    (tmp_path / "round.yaml").symlink_to("round.yaml")
    (tmp_path / "binary.yaml").write_bytes(b"site: a\0b")
    (tmp_path / "latin.yaml").write_bytes(b"site: a\nname: caf\xe9\n")
    (tmp_path / "huge.yaml").write_bytes(b"#" * (policies.LARGEST + 1))
    (tmp_path / "short.yml").write_text("site: short")
    os.mkfifo(tmp_path / "pipe.yaml")

    assert "not a file" == why(tmp_path, "folder.yaml")
    assert "a link that leads nowhere" == why(tmp_path, "nowhere.yaml")
    assert "a link that leads nowhere" == why(tmp_path, "round.yaml")
    assert "not a text file" == why(tmp_path, "binary.yaml")
    assert "larger than 1 MiB" == why(tmp_path, "huge.yaml")
    assert "not a policy file" == why(tmp_path, "short.yml")
    assert "not a file" == why(tmp_path, "pipe.yaml")
    assert (
        Unreadable(message="not UTF-8 text", remedy="save the file as UTF-8", line=2)
        == (policies.read(tmp_path)[str(tmp_path / "latin.yaml")])
    )


def test_a_folder_that_is_not_there_says_how_to_name_one(tmp_path: Path) -> None:
    for folder in (tmp_path / "gone", tmp_path / "file"):
        (tmp_path / "file").write_text("")
        with pytest.raises(Misused, match="there is no such folder"):
            policies.read(folder)


def test_chosen_files_stand_over_the_provider_s_beside_them_else_the_folder_s(
    tmp_path: Path,
) -> None:
    for path in ("here/provider.yaml", "here/a.yaml", "there/provider.yaml", "there/b.yaml"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(path)
    (tmp_path / "c.yaml").write_text("c")
    folder = tmp_path / "here"

    def read(*names: str) -> list[str]:
        return list(policies.read(folder, [tmp_path / name for name in names]).values())  # type: ignore[arg-type]  # every one is text here

    assert ["here/provider.yaml", "c"] == read("c.yaml")
    assert ["there/provider.yaml", "there/b.yaml"] == read("there/b.yaml")
    assert ["there/provider.yaml"] == read("there/provider.yaml")
    assert ["there/provider.yaml", "there/b.yaml"] == read("there/b.yaml", "there/provider.yaml")
    with pytest.raises(Misused, match="two provider's files"):
        read("here/provider.yaml", "there/provider.yaml")


def test_a_chosen_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    [found] = policies.read(tmp_path, [tmp_path / "a.yaml"]).values()

    assert (
        Unreadable(
            message="it cannot be read: No such file or directory", remedy="repair it, or remove it"
        )
        == found
    )


def test_a_new_file_is_written_whole_with_nothing_beside_it(tmp_path: Path) -> None:
    policies.write_new(tmp_path / "new" / "a.yaml", "site: é\n")

    assert "site: é\n" == (tmp_path / "new" / "a.yaml").read_text()
    assert [tmp_path / "new" / "a.yaml"] == list((tmp_path / "new").iterdir())
    assert 0o644 == (tmp_path / "new" / "a.yaml").stat().st_mode & 0o777


def test_a_file_that_is_there_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("mine")
    (tmp_path / "b.yaml").symlink_to("gone")

    for name in ("a.yaml", "b.yaml"):
        with pytest.raises(Misused, match="it is there already"):
            policies.write_new(tmp_path / name, "other")
    assert "mine" == (tmp_path / "a.yaml").read_text()
    assert ["a.yaml", "b.yaml"] == sorted(path.name for path in tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(PolicyInvalid, match="it cannot be written: File exists"):
        policies.write_new(tmp_path / "file" / "a.yaml", "x")

"""A folder that is an option whose own word was forgotten."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from orchestrator.cli import demo, drill, recover
from orchestrator.cli.folder import Folder


def test_what_begins_with_a_dash_is_no_folder() -> None:
    kind = Folder(path_type=Path, file_okay=False)

    assert Path("./--yes") == kind.convert("./--yes", None, None)
    with pytest.raises(click.BadParameter, match="--yes: not a folder"):
        kind.convert("--yes", None, None)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (demo.command, ["--keep", "--help"]),
        (demo.command, ["--resume", "--help"]),
        (drill.command, ["acme", "--keep", "--dry-run"]),
        (recover.command, ["acme", "--to", "--yes"]),
    ],
)
def test_no_verb_takes_an_option_for_a_folder(command: click.Command, words: list[str]) -> None:
    ran = CliRunner().invoke(command, words)

    assert 2 == ran.exit_code
    assert "not a folder" in ran.output

"""The folder of a recovery: nothing of anybody else's is read, written over or removed there."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from orchestrator.adapters.whole_file import draft
from orchestrator.app import App
from orchestrator.errors import Misused
from orchestrator.jobs import recover_start
from orchestrator.jobs.drill import planned
from orchestrator.jobs.recover import begin_recovery
from orchestrator.jobs.recover_place import Place
from restore_drills.model import Scenario
from tests.site import FILES, ClientSite, tonight

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    """Somebody's folder, which looks like a workspace of ours."""
    (tmp_path / "letters" / "work").mkdir(parents=True)
    (tmp_path / "letters" / "work" / "will.odt").write_text("mine")
    return tmp_path / "letters"


def entered(target: Path) -> None:
    with Place(target) as place:
        place.clear()


def test_a_hidden_folder_that_leads_elsewhere_is_not_followed(
    tmp_path: Path, letters: Path
) -> None:
    target = tmp_path / "back"
    target.mkdir(mode=0o700)
    (target / ".pra").symlink_to(letters)

    with pytest.raises(Misused, match="not ours"):
        entered(target)
    assert "mine" == (letters / "work" / "will.odt").read_text()


def test_a_hidden_folder_of_somebody_else_is_left_alone(tmp_path: Path, letters: Path) -> None:
    target = tmp_path / "back"
    target.mkdir(mode=0o700)
    letters.rename(target / ".pra")
    (target / ".pra" / "notes").touch()

    with pytest.raises(Misused, match="not ours"):
        entered(target)
    assert "mine" == (target / ".pra" / "work" / "will.odt").read_text()


@pytest.mark.parametrize("content", [b"\xff\xfe", b"{", b'{"format": 1, "worked_s": 1e300}'])
def test_a_journal_that_is_none_is_one_line(tmp_path: Path, content: bytes) -> None:
    hidden = tmp_path / "back" / ".pra"
    hidden.mkdir(parents=True, mode=0o700)
    (tmp_path / "back").chmod(0o700)
    (hidden / "journal.json").write_bytes(content)

    with pytest.raises(Misused, match=re.escape("journal.json: cannot be read")):
        entered(tmp_path / "back")
    assert content == (hidden / "journal.json").read_bytes()


def test_a_file_of_ours_is_not_written_through_a_link(tmp_path: Path) -> None:
    target, letter = tmp_path / "back", tmp_path / "letter"
    letter.write_text("mine")
    with Place(target) as place:
        for name in (draft("README.txt"), "README.txt"):
            (target / name).symlink_to(letter)
        place.put("README.txt", "all is well")
        assert not (target / "README.txt").is_symlink()
        assert "all is well" == (target / "README.txt").read_text()
    assert "mine" == letter.read_text()


def test_an_old_server_room_that_leads_elsewhere_is_not_swept(
    tmp_path: Path, letters: Path
) -> None:
    (letters / "data").touch()
    os.utime(letters, (0, 0))
    (tmp_path / f"{recover_start.ROOM}x").symlink_to(letters)

    recover_start.sweep(tmp_path)
    assert (letters / "data").exists()


def test_a_path_that_two_services_save_is_asked_of_one(tmp_path: Path) -> None:
    site = ClientSite(tmp_path / "site")
    site.fill(1)
    site.write(FILES + FILES.replace("  partage:", "  photos:"))
    app = App(policies_dir=site.policies, state=site.state)
    found = app.site("acme")
    request = replace(tonight(app), scenario=Scenario.HUMAN_ERROR, path=f"{site.source}/devis.ods")
    plan = planned(app, found, request)

    with pytest.raises(Misused, match="saved by partage and photos"):
        begin_recovery(app, found, plan, "")
    assert [] == list(app.log.read())

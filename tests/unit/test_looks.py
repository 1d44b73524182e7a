"""How past points looked, as it is remembered; and what is at a decoy's place."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from orchestrator.core.detection.values import Look
from orchestrator.jobs import looks
from orchestrator.jobs.judging import digest

if TYPE_CHECKING:
    from pathlib import Path

URL = "/mnt/nas/restic"
AT = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)


def look(number: int, **other: int) -> Look:
    counts = dict.fromkeys(looks.NAMES, 1) | other
    return Look(run=f"r{number}", data_time=AT + timedelta(hours=number), **counts)


def test_what_is_written_is_read_by_whoever_saves_to_the_same_repository(tmp_path: Path) -> None:
    kept = {"docs": (look(1), look(2, packed=7)), "till": (look(1),)}
    looks.write(tmp_path, "acme", "share", kept, url=URL)

    assert kept == looks.read(tmp_path, "acme", "share", url=f"{URL}/")
    assert None is looks.read(tmp_path, "acme", "share", url="/mnt/other")
    assert None is looks.read(tmp_path, "acme", "other", url=URL)
    (file,) = (tmp_path / "looks" / "acme").iterdir()
    assert URL not in file.read_text()
    assert 0 == file.stat().st_mode & 0o077


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 1}', '{"version": 1, "of": 3}'])
def test_a_damaged_memory_is_none(tmp_path: Path, text: str) -> None:
    looks.write(tmp_path, "acme", "share", {"docs": (look(1),)}, url=URL)
    (file,) = (tmp_path / "looks" / "acme").iterdir()
    file.write_text(text)

    assert None is looks.read(tmp_path, "acme", "share", url=URL)


def test_a_memory_that_cannot_be_written_fails_nothing(tmp_path: Path) -> None:
    (tmp_path / "looks").write_text("a file where the folder belongs")
    looks.write(tmp_path, "acme", "share", {"docs": (look(1),)}, url=URL)

    assert None is looks.read(tmp_path, "acme", "share", url=URL)


def test_histories_are_joined_by_run_oldest_first_and_the_last_word_counts() -> None:
    joined = looks.merged(
        {"docs": (look(3), look(1))}, {"docs": (look(2), look(3, added=9))}, {"mail": ()}
    )

    assert (look(1), look(2), look(3, added=9)) == joined["docs"]
    assert () == joined["mail"]


def test_a_decoy_that_cannot_be_read_counts_as_gone(tmp_path: Path) -> None:
    decoy = tmp_path / "decoy.docx"
    assert "" == digest(decoy)
    decoy.write_bytes(b"nobody touches this")
    assert hashlib.sha256(b"nobody touches this").hexdigest() == digest(decoy)
    decoy.unlink()
    os.mkfifo(decoy)
    assert "" == digest(decoy), "a pipe without a writer stops nobody"
    assert "" == digest(tmp_path)

"""The checkpoint beside a log, as `App.known` reads and writes it."""

from __future__ import annotations

import fcntl
from typing import TYPE_CHECKING

import pytest

from orchestrator.app import CHECKPOINT_AFTER, App
from orchestrator.core.fold import fold
from orchestrator.core.state import State
from orchestrator.log import Log, checkpoint, is_absent
from tests.logs import grown, killed
from tests.records import NOW, backed_up, drilled, started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HITS, TRIES = 5, 60  # so often it must be hit half written

WRITE = """
import sys
from pathlib import Path
from orchestrator.core.fold import fold
from orchestrator.log import Log, checkpoint
from tests.records import NOW
state = Path(sys.argv[1])
known = fold(Log.open(state, clock=lambda: NOW).read())
print("begun", flush=True)
while True:
    assert checkpoint.write(state, known)
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def log(state: Path) -> Iterator[Log]:
    log = Log.open(state, clock=lambda: NOW)
    yield log
    log.close()


def known(state: Path) -> State:
    """What a fresh process knows."""
    app = App(policies_dir=state, state=state, clock=lambda: NOW)
    try:
        return app.known()
    finally:
        if not is_absent(state):
            app.log.close()


def test_without_a_log_nothing_is_known_and_nothing_made(state: Path) -> None:
    assert State() == known(state)
    assert not state.exists()


def test_what_is_written_is_read_for_its_owner_alone(log: Log, state: Path) -> None:
    log.append(started("r1"))
    log.append(backed_up("r1"))
    folded = fold(log.read())

    assert checkpoint.read(state, log) is None
    assert checkpoint.write(state, folded)

    assert folded == checkpoint.read(state, log)
    assert 0o600 == (state / "checkpoint").stat().st_mode & 0o777
    assert [] == list(state.glob("*.part"))


def test_what_was_appended_since_is_folded_on(log: Log, state: Path) -> None:
    log.append(started("r1"))
    checkpoint.write(state, fold(log.read()))
    log.append(backed_up("r1"))
    log.append(drilled("r2"))

    assert fold(log.read()) == known(state)


def test_a_checkpoint_comes_after_many_events_and_its_loss_changes_nothing(
    log: Log, state: Path
) -> None:
    grown(log, CHECKPOINT_AFTER)
    before = known(state)
    assert not (state / "checkpoint").exists()
    log.append(started("r1"))

    first = known(state)
    assert CHECKPOINT_AFTER + 1 == getattr(checkpoint.read(state, log), "seq", None)
    with_it = known(state)
    (state / "checkpoint").unlink()

    assert first == with_it == known(state) == fold(log.read())
    assert before == fold(list(log.read())[:CHECKPOINT_AFTER])


@pytest.mark.parametrize("text", [b"", b"{}", b"[]\n[]\n", b"\xff\xfe", b"[" * 100_000])
def test_a_file_that_is_no_checkpoint_is_not_believed(log: Log, state: Path, text: bytes) -> None:
    log.append(started("r1"))
    (state / "checkpoint").write_bytes(text)

    assert checkpoint.read(state, log) is None
    assert fold(log.read()) == known(state)


def test_the_checkpoint_of_another_log_is_not_believed(
    log: Log, state: Path, tmp_path: Path
) -> None:
    other = Log.open(tmp_path / "other", clock=lambda: NOW)
    for run in ("r7", "r8"):
        other.append(started(run))
    checkpoint.write(state, fold(other.read()))
    other.close()

    log.append(started("r1"))
    assert checkpoint.read(state, log) is None  # shorter than the checkpoint
    log.append(started("r2"))
    assert checkpoint.read(state, log) is None  # as long
    assert ["r1", "r2"] == list(known(state).open)


def test_what_a_killed_writer_left_is_written_over(log: Log, state: Path) -> None:
    log.append(started("r1"))
    (state / "checkpoint.part").write_bytes(b"x" * 100_000)

    assert checkpoint.write(state, fold(log.read()))

    assert ["r1"] == list(getattr(checkpoint.read(state, log), "open", {}))
    assert [] == list(state.glob("*.part"))


def test_two_writers_do_not_meet(log: Log, state: Path) -> None:
    log.append(started("r1"))
    folded = fold(log.read())
    with (state / "checkpoint.part").open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)

        assert not checkpoint.write(state, folded)

    assert checkpoint.write(state, folded)


def test_a_writer_that_is_killed_leaves_a_checkpoint_that_is_whole(log: Log, state: Path) -> None:
    grown(log, 300)
    checkpoint.write(state, fold(log.read()))
    hits = 0
    for number in range(TRIES):
        killed(WRITE, state, 0.02 + number % 7 * 0.005)
        hits += (state / "checkpoint.part").exists()

        assert 300 == getattr(checkpoint.read(state, log), "seq", None)
        if hits == HITS:
            break
    assert HITS == hits
    assert checkpoint.write(state, fold(log.read()))


def test_a_folder_that_cannot_be_written_is_no_fault_of_the_caller(
    log: Log, state: Path, tmp_path: Path
) -> None:
    log.append(started("r1"))
    folded = fold(log.read())

    assert not checkpoint.write(tmp_path / "absent", folded)
    (state / "checkpoint").mkdir()
    assert not checkpoint.write(state, folded)
    assert [] == list(state.glob("*.part"))
    assert ["r1"] == list(known(state).open)


def test_a_number_that_is_none_is_not_written(log: Log, state: Path) -> None:
    log.append(backed_up("r1"))
    folded = fold(log.read())
    folded.sites["bakery"].services["till"].gaps["2026-11-23"] = float("inf")

    assert not checkpoint.write(state, folded)
    assert [] == list(state.glob("checkpoint*"))

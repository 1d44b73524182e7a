"""The log's copy: what it holds, and what it does when it is hurt itself, killed or full."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from orchestrator.errors import StateUnusable
from orchestrator.log import Log, is_absent
from orchestrator.log.copy import Copy
from orchestrator.log.repair import diagnose
from tests.logs import cut, edited, filled, grown, held, killed, python, spoiled
from tests.records import NOW, backed_up, started

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

MANY = 120

COPY = """
import sys
from pathlib import Path
from orchestrator.errors import StateUnusable
from orchestrator.log import Log, is_absent
from orchestrator.log.copy import Copy
from tests.records import NOW
state = Path(sys.argv[1])
log = Log.open(state, clock=lambda: NOW)
print("begun", flush=True)
try:
    print(Copy(state).advance(log))
except StateUnusable as error:
    print(error, error.hint, error.retryable, sep="|")
"""


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def log(state: Path) -> Iterator[Log]:
    log = Log.open(state, clock=lambda: NOW)
    yield log
    log.close()


def test_the_copy_holds_every_event_and_slot_and_copies_only_what_is_new(
    log: Log, state: Path
) -> None:
    filled(log, MANY)
    copy = Copy(state)

    assert MANY == copy.advance(log)
    assert 0 == copy.advance(log)
    log.append(backed_up("r1"))
    log.append(started("r1", service="share"), slot="7")
    assert 2 == copy.advance(log)

    assert held(log.path) == held(copy.path)
    assert 0o600 == copy.path.stat().st_mode & 0o777
    assert diagnose(state) is None


def test_a_log_that_was_changed_is_not_copied(log: Log, state: Path) -> None:
    filled(log, 5)
    copy = Copy(state)
    copy.advance(log)
    filled(log, 5, first=5)
    spoiled(log.path, 8)

    with pytest.raises(StateUnusable, match="event 8: it was changed after it was written"):
        copy.advance(log)

    assert (5, log.hash_of(5)) == copy.last()


def test_the_copy_of_another_log_is_left_as_it_is(log: Log, state: Path) -> None:
    filled(log, 5)
    copy = Copy(state)
    copy.advance(log)
    log.close()
    log.path.unlink()
    aside = copy.path.rename(state / "aside")
    other = Log.open(state, clock=lambda: NOW)
    filled(other, 9, first=100)
    aside.rename(copy.path)

    with pytest.raises(StateUnusable, match="event 5 is not there as the log's copy holds it"):
        copy.advance(other)

    assert "event 5 is not the one that its copy holds" == diagnose(state)
    assert 10 == len(held(copy.path))
    other.close()


@pytest.mark.parametrize(
    "harm",
    [lambda p: p.write_bytes(b"x" * 9000), lambda p: cut(p, 4096), lambda p: spoiled(p, MANY)],
    ids=["overwritten", "cut", "edited"],
)
def test_a_copy_that_is_damaged_is_put_aside_and_made_anew(
    log: Log, state: Path, harm: Callable[[Path], object]
) -> None:
    filled(log, MANY)
    copy = Copy(state)
    copy.advance(log)
    harm(copy.path)

    assert diagnose(state) is None
    assert MANY == copy.advance(log)

    assert held(log.path) == held(copy.path)
    assert state.joinpath("log-copy-damaged-1.sqlite").exists()


def test_a_log_that_is_gone_is_not_begun_anew_beside_its_copy(log: Log, state: Path) -> None:
    filled(log, 5)
    Copy(state).advance(log)
    log.close()
    log.path.unlink()

    assert not is_absent(state)
    with pytest.raises(StateUnusable, match="the log is gone, and its copy is there") as caught:
        Log.open(state, clock=lambda: NOW)

    assert "pra events --restore" in caught.value.hint
    assert not log.path.exists()


def test_a_copy_that_a_newer_pra_wrote_is_left_alone(log: Log, state: Path) -> None:
    filled(log, 1)
    copy = Copy(state)
    copy.advance(log)
    edited(copy.path, "PRAGMA user_version = 99")

    with pytest.raises(StateUnusable, match="newer pra"):
        copy.advance(log)


def test_a_copy_that_is_killed_goes_on_where_it_was(state: Path) -> None:
    log = Log.open(state, clock=lambda: NOW)
    grown(log, 12_000)
    copy = Copy(state)
    cuts = []
    for number in range(6):
        killed(COPY, state, 0.01 + 0.03 * number)
        cuts.append(copy.last())
    copy.advance(log)

    assert any(0 < last[0] < 12_000 for last in cuts if last), cuts
    assert held(log.path) == held(copy.path)
    log.close()


def test_a_disk_that_is_full_keeps_what_was_copied(tmp_path: Path) -> None:
    state = tmp_path / "state"
    log = Log.open(state, clock=lambda: NOW)
    grown(log, 2_500, boot_id="x" * 1_000)
    log.close()
    size = log.path.stat().st_size
    inside = tmp_path / "small"
    inside.mkdir()
    room = str(size + 2_500_000)
    script = f"import shutil; shutil.copytree({str(state)!r}, sys.argv[1]);" + COPY.replace(
        "import sys\n", "", 1
    )
    sealed = ("bwrap", "--bind", "/", "/", "--dev", "/dev", "--size", room, "--tmpfs", str(inside))
    look = "\nprint(Copy(state).last()[0], log.verify())"

    ended = python("import sys\n" + script + look, f"{inside}/state", before=sealed)

    _, said, kept = ended.stdout.decode().splitlines()
    message, hint, retryable = said.split("|")
    assert f"{inside}/state/log-copy.sqlite: the log cannot be written: the disk is full" == message
    assert (True, "True") == (hint.startswith("Free some space"), retryable)
    copied, verified = kept.split()
    assert (True, "None") == (0 < int(copied) < 2_500, verified)

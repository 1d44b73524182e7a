"""The key of a machine: made once, for its user alone, and never half."""

from __future__ import annotations

import os
import stat
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from orchestrator.adapters.signing import known, own, verify
from orchestrator.errors import StateUnusable
from restore_drills.process import Processes

MAKE = """
import sys
from pathlib import Path
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives import serialization
from orchestrator.adapters.signing import own
print("ready", flush=True)
sys.stdin.read()
print(own(Path(sys.argv[1])).public.hex())
"""
AT_ONCE = 4
PATIENCE_S = 30.0
ROOT = Path(__file__).parents[2]
CONTENT = b'{"verdict":"proven"}'


def test_what_a_key_signed_is_its_own_and_unaltered_or_it_is_not(tmp_path: Path) -> None:
    key, other = own(tmp_path / "one"), own(tmp_path / "other")

    signature = key.sign(CONTENT)

    assert (32, 64) == (len(key.public), len(signature))
    assert verify(key.public, CONTENT, signature)
    assert not verify(key.public, CONTENT + b" ", signature)
    assert not verify(other.public, CONTENT, signature)
    assert not verify(key.public, CONTENT, bytes(64))
    assert not verify(b"no key", CONTENT, signature)


def test_the_key_is_made_at_first_use_and_is_the_same_ever_after(tmp_path: Path) -> None:
    state = tmp_path / "state"

    assert known(state) is None
    assert not state.exists()
    made = own(state)

    again = known(state)
    assert again is not None
    assert {made.public} == {again.public, own(state).public}
    assert verify(made.public, CONTENT, again.sign(CONTENT))


def test_the_key_is_for_its_user_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        own(tmp_path / "state")
    finally:
        os.umask(before)

    (file,) = (tmp_path / "state").iterdir()
    assert "evidence.key" == file.name
    assert 0o600 == stat.S_IMODE(file.stat().st_mode)
    assert 0o700 == stat.S_IMODE(file.parent.stat().st_mode)


def test_nothing_of_the_private_key_shows(tmp_path: Path) -> None:
    assert "rivate" not in repr(own(tmp_path))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    own(tmp_path)
    (tmp_path / "evidence.key").chmod(mode)

    with pytest.raises(StateUnusable, match=f"others can reach .*mode {mode:04o}") as refused:
        own(tmp_path)

    assert "chmod 600" in refused.value.hint


def test_a_torn_file_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    own(tmp_path)
    file = tmp_path / "evidence.key"
    whole = file.read_bytes()

    for torn in (b"", whole[:40], whole[:-30], b"\0" * len(whole)):
        file.write_bytes(torn)
        with pytest.raises(StateUnusable, match="not a signing key, or a torn one") as refused:
            own(tmp_path)
        assert torn == file.read_bytes()
    assert "Move it aside" in refused.value.hint


def test_what_stands_in_the_place_of_the_key_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    own(elsewhere)
    for name in ("link", "folder", "pipe"):
        (tmp_path / name).mkdir()
    (tmp_path / "link" / "evidence.key").symlink_to(elsewhere / "evidence.key")
    (tmp_path / "folder" / "evidence.key").mkdir()
    os.mkfifo(tmp_path / "pipe" / "evidence.key", 0o600)

    for name in ("link", "folder", "pipe"):
        with pytest.raises(StateUnusable, match=r"evidence\.key: this machine's signing key"):
            own(tmp_path / name)


def test_what_a_crash_left_half_written_is_no_key_and_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "evidence.key.part").write_bytes(b"-----BEGIN")

    assert known(tmp_path) is None
    own(tmp_path)

    assert ["evidence.key"] == [path.name for path in tmp_path.iterdir()]


def test_a_folder_that_cannot_hold_a_key_says_so(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")

    with pytest.raises(StateUnusable, match=r"evidence\.key: .* cannot be"):
        own(tmp_path / "state")


def test_processes_that_make_the_key_at_once_agree_on_one(tmp_path: Path) -> None:
    processes = Processes("the-tests")
    ready = threading.Semaphore(0)
    gate, opens = os.pipe()  # nobody passes before the writing end is closed
    with ExitStack() as stack:
        children = [
            stack.enter_context(
                processes.start(
                    [sys.executable, "-c", MAKE, str(tmp_path)],
                    env={"PYTHONPATH": str(ROOT)},
                    stdin=gate,
                    on_stdout=lambda _line: ready.release(),
                )
            )
            for _ in range(AT_ONCE)
        ]
        came = [ready.acquire(timeout=PATIENCE_S) for _ in children]
        os.close(opens)
        ended = [child.ended() for child in children if child.poll(PATIENCE_S)]
    os.close(gate)

    assert [True] * AT_ONCE == came
    assert [0] * AT_ONCE == [one.code for one in ended], ended
    said = {one.stdout.split()[-1].decode() for one in ended}
    assert {own(tmp_path).public.hex()} == said

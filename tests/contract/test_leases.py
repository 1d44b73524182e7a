"""The lease of a repository between processes."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from orchestrator.adapters.leases import lease
from orchestrator.errors import RepositoryLocked, StateUnusable
from restore_drills.process import Processes

URL = "s3:https://s3.example.net/bakery"
SOON = timedelta(seconds=0.3)


def test_readers_and_appenders_share(tmp_path: Path) -> None:
    with (
        lease(tmp_path, URL, exclusive=False),
        lease(tmp_path, URL, exclusive=False, wait=SOON),
        lease(tmp_path, "another", exclusive=True, wait=SOON),
    ):
        pass


@pytest.mark.parametrize(("first", "second"), [(True, False), (False, True), (True, True)])
def test_one_that_must_be_alone_is_alone(tmp_path: Path, *, first: bool, second: bool) -> None:
    with (
        lease(tmp_path, URL, exclusive=first),
        pytest.raises(RepositoryLocked, match=f"held by process {os.getpid()} ") as raised,
        lease(tmp_path, URL + "/", exclusive=second, wait=SOON),
    ):
        pass

    assert raised.value.retryable
    with lease(tmp_path, URL, exclusive=second, wait=SOON):
        pass


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    script = (
        "import sys, time, pathlib; from orchestrator.adapters.leases import lease\n"
        f"with lease(pathlib.Path({str(tmp_path)!r}), {URL!r}, exclusive=True):\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    said: list[bytes] = []
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[2])}
    with Processes("lease").start(
        [sys.executable, "-c", script], env=env, on_stdout=said.append
    ) as child:
        while not said:
            assert not child.poll(0.05)
        with (
            pytest.raises(RepositoryLocked, match=f"process {child.pid} "),
            lease(tmp_path, URL, exclusive=False, wait=SOON),
        ):
            pass
        os.kill(child.pid, 9)
        assert child.poll(10)

    with lease(tmp_path, URL, exclusive=True, wait=SOON):
        pass


def test_a_state_directory_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")

    with (
        pytest.raises(StateUnusable, match="lease cannot be opened"),
        lease(tmp_path / "state", URL, exclusive=False),
    ):
        pass

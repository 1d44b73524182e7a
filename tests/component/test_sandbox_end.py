"""How a sandbox ends: with nothing left, whatever happened."""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.component.sandbox_callers import PYTHON

if TYPE_CHECKING:
    from tests.component.sandbox_callers import Caller

GONE = [True, "workspace absent, no process of the run"]
SERVER = ["sh", "-c", "setsid sleep 55 & env -i sleep 55 & exec sleep 55"]
# Deeper than a path may be long, with a folder that is closed to its owner at the end.
BURROW = """
import os
os.chdir("/scratch")
for _ in range(3000):
    os.mkdir("deeper"); os.chdir("deeper")
os.mkdir("closed"); os.chdir("closed")
open("file", "w").close()
os.chmod(".", 0)
"""
POSTGRES = "/usr/lib/postgresql/15/bin"


def cgroups(run: str) -> list[str]:
    """Control groups on this machine that were made for the run; those of others come and go."""
    return [at for at, names, _ in os.walk("/sys/fs/cgroup") if f"pra-{run}" in names]


def hung(caller: Caller, out: float = 30.0) -> int:
    """Wait until the hanging drill has its servers, and return how many processes they are."""
    until = time.monotonic() + out
    while len(caller.alive()) < 5 and time.monotonic() < until:
        time.sleep(0.05)
    return len(caller.alive())


def test_a_sandbox_that_was_used_leaves_nothing(caller: Caller) -> None:
    told = caller.ask([{"argv": SERVER, "server": True}, ["true"]])

    assert GONE == told["proof"]
    assert not told["workspace"]
    assert [] == told["left"]
    assert set() == caller.alive()
    assert [] == cgroups(caller.run)


def test_a_workspace_deeper_than_any_path_is_removed(caller: Caller) -> None:
    told = caller.ask([[PYTHON, "-c", BURROW]])

    assert GONE == told["proof"]
    assert not caller.root.joinpath(caller.run).exists()


def test_links_out_of_the_workspace_are_removed_and_not_followed(caller: Caller) -> None:
    kept = caller.root.parent / "kept"
    kept.mkdir()
    (kept / "treasure").write_text("still here")
    kept.chmod(0o777)
    told = caller.ask(
        [["ln", "-s", str(kept), "/scratch/way-out"]],
        restored=[["link", "way-out", str(kept), 0]],
    )

    assert GONE == told["proof"]
    assert "still here" == (kept / "treasure").read_text()
    assert os.getuid() == (kept / "treasure").lstat().st_uid


def test_a_kept_workspace_stays_with_its_owner_and_no_sweep_takes_it(caller: Caller) -> None:
    told = caller.ask([["sh", "-c", "echo kept >/scratch/kept"]], keep=True)
    swept = caller.ask(sweep=True)
    again = caller.ask([["true"]])

    workspace = caller.root / caller.run
    kept = workspace / "stage" / "rooms" / "shop" / "work" / "kept"
    assert [False, f"kept at {workspace}"] == told["proof"]
    assert told["uid"] == kept.lstat().st_uid
    assert 0o700 == workspace.stat().st_mode & 0o777
    assert [] == swept["swept"]
    assert "NoSandbox" == again["error"]
    assert "cannot be made: File exists" in again["words"]
    assert "kept\n" == kept.read_text()


def test_a_cancelled_drill_stops_its_command_and_is_destroyed(caller: Caller) -> None:
    begun = ["sh", "-c", "touch /scratch/begun && exec sleep 50"]
    told = caller.ask([begun, ["true"]], cancel_at="begun")

    assert "asked to stop" == told["ended"][0]["stopped"]
    assert told["ended"][0]["seconds"] < 40
    assert "Interrupted" == told["ended"][1]["kind"]
    assert GONE == told["proof"]


def test_kill_9_of_the_drill_ends_its_processes_and_a_sweep_clears_the_rest(
    caller: Caller,
) -> None:
    with caller.start([SERVER, SERVER], hang=True) as drill:
        assert hung(caller) >= 5
        beside_the_living = caller.ask(sweep=True)
        assert (caller.root / caller.run).exists()
        again = caller.ask([["true"]])
        os.kill(drill.pid, signal.SIGKILL)
        drill.finish(timedelta(seconds=5))

        assert [] == beside_the_living["swept"]
        assert "NoSandbox" == again["error"]
        assert "in use by a living drill" in again["words"]
        assert caller.gone_within(20)
        assert (caller.root / caller.run).exists()
        assert [caller.run] == caller.ask(sweep=True)["swept"]
        assert [] == list(caller.root.iterdir())
        assert [] == cgroups(caller.run)
        assert [] == caller.ask(sweep=True)["swept"]


def test_postgresql_is_made_served_and_queried_inside(caller: Caller) -> None:
    serve = [f"{POSTGRES}/postgres", "-D", "/scratch/pg", "-h", "", "-k", "/scratch/run"]
    wait = f"until {POSTGRES}/pg_isready -q -h /scratch/run; do sleep 0.05; done"
    ask = [f"{POSTGRES}/psql", "-h", "/scratch/run", "-d", "postgres", "-Atc"]
    told = caller.ask(
        [
            [f"{POSTGRES}/initdb", "-D", "/scratch/pg", "-U", "pra", "-A", "peer", "--no-sync"],
            {"argv": serve, "server": True},
            ["sh", "-c", wait],
            [*ask, "create table t as select generate_series(1, 1000) n"],
            [*ask, "select count(*), current_user from t"],
        ],
        limits={"disk_bytes": 1 << 30, "memory_bytes": 1 << 30},
    )

    made, _, ready, _, counted = told["ended"]
    assert 0 == made["code"], made["stderr"]
    assert 0 == ready["code"]
    assert "1000|pra\n" == counted["stdout"]
    assert GONE == told["proof"]

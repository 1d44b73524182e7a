"""What a command in the sandbox may take, and what happens when it takes more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.component.sandbox_callers import MIB, PYTHON

if TYPE_CHECKING:
    from tests.component.sandbox_callers import Caller

FORKS = """
import os, sys, time
made = 0
try:
    for _ in range(400):
        if os.fork() == 0:
            time.sleep(20); os._exit(0)
        made += 1
except OSError as error:
    print(made, "then", error.strerror, flush=True)
    time.sleep(2)
    sys.exit(1)
print(made, flush=True)
"""
HOG = """
import time
held = []
for _ in range(60):
    held.append(bytearray(b"x") * (16 << 20))
    time.sleep(0.04)
print("had it all")
"""
HOGS = """
import os, sys, time
children = []
for _ in range(8):
    pid = os.fork()
    if pid == 0:
        held = bytearray(b"x") * (40 << 20)
        time.sleep(1.5); os._exit(0)
    children.append(pid)
ends = [os.waitpid(pid, 0)[1] for pid in children]
print(ends); sys.exit(any(ends))
"""
NAMELESS = """
import os, time
files = []
for number in range(12):
    file = open(f"/scratch/{number}", "wb"); os.unlink(file.name)
    file.write(b"x" * (8 << 20)); file.flush(); files.append(file); time.sleep(0.05)
time.sleep(10)
print("had it all")
"""
MANY = "i=0; while [ $i -lt 400 ]; do head -c 1M /dev/zero >/scratch/$i || exit; i=$((i+1)); done"


def test_a_fork_bomb_stays_within_its_processes_and_a_benign_command_runs_after_it(
    caller: Caller,
) -> None:
    told = caller.ask(
        [
            {"argv": [PYTHON, "-c", FORKS], "timeout": 15},
            {"room": "other", "argv": ["sh", "-c", "for i in 1 2 3; do echo $i | cat; done"]},
        ],
        rooms=["shop", "other"],
        limits={"pids": 40},
    )

    bomb, benign = told["ended"]
    assert "LimitReached" == bomb["kind"]
    assert "40 processes" in bomb["limit"]
    assert "shop: python3 -c: " in bomb["limit"]
    assert told["limits_by"]["pids"] in ("cgroup2", "cgroup1", "rlimit")
    assert "1\n2\n3\n" == benign["stdout"]


def test_a_memory_hog_is_ended_and_the_words_say_why(caller: Caller) -> None:
    told = caller.ask([[PYTHON, "-c", HOG], ["echo", "fine"]], limits={"memory_bytes": 160 * MIB})

    hog, benign = told["ended"]
    assert "LimitReached" == hog["kind"]
    assert "more memory than 160 MiB" in hog["limit"]
    assert told["limits_by"]["memory"] in ("cgroup2", "cgroup1", "watchdog")
    assert "fine\n" == benign["stdout"]


def test_memory_is_counted_over_all_processes(caller: Caller) -> None:
    told = caller.ask([[PYTHON, "-c", HOGS], ["echo", "fine"]], limits={"memory_bytes": 160 * MIB})

    assert "LimitReached" == told["ended"][0]["kind"]
    assert "more memory than 160 MiB" in told["ended"][0]["limit"]
    assert "fine\n" == told["ended"][1]["stdout"]


def test_memory_within_the_limit_is_left_alone(caller: Caller) -> None:
    told = caller.ask([[PYTHON, "-c", HOGS]], limits={"memory_bytes": 512 * MIB})

    assert 0 == told["ended"][0]["code"]


def test_one_large_file_and_many_small_ones_end_at_the_disk_limit(caller: Caller) -> None:
    one = caller.ask(
        [["head", "-c", "400M", "/dev/zero"], ["sh", "-c", "head -c 400M /dev/zero >/scratch/one"]],
        limits={"disk_bytes": 16 * MIB},
    )
    many = caller.ask([["sh", "-c", MANY]], limits={"disk_bytes": 16 * MIB})

    assert 0 == one["ended"][0]["code"]  # a pipe is no disk
    for told in (one["ended"][1], many["ended"][0]):
        assert "LimitReached" == told["kind"]
        assert "more disk than 16 MiB" in told["limit"]
    assert "watchdog" == many["limits_by"]["disk"]


def test_files_without_a_name_count_as_disk(caller: Caller) -> None:
    told = caller.ask([[PYTHON, "-c", NAMELESS]], limits={"disk_bytes": 32 * MIB})

    assert "LimitReached" == told["ended"][0]["kind"]
    assert "more disk than 32 MiB" in told["ended"][0]["limit"]


def test_memory_file_systems_inside_are_small(caller: Caller) -> None:
    one = "head -c 300M /dev/zero >$d/x; stat -c %s $d/x; rm $d/x"
    fill = f"for d in /tmp /run /dev/shm; do {one}; done"
    told = caller.ask([["sh", "-c", fill]], limits={"disk_bytes": 512 * MIB})

    sizes = [int(word) // MIB for word in told["ended"][0]["stdout"].split()]
    assert [64, 8, 64] == sizes
    assert 3 == told["ended"][0]["stderr"].count("No space left on device")


def test_a_command_without_end_is_ended_with_all_that_it_started(caller: Caller) -> None:
    stubborn = (
        "trap '' TERM INT HUP; setsid sleep 44 & (setsid sleep 44 &) ; while :; do sleep 1; done"
    )
    told = caller.ask([{"argv": ["sh", "-c", stubborn], "timeout": 1}, ["echo", "fine"]])

    endless, benign = told["ended"]
    assert "no end after 1 s" == endless["stopped"]
    assert endless["seconds"] < 30
    assert "fine\n" == benign["stdout"]
    assert [True, "workspace absent, no process of the run"] == told["proof"]


def test_a_command_that_fails_on_its_own_is_no_limit(caller: Caller) -> None:
    told = caller.ask([["sh", "-c", "echo no >&2; exit 3"], ["no-such-program"]])

    assert (3, "no\n", None) == tuple(told["ended"][0][k] for k in ("code", "stderr", "stopped"))
    assert 127 == told["ended"][1]["code"]
    assert "no-such-program" in told["ended"][1]["stderr"]

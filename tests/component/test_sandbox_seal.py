"""What a command in the sandbox can see and reach."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from tests.component.sandbox_callers import ORDINARY, PYTHON

if TYPE_CHECKING:
    from tests.component.sandbox_callers import Caller

CONNECT = """
import socket, sys
family, where = sys.argv[1], sys.argv[2]
if family == "unix":
    socket.socket(socket.AF_UNIX).connect(where)
else:
    socket.create_connection(("127.0.0.1", int(where)), timeout=3)
print("connected")
"""
GREET = """
import os, socket, sys
place = "/scratch/run/greeting"
if sys.argv[1] == "serve":
    server = socket.socket(socket.AF_UNIX)
    server.bind(place); server.listen(); print("bound", flush=True)
    while True: server.accept()[0].sendall(b"hello")
import time
for _ in range(600):
    try:
        client = socket.socket(socket.AF_UNIX); client.connect(place); break
    except OSError: time.sleep(0.05)
print(client.recv(9).decode())
"""


def test_a_command_reads_the_restored_data_and_writes_only_its_work(caller: Caller) -> None:
    told = caller.ask(
        [
            ["cat", "notes.txt"],
            ["sh", "-c", "echo changed >/restored/notes.txt"],
            ["sh", "-c", "echo more >/restored/more.txt"],
            ["sh", "-c", "echo kept >/scratch/kept && cat /scratch/kept"],
            ["sh", "-c", "for d in / /usr /etc /dev /dumps; do echo x >$d/x || echo no $d; done"],
        ],
        restored=[["file", "notes.txt", "bread", 0o600]],
    )

    read, changed, added, worked, elsewhere = told["ended"]
    assert caller.mechanism == told["mechanism"]
    assert [told["uid"]] == told["owners"]
    assert told["uid"] not in (0, None)
    assert "bread" == read["stdout"]
    assert 0 != changed["code"]
    assert "Read-only file system" in changed["stderr"]
    assert 0 != added["code"]
    assert "kept\n" == worked["stdout"]
    assert "no /\nno /usr\nno /etc\nno /dev\nno /dumps\n" == elsewhere["stdout"]


def test_it_sees_no_file_of_the_host_not_even_through_restored_links(caller: Caller) -> None:
    up = "../../../../../../../../../../../../etc/shadow"
    told = caller.ask(
        [
            ["cat", "/etc/shadow"],
            ["cat", "absolute"],
            ["cat", "relative"],
            ["ls", "host/root", "home/", str(caller.root)],
            ["ls", "/"],
            ["cat", "/etc/passwd"],
        ],
        restored=[
            ["link", "absolute", "/etc/shadow", 0],
            ["link", "relative", up, 0],
            ["link", "host", "/", 0],
            ["link", "home", "/root", 0],
        ],
    )

    shadow, absolute, relative, folders, top, passwd = told["ended"]
    for refused in (shadow, absolute, relative, folders):
        assert 0 != refused["code"]
        assert "" == refused["stdout"]
        assert "No such file or directory" in refused["stderr"]
    seen = set(top["stdout"].split())
    assert {"restored", "dumps", "scratch", "usr", "etc", "proc", "dev", "tmp", "run"} <= seen
    assert not seen & {"root", "home", "var", "sys", "opt", "srv", "mnt"}
    assert 3 == len(passwd["stdout"].splitlines())


def test_a_room_does_not_see_another(caller: Caller) -> None:
    told = caller.ask(
        [
            {"room": "shop", "argv": ["sh", "-c", "echo till >/scratch/till"]},
            {"room": "files", "argv": ["sh", "-c", "ls -A /scratch /restored; ls /scratch/till"]},
        ],
        rooms=["shop", "files"],
        restored=[["file", "invoice", "12.50", 0o644]],
    )

    assert 0 == told["ended"][0]["code"]
    assert "/restored:\n\n/scratch:\nrun\n" == told["ended"][1]["stdout"]
    assert 0 != told["ended"][1]["code"]


def test_it_reaches_neither_sockets_nor_ports_of_the_host(caller: Caller) -> None:
    place = caller.root.parent / "host.sock"
    with socket.socket(socket.AF_UNIX) as file, socket.socket() as port:
        file.bind(str(place))
        place.chmod(0o777)
        file.listen()
        port.bind(("127.0.0.1", 0))
        port.listen()
        attempts = [("unix", str(place)), ("inet", str(port.getsockname()[1]))]
        with socket.socket(socket.AF_UNIX) as outside:
            outside.connect(str(place))
        with socket.create_connection(port.getsockname(), timeout=3):
            pass
        told = caller.ask(
            [
                *([PYTHON, "-c", CONNECT, *attempt] for attempt in attempts),
                ["sh", "-c", "tail -n +3 /proc/net/dev | cut -d: -f1"],
            ]
        )

    by_file, by_port, interfaces = told["ended"]
    assert "FileNotFoundError" in by_file["stderr"]
    assert "ConnectionRefusedError" in by_port["stderr"]
    assert "" == by_file["stdout"] + by_port["stdout"]
    assert "lo" == interfaces["stdout"].strip()


def test_commands_of_one_room_talk_over_a_socket_in_its_work(caller: Caller) -> None:
    told = caller.ask(
        [
            {"argv": [PYTHON, "-c", GREET, "serve"], "server": True},
            [PYTHON, "-c", GREET, "ask"],
        ]
    )

    assert "hello\n" == told["ended"][1]["stdout"]


def test_no_secret_of_the_caller_is_in_any_environment_or_process_it_sees(caller: Caller) -> None:
    told = caller.ask(
        [
            ["env"],
            ["sh", "-c", "cat /proc/*/environ /proc/*/cmdline | tr '\\0' '\\n'"],
            ["sh", "-c", "ls /proc | grep -c '^[0-9]'"],
        ]
    )

    environment, processes, count = told["ended"]
    names = {line.partition("=")[0] for line in environment["stdout"].splitlines()}
    assert {"PATH", "HOME", "LANG", "TZ", "PRA_RUN", "PWD"} == names
    assert "TZ=Europe/Paris" in environment["stdout"]
    assert "PRA_RUN" in processes["stdout"]
    assert "hunter2" not in processes["stdout"]
    assert "sandbox_drive" not in processes["stdout"]
    assert int(count["stdout"]) <= 5


def test_restored_set_uid_files_raise_nobody(caller: Caller) -> None:
    told = caller.ask(
        [
            ["stat", "-c", "%a %u", "id"],
            ["./id", "-u"],
            ["grep", "-E", "^(NoNewPrivs|CapEff|CapPrm):", "/proc/self/status"],
        ],
        restored=[["copy", "id", "/usr/bin/id", 0o6755]],
    )

    facts, ran, status = told["ended"]
    assert f"755 {told['uid']}\n" == facts["stdout"]
    assert f"{told['uid']}\n" == ran["stdout"]
    assert (
        "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n"
        == (status["stdout"])
    )


def test_restored_device_nodes_do_not_open(caller: Caller) -> None:
    # An ordinary user cannot restore one: for him a link to a device stands for it.
    block = ["device", "disk", [7, 200], 0o60666]
    char = ["device", "zero", [1, 5], 0o20666]
    root = caller.kind != "user"
    told = caller.ask(
        [["head", "-c1", "zero"], ["head", "-c1", "disk"], ["head", "-c1", "/dev/zero"]],
        restored=[char, block] if root else [["link", "disk", "/dev/sda", 0]],
    )

    zero, disk, given = told["ended"]
    assert 0 != zero["code"]
    assert 0 != disk["code"]
    assert not root or "Permission denied" in zero["stderr"]
    assert "" == zero["stdout"] + disk["stdout"]
    assert "\0" == given["stdout"]


def test_a_command_makes_no_user_namespace_of_its_own(caller: Caller) -> None:
    attempt = [
        "unshare",
        "--user",
        "--map-root-user",
        "--mount",
        "mount",
        "-t",
        "tmpfs",
        "x",
        "/tmp",
    ]
    told = caller.ask([attempt, ["true"]])

    # Without a user namespace around it, nothing but the kernel's own settings forbids one; the
    # processes in it still have no other files, network or uid.
    assert "bwrap-setuid" == told["mechanism"] or 0 != told["ended"][0]["code"]
    assert 0 == told["ended"][1]["code"]


def test_without_bubblewrap_nothing_runs_when_the_seal_is_required(caller: Caller) -> None:
    caller.without_bwrap()

    told = caller.ask([["true"]])

    assert "NoSandbox" == told["error"]
    assert "bwrap: command not found" in told["words"]
    assert "Install bubblewrap." == told["hint"]
    assert [] == list(caller.root.iterdir())


def test_without_bubblewrap_best_effort_runs_unsealed_and_says_so_but_never_as_root(
    caller: Caller,
) -> None:
    caller.without_bwrap()

    told = caller.ask(
        [
            ["cat", "/restored/notes.txt"],
            ["sh", "-c", "id -u; echo x >/scratch/x && pwd && env | grep HOME"],
            {
                "argv": ["sh", "-c", "setsid sleep 33 >/dev/null 2>&1 & exec sleep 33"],
                "timeout": 0.5,
            },
        ],
        required=False,
        restored=[["file", "notes.txt", "bread", 0o600]],
    )

    read, wrote, stopped = told["ended"]
    assert "none" == told["mechanism"]
    assert "bread" == read["stdout"]
    uid, place, home = wrote["stdout"].split()
    assert str(told["uid"]) == uid
    assert 0 != told["uid"]
    assert caller.steps_down is (told["uid"] == ORDINARY)
    assert place.endswith("/shop/tree")
    assert home.endswith("/shop/work")
    assert "no end after 0 s" == stopped["stopped"]
    assert [True, "workspace absent, no process of the run"] == told["proof"]
    assert set() == caller.alive()

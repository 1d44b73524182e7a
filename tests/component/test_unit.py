"""The systemd unit of the daemon, judged by systemd's own tool.

That a backup and a drill work under it is shown by `make image-test`, in a real systemd.
"""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.cli.unit import NAME, text
from orchestrator.errors import Misused
from restore_drills.process import Processes

if TYPE_CHECKING:
    from restore_drills.process import Ended

EXPOSURE = 5.0  # of 10: what a drill needs, and nothing else
# Each was taken away by itself, and a backup or a drill then failed.
CAPABILITIES = {
    *("CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_KILL", "CAP_NET_ADMIN", "CAP_SETFCAP"),
    *("CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_ADMIN", "CAP_SYS_PTRACE"),
}
# With each of these a drill is refused, sealed less well, or gives an untrue answer.
IMPOSSIBLE = {
    "MemoryDenyWriteExecute",
    "PrivateUsers",
    "ProcSubset",
    "ProtectControlGroups",
    "ProtectHostname",
    "ProtectKernelLogs",
    "ProtectKernelTunables",
    "RestrictSUIDSGID",
}


def analyze(*words: str | Path) -> Ended:
    """Call systemd-analyze, which must be there."""
    return Processes("test-unit").run(
        ["systemd-analyze", *map(str, words)],
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "SYSTEMD_PAGER": ""},
        timeout=timedelta(seconds=30),
        keep=1 << 20,
    )


def directives() -> dict[str, str]:
    """Return the unit's directives; the values of one that is repeated, in one line."""
    found: dict[str, str] = {}
    for line in text(Path("/usr/local/bin/pra")).splitlines():
        if not line.startswith(("#", "[")) and (name := line.partition("=")[0]):
            found[name] = f"{found.get(name, '')} {line.partition('=')[2]}".strip()
    return found


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit as a file, for a program that exists."""
    program = tmp_path / "bin" / "pra"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    file = tmp_path / NAME
    file.write_text(text(program))
    return file


def test_systemd_finds_nothing_to_say_about_the_unit(unit: Path) -> None:
    ended = analyze("verify", unit)

    # An unknown directive is a line on stderr, and exit code 0.
    assert (0, "", b"") == (ended.code, ended.stderr, ended.stdout)


def test_the_unit_is_no_more_exposed_than_a_drill_needs(unit: Path) -> None:
    ended = analyze("security", "--offline=true", unit)

    found = re.search(r"Overall exposure level for pra.service: ([\d.]+)", ended.stdout.decode())
    assert found is not None, ended
    assert float(found[1]) <= EXPOSURE


def test_the_unit_starts_the_program_that_it_was_made_for() -> None:
    unit = text(Path("/opt/pra/bin/pra"))

    assert "\nExecStart=/opt/pra/bin/pra daemon\n" in unit
    assert "/usr/local" not in unit


@pytest.mark.parametrize("path", ["pra", "/opt/my tools/pra", "/opt/%h/pra", "/opt/$HOME/pra"])
def test_a_path_that_a_unit_cannot_name_is_refused_with_a_remedy(path: str) -> None:
    with pytest.raises(Misused, match="no path for a systemd unit") as refused:
        text(Path(path))

    assert "link it" in refused.value.hint


def test_the_unit_leaves_what_a_drill_needs() -> None:
    found = directives()

    assert set(found["CapabilityBoundingSet"].split()) == CAPABILITIES
    assert {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup"} == set(
        found["RestrictNamespaces"].split()
    )
    assert {"@system-service", "@mount", "sethostname"} <= set(found["SystemCallFilter"].split())
    assert "AF_NETLINK" in found["RestrictAddressFamilies"].split()  # bwrap raises lo by it
    assert "memory pids" == found["Delegate"]
    assert set() == IMPOSSIBLE & set(found)


def test_the_unit_supervises_the_daemon() -> None:
    found = directives()

    assert "notify" == found["Type"]
    assert "120s" == found["WatchdogSec"]
    assert "on-failure" == found["Restart"]
    assert "0" == found["StartLimitIntervalSec"]
    assert "mixed" == found["KillMode"]
    assert "continue" == found["OOMPolicy"]  # else one drill without memory ends the daemon
    assert "pra" == found["StateDirectory"]
    assert "pra" == found["RuntimeDirectory"]

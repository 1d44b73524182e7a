"""The daemon as a service of a real systemd, under the hardened unit that `pra` prints."""

from __future__ import annotations

import contextlib
import json
import os
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.image.shipped import PATH, Site, contained

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.demo.servers import PostgresServer, S3Server
    from restore_drills.process import Child, Ended
    from tests.image.shipped import Image

MINUTE = timedelta(minutes=1)
# What systemd would do to the machine that we share with it: settings of the kernel, its modules.
NOT_HERE = (
    *("systemd-sysctl.service", "systemd-modules-load.service", "systemd-udevd.service"),
    *("systemd-binfmt.service", "kmod-static-nodes.service", "systemd-random-seed.service"),
    *("proc-sys-fs-binfmt_misc.automount", "sys-fs-fuse-connections.mount"),
    *("sys-kernel-config.mount", "sys-kernel-debug.mount", "sys-kernel-tracing.mount"),
    *("dev-hugepages.mount", "dev-mqueue.mount", "console-getty.service"),
    *("systemd-logind.service", "postgresql.service"),
)


UNITS = Path("etc/systemd/system")
OF_A_DAEMON = ("Type=", "NotifyAccess=", "ExecStart=", "ExecReload=", "Restart", "WatchdogSec=")


class Machine:
    """A running systemd; `call` runs a command in it as root."""

    def __init__(self, image: Image, root: Path, system: Child) -> None:
        self.root = root
        self._image = image
        self._system = system

    def call(self, *command: str, accept: bool = False) -> Ended:
        """Run a command there and wait for its end."""
        enter = ["nsenter", f"--target={self._first()}", "--all", "env", "-i", "-C", "/"]
        enter += [f"PATH={PATH}", "PRA_STATE=/var/lib/pra", "PRA_POLICIES=/etc/pra/policies"]
        return self._image.call([*enter, *command], timeout=3 * MINUTE, accept=accept)

    def show(self, name: str, unit: str = "pra") -> str:
        """Return a property of a unit."""
        return self.call("systemctl", "show", "--value", "-p", name, unit).stdout.decode().strip()

    def journal(self) -> str:
        """Return the last words of our units."""
        said = self.call("journalctl", "-u", "pra*", "--no-pager", "-n", "60", accept=True)
        return said.stdout.decode()

    def events(self) -> list[dict[str, Any]]:
        """Return the log."""
        said = self.call("pra", "events", "--json").stdout
        return [json.loads(line) for line in said.splitlines()]

    def drilled(self, command: str, *changes: str) -> tuple[str, str]:
        """Run a drill in the daemon's unit, changed; return its verdict and what sealed it."""
        lines = (self.root / UNITS / "pra.service").read_text().splitlines()
        unit = "\n".join(line for line in lines if not line.startswith(OF_A_DAEMON))
        once = ["Type=oneshot", f"ExecStart=/bin/sh -c '{command}'"]
        once += ["StandardOutput=truncate:/out", "StandardError=journal"]
        path = f"Environment=PATH={PATH}"
        (self.root / UNITS / "pra-once.service").write_text(
            "\n".join([unit.partition("[Install]")[0], "[Service]", *once, path, *changes, ""])
        )
        self.call("systemctl", "daemon-reload")
        self.call("systemctl", "start", "pra-once", accept=True)
        report = json.loads((self.root / "out").read_text())
        return report["verdict"], (report["sandbox"] or {}).get("mechanism", "none")

    def _first(self) -> str:
        """Return the machine's first process, as this machine numbers it."""
        pid, deadline = self._system.pid, time.monotonic() + 10
        while not (found := Path(f"/proc/{pid}/task/{pid}/children").read_text().split()):
            assert time.monotonic() < deadline, self._system.ended()
            time.sleep(0.05)
        return found[0]


@pytest.fixture(scope="module")
def machine(
    image: Image, s3: S3Server, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machine]:
    """The image's file system with systemd as its first process, and our unit installed."""
    site = Site.make(tmp_path_factory.mktemp("service"), s3, postgres, owner=0)
    box = image.container()
    install = "apt-get update && apt-get install -y --no-install-recommends systemd-sysv dbus"
    image.buildah("run", "--isolation", "chroot", "--user", "0", box, "--", "sh", "-c", install)
    root = image.root(box)
    for name in NOT_HERE:
        (root / UNITS / name).symlink_to("/dev/null")
    unit = image.call(contained(root, [], "pra", "daemon", "--unit"), timeout=MINUTE).stdout
    (root / UNITS / "pra.service").write_bytes(unit)
    ours, theirs = os.openpty()
    with contextlib.ExitStack() as until_exit:
        until_exit.callback(os.close, ours)
        until_exit.callback(os.close, theirs)
        boot = contained(
            root,
            site.mounts,
            *("container=test", "/lib/systemd/systemd", "--system", "--show-status=no"),
            env={"CONSOLE": os.ttyname(theirs)},
        )
        path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
        child = until_exit.enter_context(image.processes.start(boot, env={"PATH": path}))
        until_exit.callback(child.stop, "the tests are over", timedelta(0))
        system = Machine(image, root, child)
        deadline = time.monotonic() + 60
        while system.call("systemctl", "is-active", "basic.target", accept=True).code != 0:
            assert not child.poll(0.5), child.ended()
            assert time.monotonic() < deadline
        yield system


def test_under_the_hardened_unit_the_daemon_backs_up_and_proves_it(machine: Machine) -> None:
    known = len(machine.events())
    machine.call("systemctl", "start", "pra")  # which waits for READY=1

    assert "active" == machine.show("ActiveState")
    status = machine.call("sh", "-c", "cat /proc/$(systemctl show --value -p MainPID pra)/status")
    facts = dict(line.split(":\t", 1) for line in status.stdout.decode().splitlines())
    assert ("1", "2") == (facts["NoNewPrivs"], facts["Seccomp"])
    drills: list[dict[str, Any]] = []
    deadline = time.monotonic() + 150
    while not drills:
        assert time.monotonic() < deadline, machine.journal()
        time.sleep(2)
        told = machine.events()[known:]
        drills = [event for event in told if event["type"] == "pra.drill.finished"]
    assert "proven" == drills[0]["data"]["verdict"], machine.journal()
    assert "bwrap-userns" == drills[0]["data"]["document"]["sandbox"]["mechanism"]
    assert 0 == machine.call("pra", "daemon", "--healthy").code
    machine.call("systemctl", "reload", "pra")
    machine.call("systemctl", "stop", "pra")
    assert ("inactive", "success") == (machine.show("ActiveState"), machine.show("Result"))
    assert "0" == machine.show("NRestarts")


def test_the_unit_gives_a_drill_what_it_needs_and_nothing_less_would_do(machine: Machine) -> None:
    command = "pra backup acme >&2 && exec pra drill acme --json"

    assert ("proven", "bwrap-userns") == machine.drilled(command)
    # As on a machine whose kernel refuses them.
    assert ("proven", "bwrap-setuid") == machine.drilled(command, "RestrictNamespaces=~user")
    # The kernel then refuses a user namespace its own /proc: the weaker seal is left.
    for hides in ("ProtectKernelTunables=yes", "ProtectKernelLogs=yes"):
        assert ("proven", "bwrap-setuid") == machine.drilled(command, hides), hides
    for change in (
        "ProtectHostname=yes",
        "RestrictNamespaces=~net",
        "CapabilityBoundingSet=~CAP_SYS_ADMIN",
        "CapabilityBoundingSet=~CAP_CHOWN",
        "CapabilityBoundingSet=~CAP_FOWNER",
    ):
        assert "inconclusive" == machine.drilled(command, change)[0], change
    fallback = "RestrictNamespaces=~user", "CapabilityBoundingSet=~CAP_NET_ADMIN CAP_SETPCAP"
    assert "inconclusive" == machine.drilled(command, *fallback)[0]

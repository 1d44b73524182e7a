from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from orchestrator.daemon.systemd import Supervisor

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


class Systemd:
    """The socket on which systemd listens."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(5)

    def heard(self) -> str:
        return self.socket.recv(4096).decode()


def test_systemd_hears_that_the_service_is_ready_alive_and_stopping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd = Systemd(str(tmp_path / "notify"))
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
    monkeypatch.setenv("WATCHDOG_USEC", "120000000")
    with systemd.socket:
        supervisor = Supervisor()
        supervisor.ready("3 sites watched")
        supervisor.alive()
        supervisor.reloading()
        supervisor.stopping()

        assert "READY=1\nSTATUS=3 sites watched" == systemd.heard()
        assert "WATCHDOG=1" == systemd.heard()
        assert systemd.heard().startswith("RELOADING=1\nMONOTONIC_USEC=")
        assert "STOPPING=1" == systemd.heard()
    assert 120.0 == supervisor.patience_s


def test_an_abstract_socket_is_reached_too(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"pra-test-{os.getpid()}"
    systemd = Systemd(f"\0{name}")
    monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
    with systemd.socket:
        Supervisor().ready("")

        assert systemd.heard().startswith("READY=1")


def test_children_do_not_speak_for_the_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
        monkeypatch.setenv(name, str(tmp_path))

    Supervisor()

    assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"} & os.environ.keys()


def test_without_systemd_or_with_a_dead_one_nothing_happens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    alone = Supervisor()
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    deserted = Supervisor()

    for supervisor in (alone, deserted):
        supervisor.ready("")
        supervisor.alive()
    assert None is alone.patience_s

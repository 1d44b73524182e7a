"""What systemd is told (sd_notify(3)): ready, alive, reloading, stopping. Silent without it."""

from __future__ import annotations

import contextlib
import os
import socket
import time


class Supervisor:
    """The socket that `NOTIFY_SOCKET` names; every message is lost without harm.

    `patience_s` is how long the watchdog waits for a sign of life, None without one.
    """

    def __init__(self) -> None:
        # Taken out of the environment: no child of ours speaks for the service.
        self._address = os.environ.pop("NOTIFY_SOCKET", "")
        self.patience_s = _watchdog(os.environ.pop("WATCHDOG_USEC", ""))
        os.environ.pop("WATCHDOG_PID", None)

    def ready(self, status: str) -> None:
        """Say that the service has started, or has read its policies again."""
        self._tell(f"READY=1\nSTATUS={status}")

    def alive(self) -> None:
        """Say that the loop turns."""
        if self.patience_s is not None:
            self._tell("WATCHDOG=1")

    def reloading(self) -> None:
        """Say that the policies are read again."""
        now = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={now}")

    def stopping(self) -> None:
        """Say that what runs is being ended."""
        self._tell("STOPPING=1")

    def _tell(self, text: str) -> None:
        if not self._address:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel,
        ):
            channel.settimeout(1)
            channel.sendto(text.encode(), address)


def _watchdog(microseconds: str) -> float | None:
    return int(microseconds) / 1e6 if microseconds.isdigit() else None

"""A relay between a client and a real server, which fails in the ways that networks fail."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
import weakref
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from types import TracebackType

CHUNK = 16 * 1024
AT_MOST = 64  # connections at once: a client that loops must not take the machine
PATIENCE_S = 60.0
UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def kept(port: int = 0) -> socket.socket:
    """Keep a port of loopback from everybody else; who connects to it is refused.

    Whoever knows the number may listen on it all the same, as all servers do: with SO_REUSEADDR.
    """
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", port))
    return held


class Relay:
    """Listens on a free port of loopback and passes bytes on, until told otherwise."""

    def __init__(self, upstream: str, port: int = 0) -> None:
        parts = urlsplit(upstream)
        self._upstream = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._listener = socket.create_server(("127.0.0.1", port))
        self.endpoint = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.connections = 0
        self._rate: float | None = None  # bytes a second towards the client, of all connections
        self._left: int | None = None  # bytes towards the client before the end
        self._then = "refuse"
        self._answer = True
        self._silent = False
        self._lock = threading.Lock()
        self._live: set[socket.socket] = set()
        self._kept: socket.socket | None = None

    def url(self, bucket: str, prefix: str) -> str:
        """The address of a repository behind the relay, for restic."""
        return f"s3:{self.endpoint}/{bucket}/{prefix}"

    def refuse(self) -> None:
        """End what is open, and refuse every connection from now on."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()
        with contextlib.suppress(OSError):  # somebody was quicker
            self._kept = self._kept or kept(int(self.endpoint.rpartition(":")[2]))
            weakref.finalize(self, self._kept.close)  # not everybody leaves a `with` block
        self._drop()

    def unavailable(self) -> None:
        """Answer every request from now on with 503."""
        self._answer = False
        self._drop()

    def available(self) -> None:
        """Pass requests on again."""
        self._answer = True

    def fall_silent(self) -> None:
        """Take connections and bytes, and pass nothing on: what a dead link looks like."""
        self._silent = True

    def slow(self, bytes_a_second: float) -> None:
        """Pass this much on to the client."""
        self._rate = bytes_a_second

    def cut_after(self, count: int, then: str = "refuse") -> None:
        """Pass `count` bytes more on to the client, then refuse, or fall silent."""
        self._left, self._then = count, then

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.refuse()
        if self._kept is not None:
            self._kept.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            with self._lock:
                full = len(self._live) > 2 * AT_MOST
            if full:
                client.close()
                continue
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(PATIENCE_S)
        if not self._answer:
            with contextlib.suppress(OSError), client:
                client.recv(CHUNK)
                client.sendall(UNAVAILABLE)
                client.shutdown(socket.SHUT_WR)
                while client.recv(CHUNK):  # a body that is on its way would turn this into a reset
                    pass
            return
        try:
            server = socket.create_connection(self._upstream, timeout=PATIENCE_S)
        except OSError:
            client.close()
            return
        with self._lock:
            self._live |= {client, server}
        up = threading.Thread(target=self._pass, args=(client, server), daemon=True)
        up.start()
        self._pass(server, client, towards_client=True)
        up.join()
        with self._lock:
            self._live -= {client, server}
        client.close()
        server.close()

    def _pass(
        self, source: socket.socket, target: socket.socket, *, towards_client: bool = False
    ) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                if self._silent:
                    continue
                if towards_client and not self._may(len(data)):
                    if self._then == "refuse":
                        self.refuse()
                        return
                    self.fall_silent()
                    continue
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def _may(self, count: int) -> bool:
        with self._lock:
            if self._rate is not None:
                time.sleep(count / self._rate)  # in the lock: the link is one
            if self._left is not None:
                self._left -= count
            return self._left is None or self._left >= 0

    def _drop(self) -> None:
        with self._lock:
            live = list(self._live)
        for end in live:
            with contextlib.suppress(OSError):
                # A reset, as from a machine that is gone, not a polite end.
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RDWR)

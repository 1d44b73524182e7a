"""A connection that keeps its deadlines, also against a server that sends a byte now and then.

A socket's own time-out begins anew with every byte, and the resolver's is not ours to set. So a
name is looked up in a thread of its own, and when the time is over the connection is shut down
under whoever reads from it.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import ssl
import threading
import time
from typing import TYPE_CHECKING, Any

from orchestrator.errors import ChannelFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECT_S = 5.0


class Line:
    """An open connection; `over` once its time, on the monotonic clock, is up."""

    def __init__(self, plain: socket.socket, until: float) -> None:
        self.socket = plain
        self._until = until
        self._end = plain.dup()  # reaches the connection when TLS has taken the socket over

    @property
    def over(self) -> bool:
        """Whether it took too long: what was read last may be half of it.

        Asked of the clock: the socket's own time-out may end it before `cut` has its turn.
        """
        return time.monotonic() >= self._until

    def cut(self) -> None:
        """End the connection under whoever waits for it."""
        with contextlib.suppress(OSError):
            self._end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Let go of it."""
        self._end.close()
        self.socket.close()


@contextlib.contextmanager
def connected(host: str, port: int, within_s: float) -> Iterator[Line]:
    """Yield a connection that ends by itself after `within_s`, 5 s of it to connect.

    Raises OSError when there is none; TimeoutError also for whatever fails after the time is up.
    """
    until = time.monotonic() + within_s
    plain = _connect(host, port, min(CONNECT_S, within_s))
    plain.settimeout(within_s)
    line = Line(plain, until)
    clock = threading.Timer(max(0.0, until - time.monotonic()), line.cut)
    clock.daemon = True
    clock.start()
    try:
        yield line
    except Exception as error:
        if line.over:
            raise TimeoutError from error
        raise
    finally:
        clock.cancel()
        clock.join()
        line.close()


def trust(ca: str | None) -> ssl.SSLContext:
    """Return what a server's certificate is checked against: the file's, else the machine's roots.

    Raises ChannelFailed when the file is of no use.
    """
    try:
        return ssl.create_default_context(cafile=ca)
    except OSError as error:
        why = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise ChannelFailed(
            f"{ca}: the file of certificates cannot be used: {why}",
            hint="Give the path of a PEM file with the certificate of who signed the server's.",
        ) from error


def _connect(host: str, port: int, within_s: float) -> socket.socket:
    until = time.monotonic() + within_s
    found = _resolve(host, port, within_s)
    last: OSError = OSError(f"{host} has no address")
    for number, (family, kind, protocol, _, place) in enumerate(found):
        attempt = socket.socket(family, kind, protocol)
        try:
            # The time is shared out, so that a first address that is dead leaves some to the next.
            share = (until - time.monotonic()) / (len(found) - number)
            attempt.settimeout(max(0.1, share))
            attempt.connect(place)
        except OSError as error:
            attempt.close()
            last = error
        else:
            return attempt
    raise last


def _resolve(host: str, port: int, within_s: float) -> list[Any]:
    answer: queue.SimpleQueue[list[Any] | OSError | UnicodeError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answer.put(list(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))
        except (OSError, UnicodeError) as error:
            answer.put(error)

    threading.Thread(target=ask, name="resolver", daemon=True).start()
    try:
        found = answer.get(timeout=within_s)
    except queue.Empty:
        raise socket.gaierror(socket.EAI_AGAIN, "the name server does not answer") from None
    if isinstance(found, Exception):
        raise found
    return found

"""Bytes from one pipe to another without passing through us, but for their beginning and end."""

from __future__ import annotations

import array
import contextlib
import fcntl
import os
import select
import termios
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PIPE_BYTES = 1 << 20
KEPT = 64
POLL_MS = 250
SOONEST_MS, LATEST_MS = 1, 50


def widen(pipe: int) -> None:
    """Let a pipe hold more, so that its two ends wait less for each other."""
    with contextlib.suppress(OSError):  # a limit of the machine: slower, no worse
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def head(reader: int, count: int, check: Callable[[], None]) -> bytes:
    """Read `count` bytes, or all there are. `check` is called while waiting, and may raise."""
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    found = b""
    while len(found) < count:
        check()
        if poll.poll(POLL_MS):
            chunk = os.read(reader, count - len(found))
            if not chunk:
                break
            found += chunk
    return found


def move(reader: int, into: int, check: Callable[[], None]) -> bytes:
    """Move everything to the end; return the last bytes (64, or all). `check` may raise.

    The kernel moves whole pages. The last bytes always stay behind until the writer has closed
    its end, because only then are they known to be the last. Raises BrokenPipeError.
    """
    closed, room = select.poll(), select.poll()
    closed.register(reader, 0)  # tells that all writers have left
    room.register(into, select.POLLOUT)
    flags = os.SPLICE_F_MOVE | os.SPLICE_F_NONBLOCK
    pause = SOONEST_MS
    while True:
        check()
        ended = bool(closed.poll(0))  # before counting: what is there then, is all
        held = _held(reader)
        if held > KEPT:
            pause = SOONEST_MS
            try:
                os.splice(reader, into, held - KEPT, flags=flags)
            except BlockingIOError:
                room.poll(POLL_MS)
        elif ended:
            last = os.read(reader, KEPT)
            write_all(into, last)
            return last
        else:
            closed.poll(pause)
            pause = min(pause * 2, LATEST_MS)


def write_all(into: int, content: bytes) -> None:
    """Write all of it. Raises BrokenPipeError."""
    view = memoryview(content)
    while view:
        view = view[os.write(into, view) :]


def _held(pipe: int) -> int:
    """Return how many bytes wait in a pipe."""
    count = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, count)
    return count[0]

"""What `pra` stands on: its signals, and the three streams that it may find closed or full."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

_stopping: list[bool] = []  # whether somebody asked this process to stop


def prepare() -> None:
    """Take the signals over, and make the streams fit for whatever a client's data is called."""
    signal.signal(signal.SIGTERM, _terminated)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as a shell's background jobs have
        signal.signal(signal.SIGINT, _terminated)
    # restic's `unlock` probes lock owners with SIGHUP; a reused pid must survive it.
    at_terminal = sys.stdin is not None and sys.stdin.isatty()
    signal.signal(signal.SIGHUP, _terminated if at_terminal else signal.SIG_IGN)
    for number in range(3):  # else the next file, the log, would be what a child complains to
        with contextlib.suppress(OSError):
            os.fstat(number)
            continue
        os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def flush() -> None:
    """Print what is left; what cannot be printed changes nothing any more."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:  # Python would complain again at its end, and change the exit code
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _terminated(signum: int, frame: FrameType | None) -> None:
    """Interrupt once: whoever asks again must not cut the clearing away short."""
    del signum, frame
    if _stopping:
        with contextlib.suppress(OSError):
            os.write(2, b"pra: ending what runs and clearing it away, a moment\n")
        return
    _stopping.append(True)
    raise KeyboardInterrupt

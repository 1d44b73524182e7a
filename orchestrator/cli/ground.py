"""What `pra` stands on: its signals, and the three streams that it may find closed or full."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import FrameType

_stopping: list[bool] = []  # whether somebody asked this process to stop
AGAIN_S = (0.1, 0.4, 1.5)


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
    _heed()
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


def _heed() -> None:
    """See to it that a signal is heard by a main thread that waits for another one.

    Python's own handler runs between two steps of the main thread. A signal that comes after the
    last look and before the wait begins is kept for when the wait ends, which may be never. So
    each signal writes into a pipe, and whoever reads it has the wait interrupted once more.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    heard, told = os.pipe2(os.O_CLOEXEC)
    os.set_blocking(told, False)
    signal.signal(signal.SIGURG, lambda *_: None)  # by default it would interrupt nothing
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    threading.Thread(target=_wake, args=(heard,), name="signals", daemon=True).start()


def _wake(heard: int) -> None:
    main = threading.main_thread().ident
    while signals := os.read(heard, 64):
        if main is not None and set(signals) != {signal.SIGURG}:
            for seconds in AGAIN_S:
                time.sleep(seconds)
                signal.pthread_kill(main, signal.SIGURG)


def _terminated(signum: int, frame: FrameType | None) -> None:
    """Interrupt once: whoever asks again must not cut the clearing away short."""
    del signum, frame
    if _stopping:
        with contextlib.suppress(OSError):
            os.write(2, b"pra: ending what runs and clearing it away, a moment\n")
        return
    _stopping.append(True)
    raise KeyboardInterrupt

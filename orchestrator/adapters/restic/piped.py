"""A backup of what a source writes into a pipe, without a copy on disk.

To restic the end of the pipe is the end of the data: the end of a source that died half-way would
become a snapshot like any other. So the pipe stays open until it is known how the source ended.
"""

from __future__ import annotations

import concurrent.futures
import os
import select
import threading
from typing import TYPE_CHECKING

from orchestrator.errors import Interrupted, PraError

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.adapters.restic.call import Said
    from restore_drills.process import Processes

POLL_MS = 100
FILLER = bytes(select.PIPE_BUF)  # never blocks on a pipe that takes any


def piped(
    produce: Callable[[int], None],
    read: Callable[[int, Callable[[], str | None]], Said],
    processes: Processes,
) -> Said | None:
    """Let `produce` write, in this thread, what `read` makes a backup of, in another.

    `read` gets the descriptor to read from, and what says why to stop. It is called when the first
    byte is there, since restic would make a snapshot of nothing: None when there never is one.
    When `produce` raises, the backup has been stopped before the pipe ends, and the error is
    raised again, unless the backup ended first: its error is then the cause of the broken pipe.
    """
    reader, writer = os.pipe()
    failed = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(1, "restic") as pool:
        # restic is signalled when the thread that started it ends, so that thread waits for it.
        reading = pool.submit(_read, reader, read, failed, processes)
        try:
            produce(writer)
        except BaseException as error:
            failed.set()
            _fill(writer, reading)
            own = reading.exception()
            # A user who interrupts wants nothing but the end.
            if own is not None and isinstance(error, Exception):
                raise own from error
            raise
        finally:
            os.close(writer)
        return reading.result()


def _read(
    reader: int,
    read: Callable[[int, Callable[[], str | None]], Said],
    failed: threading.Event,
    processes: Processes,
) -> Said | None:
    given_up = threading.Event()

    def watch() -> str | None:
        if not failed.is_set():
            return None
        given_up.set()
        return "the source failed"

    try:
        if not _has_data(reader, failed, processes):
            return None
        return read(reader, watch)
    except PraError:
        if given_up.is_set() and processes.cancelled is None:
            return None  # we ended it, for what the source will tell
        raise
    finally:
        os.close(reader)  # a writer that is left finds a broken pipe


def _has_data(reader: int, failed: threading.Event, processes: Processes) -> bool:
    poll = select.poll()
    poll.register(reader, select.POLLIN)
    while not (ready := poll.poll(POLL_MS)):
        if processes.cancelled is not None:
            raise Interrupted(f"the backup was not started: {processes.cancelled}")
        if failed.is_set():
            return False
    return not failed.is_set() and bool(ready[0][1] & select.POLLIN)


def _fill(writer: int, reading: concurrent.futures.Future[Said | None]) -> None:
    """Give restic something to read until it has ended.

    It takes note of a signal only between two reads, and on an idle pipe it would wait for ever.
    Zeros cost next to nothing in the repository, and become no snapshot without the pipe's end.
    """
    poll = select.poll()
    poll.register(writer, select.POLLOUT)
    while not reading.done():
        if not (ready := poll.poll(POLL_MS)):
            continue
        if ready[0][1] & (select.POLLERR | select.POLLHUP):
            return
        try:
            os.write(writer, FILLER)
        except BrokenPipeError:
            return

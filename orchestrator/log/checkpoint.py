"""The checkpoint of the state beside the log, `<state>/checkpoint`: a cache, never the truth."""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING

from orchestrator.core import checkpoint

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.core.state import State
    from orchestrator.log.sqlite import Log

NAME = "checkpoint"


def read(state_dir: Path, log: Log) -> State | None:
    """Return the state of the checkpoint, which the rest of the log follows.

    None where there is none that can be believed: absent, unreadable, of another version, or not of
    this log. Raises StateUnusable for the log.
    """
    try:
        state = checkpoint.decode((state_dir / NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return state if log.hash_of(state.seq) == state.hash else None


def write(state_dir: Path, state: State) -> bool:
    """Write the state for the next one who asks; whole or not at all.

    False when it could not be: that is no fault of the caller's, who has the state. What a killed
    writer left half written is written over. Raises nothing.
    """
    part = state_dir / f"{NAME}.part"
    try:
        body = checkpoint.encode(state).encode()
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except (OSError, ValueError):
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(descriptor), part.stat()):
            return False  # another writer has just put it in its place
        _fill(descriptor, body)
        part.replace(state_dir / NAME)
        _sync(state_dir)
    except BlockingIOError:
        return False  # another writer is at it
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        return False
    finally:
        os.close(descriptor)
    return True


def _fill(descriptor: int, body: bytes) -> None:
    os.ftruncate(descriptor, 0)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(body)
    os.fsync(descriptor)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""What one restic process says while it runs: kept, and judged for whether it moves.

restic 0.17 and later tries a dead endpoint again for 15 minutes per operation, and its status
lines keep coming meanwhile. So what counts is whether the bytes grow; where they do not, its
notices of retries and our own question to the endpoint decide.
"""

from __future__ import annotations

import re
import threading
import time
from typing import TYPE_CHECKING

from orchestrator.adapters.restic import parse
from orchestrator.adapters.restic.values import Unread
from orchestrator.errors import RepositoryUnreachable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from orchestrator.adapters.restic.parse import Message
    from orchestrator.adapters.restic.values import Progress

KEEP_ERRORS = 10_000
KEEP_TEXT = 200
MISSING = " does not exist, skipping"
# Its notice of a request that is made again, or at last was answered; `check` of 0.19 gives it as
# an error, which it is not.
TRIED = re.compile(r"(returned error, retrying after [^:]*|operation successful after)(.*)")
KEEP_REASON = 120


class Ear:
    """Listens to one process; `stalled` is asked regularly, from another thread."""

    def __init__(
        self,
        *,
        stall: timedelta,
        probe: Callable[[timedelta], None],
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self.summary: Message | None = None
        self.exit_error: str | None = None
        self.errors: list[Unread] = []  # what it says of single files
        self.text: list[str] = []  # the first plain lines of its standard error
        self._stall = stall
        self._probe = probe
        self._on_progress = on_progress
        self._lock = threading.Lock()
        self._mark = 0
        self._packs: tuple[int, int] | None = None
        self._moved = time.monotonic()
        self._asked = self._moved
        self._retrying: float | None = None
        self._reason = ""
        self._asking = False
        self._dead: str | None = None

    def stdout(self, line: bytes) -> None:
        """Take a line of standard output."""
        said = parse.message(line)
        match said:
            case {"message_type": "status"}:
                self._status(parse.progress(said))
            case {"message_type": "summary"}:
                self.summary = said
            case _:  # a type that we do not need, or text, in which only a copy says how far it is
                self._status(None if said else parse.copied(line))

    def stderr(self, line: bytes) -> None:
        """Take a line of standard error."""
        said = parse.message(line)
        match said:
            case {"message_type": "error"}:
                error = parse.unread(said)
                if not self._tried(error.why):
                    self._error(error)
                return
            case {"message_type": "exit_error", "message": str(words)}:
                self.exit_error = words
                return
            case _:
                text = line.decode(errors="replace").strip()
        self._tried(text)
        if text and len(self.text) < KEEP_TEXT:
            self.text.append(text)
        if text.endswith(MISSING):
            self._error(Unread(path=text.removesuffix(MISSING), why="does not exist"))

    def stalled(self) -> str | None:
        """Return why the process is to be stopped; None while it moves or may move."""
        now = time.monotonic()
        patience = self._stall.total_seconds()
        with self._lock:
            if self._dead is not None:
                return self._dead
            if self._retrying is not None and now - self._retrying > patience:
                silence = f"nothing moved for {now - self._moved:.0f} s"
                return f"{silence} in which restic tried again{self._reason}"
            # What follows the summary (--verify) is local, however long it is silent.
            silent = now - max(self._moved, self._asked) > patience / 2 and self.summary is None
            if silent and not self._asking:
                self._asking = True
                # Apart, so that a cancellation does not wait for an endpoint that says nothing.
                threading.Thread(target=self._ask, args=(self._moved,), daemon=True).start()
        return None

    def _ask(self, moved: float) -> None:
        dead = None
        try:
            self._probe(self._stall / 2)
        except RepositoryUnreachable as error:
            dead = str(error)
        with self._lock:
            self._asking = False
            self._asked = time.monotonic()
            if moved == self._moved:
                self._dead = dead

    def _tried(self, text: str) -> bool:
        """Take a notice of a request that is tried again; false when it is none."""
        said = TRIED.search(text)
        if said is None:
            return False
        if said[1].startswith("operation"):
            self._advance()
            return True
        with self._lock:
            self._retrying = self._retrying or time.monotonic()
            self._reason = said[2].rstrip()[:KEEP_REASON]
        return True

    def _status(self, progress: Progress | None) -> None:
        if progress is None:
            return
        if progress.done_bytes > self._mark:
            self._mark = progress.done_bytes
            self._advance()
        if progress.packs != self._packs:
            self._packs = progress.packs
            self._advance()
        if self._on_progress is not None:
            self._on_progress(progress)

    def _advance(self) -> None:
        with self._lock:
            self._moved = time.monotonic()
            self._retrying = None

    def _error(self, error: Unread) -> None:
        if len(self.errors) < KEEP_ERRORS:
            self.errors.append(error)

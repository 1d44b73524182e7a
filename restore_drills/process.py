"""The only place of the project that starts a process.

Every child gets an argv list, an explicit environment, /dev/null on standard input unless piped,
a session and process group of its own, a deadline, and a bounded capture of its output. It
carries `PRA_RUN`, so that a later start can find what a killed parent left behind, and it is
signalled when the thread that started it dies (so that thread must live as long as the child).
"""

from __future__ import annotations

import contextlib
import errno
import os
import select
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Self

from restore_drills.errors import CommandMissing, Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

# restic may first finish the uploads that are under way (measured: 4-5 s at 4 MB/s).
GRACE = timedelta(seconds=90)
KILL_WAIT_S = 10.0
WATCH_EVERY_S = 0.25
TAIL_BYTES = 64 * 1024
SWEEP_GRACE_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a child ended: exit code (negative: signal), bounded output, why we stopped it."""

    command: str
    code: int
    stdout: bytes
    stderr: str
    seconds: float
    stopped: str | None
    truncated: bool = False


class _Tail:
    """Reads one pipe to its end, in a thread; keeps the last `keep` bytes, or hands lines over."""

    def __init__(self, pipe: IO[bytes], keep: int, on_line: Callable[[bytes], None] | None) -> None:
        self.kept = bytearray()
        self.truncated = False
        self._keep = keep
        self._on_line = on_line
        self._pipe = pipe
        self._thread = threading.Thread(target=self._drain, daemon=True)
        self._thread.start()

    def _drain(self) -> None:
        rest = b""
        with self._pipe as pipe:
            while chunk := os.read(pipe.fileno(), 1 << 16):
                if self._on_line is None:
                    self._store(chunk)
                    continue
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._store(line + b"\n")
                    self._on_line(line)
                if len(rest) > self._keep:  # a line without end is not a line
                    self._store(rest)
                    rest = b""
        if rest and self._on_line is not None:
            self._store(rest)
            self._on_line(rest)

    def _store(self, chunk: bytes) -> None:
        self.kept += chunk
        if len(self.kept) > self._keep:
            del self.kept[: len(self.kept) - self._keep]
            self.truncated = True

    def join(self) -> None:
        # A grandchild that keeps the pipe open must not hold us: it dies with the group.
        self._thread.join(timeout=KILL_WAIT_S)


class Child:
    """A running child and the leader of its process group; leaving the `with` block ends it."""

    def __init__(
        self, popen: subprocess.Popen[bytes], owner: Processes, stop_signal: signal.Signals
    ) -> None:
        self.pid = popen.pid
        self.command = ""
        self._popen = popen
        self._owner = owner
        self._signal = stop_signal
        self._pidfd = os.pidfd_open(popen.pid)
        self._began = time.monotonic()
        self._closed = False
        self._stopped: str | None = None
        self._out: _Tail | None = None
        self._err: _Tail | None = None

    def poll(self, seconds: float = 0.0) -> bool:
        """Wait at most `seconds`; true when the child has ended."""
        if self._popen.returncode is not None:
            return True
        try:
            ready, _, _ = select.select([self._pidfd], [], [], seconds)
        except (OSError, ValueError):
            if self._closed:  # by another thread, which has seen the end
                return True
            raise
        return bool(ready) and self._popen.wait() is not None

    def stop(self, why: str, grace: timedelta = GRACE) -> None:
        """Signal the group (INT unless told otherwise), wait `grace`, KILL what is left."""
        if self.poll():
            return
        self._stopped = self._stopped or why
        self._send(self._signal)
        if not self.poll(grace.total_seconds()):
            self._send(signal.SIGKILL)
            self.poll(KILL_WAIT_S)

    def ask(self, why: str) -> None:
        """Signal the group to end, once, and do not wait for it."""
        if self._stopped is None and not self.poll():
            self._stopped = why
            self._send(self._signal)

    def finish(
        self,
        timeout: timedelta,
        watch: Callable[[], str | None] | None = None,
        grace: timedelta = GRACE,
    ) -> Ended:
        """Wait for the end; stop at the deadline, when cancelled, or when `watch` says why."""
        deadline = self._began + timeout.total_seconds()
        while not self.poll(WATCH_EVERY_S):
            why = self._owner.cancelled or (watch() if watch else None)
            if why is None and time.monotonic() > deadline:
                why = f"no end after {timeout.total_seconds():.0f} s"
            if why is not None:
                self.stop(why, grace)
                break
        return self.ended()

    def ended(self) -> Ended:
        """Return the outcome of a child that has ended."""
        for tail in (self._out, self._err):
            if tail is not None:
                tail.join()
        return Ended(
            command=self.command,
            code=self._popen.returncode if self._popen.returncode is not None else -signal.SIGKILL,
            stdout=bytes(self._out.kept) if self._out else b"",
            stderr=self._err.kept.decode(errors="replace") if self._err else "",
            seconds=time.monotonic() - self._began,
            stopped=self._stopped,
            truncated=bool(self._out and self._out.truncated),
        )

    def _send(self, what: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, what)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End it and let go of it; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        self.stop("its owner left", timedelta(seconds=KILL_WAIT_S))
        descriptor, self._pidfd = self._pidfd, -1
        os.close(descriptor)
        self._owner.forget(self)


class Processes:
    """All children of one run. They carry its id and are cancelled together."""

    def __init__(self, run: str) -> None:
        self.run_id = run
        self.cancelled: str | None = None
        self.started = 0  # how many children so far: restic's start costs 0.7 s each
        self._live: set[Child] = set()
        self._lock = threading.Lock()

    def start(  # noqa: PLR0913 - the one door to the operating system has as many locks
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path | None = None,
        stdin: bytes | int | None = None,
        stdout: int | None = None,
        on_stdout: Callable[[bytes], None] | None = None,
        on_stderr: Callable[[bytes], None] | None = None,
        keep: int = TAIL_BYTES,
        stop_signal: signal.Signals = signal.SIGINT,
        pass_fds: tuple[int, ...] = (),
    ) -> Child:
        """Start a child; `stdin` is text to feed or a descriptor, `stdout` a descriptor to fill.

        Raises CommandMissing when the program does not exist, Interrupted after `cancel`, OSError
        when the system does not start it.
        """
        if self.cancelled is not None:
            raise Interrupted(f"{argv[0]}: not started, {self.cancelled}")
        path = shutil.which(argv[0], path=env.get("PATH"))
        if path is None:
            raise CommandMissing(f"{argv[0]}: command not found", hint=f"Install {argv[0]}.")
        if any("\0" in word for word in argv):  # where the kernel would see its end
            raise OSError(errno.EINVAL, "a word of the command holds a null character", argv[0])
        feed = stdin if isinstance(stdin, bytes) else None
        popen = subprocess.Popen(
            [*_dies_with_us(stop_signal), path, *argv[1:]],
            env={**env, "PRA_RUN": self.run_id},
            cwd=cwd,
            stdin=stdin
            if isinstance(stdin, int)
            else subprocess.PIPE
            if feed is not None
            else subprocess.DEVNULL,
            stdout=subprocess.PIPE if stdout is None else stdout,
            stderr=subprocess.PIPE,
            start_new_session=True,
            pass_fds=pass_fds,
        )
        child = Child(popen, self, stop_signal)
        child.command = " ".join([Path(argv[0]).name, *argv[1:2]])
        with self._lock:
            self._live.add(child)
            self.started += 1
        child._out = _Tail(popen.stdout, keep, on_stdout) if popen.stdout else None  # noqa: SLF001 - same module
        child._err = _Tail(popen.stderr, TAIL_BYTES, on_stderr) if popen.stderr else None  # noqa: SLF001
        if feed is not None and popen.stdin is not None:
            threading.Thread(target=_feed, args=(popen.stdin, feed), daemon=True).start()
        return child

    def run(  # noqa: PLR0913
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        timeout: timedelta,
        cwd: Path | None = None,
        stdin: bytes | int | None = None,
        stdout: int | None = None,
        on_stdout: Callable[[bytes], None] | None = None,
        on_stderr: Callable[[bytes], None] | None = None,
        keep: int = TAIL_BYTES,
        watch: Callable[[], str | None] | None = None,
        grace: timedelta = GRACE,
        stop_signal: signal.Signals = signal.SIGINT,
    ) -> Ended:
        """Start a child and wait for its end; see `start` and `Child.finish`."""
        with self.start(
            argv,
            env=env,
            cwd=cwd,
            stdin=stdin,
            stdout=stdout,
            on_stdout=on_stdout,
            on_stderr=on_stderr,
            keep=keep,
            stop_signal=stop_signal,
        ) as child:
            ended = child.finish(timeout, watch, grace)
        return replace(ended, stopped=ended.stopped or self.cancelled)

    def cancel(self, why: str) -> None:
        """Start nothing more; whoever waits for a child of ours now stops it."""
        self.cancelled = self.cancelled or why

    def forget(self, child: Child) -> None:
        """Drop a child that has ended."""
        with self._lock:
            self._live.discard(child)


def of_run(run: str) -> list[int]:
    """Pids of living processes that carry `PRA_RUN=<run>` (those we may look at), ours excepted."""
    mark = f"PRA_RUN={run}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


def sweep(run: str) -> int:
    """End every process of a dead run: INT, grace (restic drops its lock), KILL; say how many."""
    found = of_run(run)
    for what, seconds in ((signal.SIGINT, SWEEP_GRACE_S), (signal.SIGKILL, KILL_WAIT_S)):
        for pid in of_run(run):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, what)
        until = time.monotonic() + seconds
        while of_run(run) and time.monotonic() < until:
            time.sleep(0.1)
    return len(found)


@cache
def _dies_with_us(what: signal.Signals) -> tuple[str, ...]:
    """Return the argv prefix that has the kernel signal the child when its starting thread dies."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", what.name.removeprefix("SIG"), "--") if setpriv else ()


def _feed(pipe: IO[bytes], data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), pipe:
        pipe.write(data)

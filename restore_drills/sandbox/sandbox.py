"""The sandbox of one drill: made, filled with rooms, destroyed with proof."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self

from restore_drills.errors import CommandMissing, Interrupted, NoSandbox
from restore_drills.sandbox import etc, probe
from restore_drills.sandbox.holdings import Holdings
from restore_drills.sandbox.limits import words
from restore_drills.sandbox.room import Room
from restore_drills.sandbox.shapes import PATH, WORK, Seat
from restore_drills.sandbox.watchdog import Watchdog, Watched

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from restore_drills.errors import DrillError
    from restore_drills.process import Child, Processes
    from restore_drills.sandbox.limits import Limits


ABSENT = "absent"  # nothing runs here, so nothing holds it


class Sandbox:
    """One per drill. Leaving the `with` block destroys it.

    `mechanism`: bwrap-userns, bwrap-setuid, none, or absent. `limits_by`: memory, pids and disk to
    cgroup2, cgroup1, rlimit, watchdog or none. `uid`: whose the commands are on the host.
    `prep`: how long it took to make.
    """

    def __init__(
        self, *, held: Holdings, limits: Limits, seat: Seat | DrillError, processes: Processes
    ) -> None:
        """`seat` is the reason where nothing can be run in it: it only holds what is restored."""
        self.path = held.path
        self.uid: int | None = None
        self.mechanism = ABSENT
        self.limits_by = dict.fromkeys(("memory", "pids", "disk"), ABSENT)
        if isinstance(seat, Seat):
            self.uid, self.mechanism = seat.uid, seat.shape.mechanism
            self.limits_by = {"memory": seat.memory_by, "pids": seat.pids_by, "disk": "watchdog"}
        self._limits = limits
        self.prep = timedelta()
        self._held = held
        self._seat = seat
        self._processes = processes
        self._rooms: dict[str, Room] = {}
        self._watched: dict[str, Watched] = {}
        self._servers: list[Child] = []
        self._lock = threading.Lock()
        self._outcome: tuple[bool, str] | None = None
        self._watchdog = Watchdog(
            limits,
            held.path,
            memory=self.limits_by["memory"] == "watchdog",
            pids=self.limits_by["pids"] == "watchdog",
        )
        # The kernel ends a command when the thread that started it dies, or never where that
        # thread is too quick to die: so one thread starts them all and outlives them.
        self._starter = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sandbox-start")

    @classmethod
    def create(  # noqa: PLR0913 - what a sandbox is made of
        cls,
        *,
        root: Path,
        run: str,
        limits: Limits,
        processes: Processes,
        required: bool,
        lasting: bool = False,
    ) -> Self:
        """Make `root`/`run` (0700) and find what seals a command here, by trying.

        Raises NoSandbox where nothing does and it is `required`, or where even an unsealed
        command would have to be root; CommandMissing where util-linux is not installed.
        `lasting`: a recovery's. Its workspace is found as it was left and is not removed; where
        nothing seals a command it holds what is restored, and every command says why it did not
        run.
        """
        began = time.monotonic()
        place = Path(os.path.abspath(root))  # noqa: PTH100 - no links
        held = Holdings.take(place, run, limits, lasting=lasting)
        seat: Seat | DrillError
        try:
            seat = probe.seat(held, limits, processes, required=required)
        except (NoSandbox, CommandMissing) as error:
            if not lasting:
                held.give_back()
                raise
            seat = error
        except BaseException:
            held.give_back()
            raise
        made = cls(held=held, limits=limits, seat=seat, processes=processes)
        made.prep = timedelta(seconds=time.monotonic() - began)
        return made

    def room(self, name: str) -> Room:
        """Return the room of a service, made when first asked for."""
        with self._lock:
            if name not in self._rooms:
                place = self._held.room(name)
                lasting = self._held.lasting
                self._rooms[name] = Room(name, place, self, self._held.owner, lasting=lasting)
                cgroups = self._held.cgroups
                self._watched[name] = Watched(
                    work=place / "work",
                    device=place.lstat().st_dev,
                    kills=cgroups.memory_kills(),
                    refused=cgroups.refused_forks(),
                )
                self._watchdog.watch(self._watched[name])
            return self._rooms[name]

    def destroy(self, *, keep: bool = False) -> tuple[bool, str]:
        """End every process, remove the workspace, and look. Returns (destroyed, what was seen).

        `keep` leaves the workspace, which the sandbox's uid goes on to own. A second call
        returns what the first one saw. A KeyboardInterrupt is raised again when all is done.
        """
        try:
            return self._destroy(keep=keep)
        except KeyboardInterrupt:  # whoever is impatient must not leave a client's data behind
            self._destroy(keep=keep)
            raise

    def _destroy(self, *, keep: bool) -> tuple[bool, str]:
        with self._lock:
            if self._outcome is None:
                self._starter.shutdown()
                self._watchdog.stop()
                self._outcome = self._held.give_back(keep=keep)
                for child in self._servers:
                    child.close()
            return self._outcome

    def spawn(  # noqa: PLR0913 - as Processes.start, narrowed
        self,
        room: Room,
        argv: Sequence[str],
        *,
        cwd: str,
        env: Mapping[str, str],
        keep: int,
        stdin: bytes | None,
    ) -> Child:
        """Start a command of a room; for `Room` alone."""
        seat, name = self._seat, room.name
        if not isinstance(seat, Seat):
            raise NoSandbox(str(seat), hint=seat.hint)
        given = {"HOME": WORK, "LANG": "C.UTF-8", "TZ": etc.time_zone(), **env, "PATH": PATH}
        start = partial(
            self._processes.start,
            seat.argv(argv, room=name, cwd=cwd),
            env={key: seat.inside(value, name) for key, value in given.items()},
            keep=keep,
            stdin=stdin,
            stop_signal=signal.SIGKILL,
        )
        try:
            child = self._starter.submit(start).result()
        except RuntimeError as error:  # the starter takes nothing after its end
            raise Interrupted(f"{name}: {argv[0]}: not started, the sandbox is gone") from error
        child.command = " ".join([Path(argv[0]).name, *argv[1:2]])
        self._watched[name].live.add(child)
        return child

    def keep_until_the_end(self, child: Child) -> None:
        """Let go of a server when the sandbox is destroyed; for `Room` alone."""
        self._servers.append(child)

    def reached(self, room: Room) -> str | None:
        """Measure once more, and say which limit this room has run into, if any."""
        watched, cgroups, limits = self._watched[room.name], self._held.cgroups, self._limits
        self._watchdog.look()
        if watched.breach is not None:
            return watched.breach
        if cgroups.memory_kills() > watched.kills:
            return f"the kernel stopped it: more memory than {words(limits.memory_bytes)}"
        if watched.crowded or cgroups.refused_forks() > watched.refused:
            return f"it was refused more than {limits.pids} processes"
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.destroy()

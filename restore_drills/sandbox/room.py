"""A room: the place of one service inside the sandbox, and the door for its commands."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from restore_drills.errors import LimitReached
from restore_drills.sandbox import ownership
from restore_drills.sandbox.shapes import RESTORED, WORK

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import timedelta
    from pathlib import Path

    from restore_drills.process import Child, Ended

KEEP = 65536


class Host(Protocol):
    """What a room needs of its sandbox."""

    def spawn(  # noqa: PLR0913 - the door to the operating system, narrowed
        self,
        room: Room,
        argv: Sequence[str],
        *,
        cwd: str,
        env: Mapping[str, str],
        keep: int,
        stdin: bytes | None,
    ) -> Child:
        """Start a command of the room, sealed; it ends with the sandbox at the latest."""

    def keep_until_the_end(self, child: Child) -> None:
        """Let go of a server when the sandbox is destroyed."""

    def reached(self, room: Room) -> str | None:
        """Say which limit the room has run into since it was made, if any."""


class Room:
    """One service's place. Paths are the host's; inside they are /restored, /dumps and /scratch.

    `lasting`: what is restored is the client's again afterwards. It is handed over to the sandbox
    when a command first asks for it, and can be had back.
    """

    def __init__(
        self,
        name: str,
        place: Path,
        host: Host,
        owner: tuple[int, int] | None,
        *,
        lasting: bool = False,
    ) -> None:
        self.name = name
        self.tree = place / "tree"
        self.dumps = place / "dumps"
        self.work = place / "work"
        self._host = host
        self._owner = owner
        self._lasting = lasting
        self._before: ownership.Before | None = None  # of a tree that is to be handed back

    def hand_over(self) -> None:
        """Make what was restored readable inside; call it once, after content verification."""
        if not self._lasting:
            ownership.hand_over(self.tree, self._owner)
        ownership.hand_over(self.dumps, self._owner)

    def hand_back(self) -> None:
        """Give what lasts its own owners and modes again; no command may run there any more."""
        if self._before is not None:
            ownership.hand_back(self.tree, self._before)
            self._before = None
        ownership.hand_over(self.dumps, (os.geteuid(), os.getegid()))

    def run(  # noqa: PLR0913 - as Processes.run, of which this is the sealed form
        self,
        argv: Sequence[str],
        *,
        timeout: timedelta,
        cwd: str = RESTORED,
        env: Mapping[str, str] | None = None,
        keep: int = KEEP,
        stdin: bytes | None = None,
    ) -> Ended:
        """Run a command to its end. `Ended.stopped` tells of a timeout or a cancellation.

        Raises LimitReached when it failed and the room has run into one of the sandbox's limits;
        CommandMissing never: a program that is absent inside ends with code 127.
        """
        host = self._host
        if self._lasting and cwd == RESTORED and self._before is None:
            self._before = {}
            ownership.hand_over(self.tree, self._owner, self._before)
        with host.spawn(self, argv, cwd=cwd, env=env or {}, keep=keep, stdin=stdin) as child:
            ended = child.finish(timeout)
        if ended.code != 0 and (why := host.reached(self)) is not None:
            raise LimitReached(
                f"{self.name}: {ended.command}: {why}",
                hint="Drill on a machine with more to give, or let the check take less.",
            )
        return ended

    def start(
        self, argv: Sequence[str], *, cwd: str = WORK, env: Mapping[str, str] | None = None
    ) -> Child:
        """Start a server. It ends with the sandbox at the latest."""
        child = self._host.spawn(self, argv, cwd=cwd, env=env or {}, keep=KEEP, stdin=None)
        self._host.keep_until_the_end(child)
        return child

"""A room: the place of one service inside the sandbox, and the door for its commands."""

from __future__ import annotations

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
    """One service's place. Paths are the host's; inside they are /restored, /dumps and /scratch."""

    def __init__(self, name: str, place: Path, host: Host, owner: tuple[int, int] | None) -> None:
        self.name = name
        self.tree = place / "tree"
        self.dumps = place / "dumps"
        self.work = place / "work"
        self._host = host
        self._owner = owner

    def hand_over(self) -> None:
        """Make what was restored readable inside; call it once, after content verification."""
        ownership.hand_over(self.tree, self._owner)
        ownership.hand_over(self.dumps, self._owner)

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

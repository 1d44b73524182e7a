"""How a command line is wrapped so that the command runs sealed: one argv per shape.

What the sandbox sees is the same in each shape; how it loses the caller's rights is not. bwrap
called by root maps its user namespace to host root, which reads every file and connects to every
socket: so root first becomes another uid, before bwrap or inside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from restore_drills.sandbox.limits import RUN_BYTES, TMP_BYTES, Limits, rlimits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from restore_drills.sandbox.cgroup import Cgroups

# Of each command, and of the programs that seal it: what the machine itself has installed.
PATH = "/usr/local/bin:/usr/bin:/bin"
RESTORED, DUMPS, WORK = "/restored", "/dumps", "/scratch"
# A private mount of the stage: its real path leads through folders that are closed to the uid.
STAGE = "/tmp"  # noqa: S108 - nothing is written there: our own folder is mounted over it
_LINKS = ("bin", "lib", "lib32", "lib64", "libx32", "sbin")

_APART = ("unshare", "--mount", "--propagation", "private", "--")
# $1 the stage, then the control groups to enter, --, and the command.
_ENTER = """
stage=$1; shift
while [ "$1" != -- ]; do echo $$ >"$1"; shift; done
shift
if [ -n "$stage" ]; then cd "$stage"; mount --no-canonicalize -o bind,nosuid,nodev . /tmp; cd /; fi
unset OLDPWD PWD stage
exec "$@"
"""


class Shape(Enum):
    """The ways to run a command, strongest first for each caller."""

    ROOT_USERNS = "root becomes a dedicated uid, which has bwrap make a user namespace"
    ROOT_SETUID = "root has bwrap make all but a user namespace, and becomes the uid inside"
    USERNS = "an ordinary user has bwrap make a user namespace"
    ROOT_PLAIN = "root becomes a dedicated uid, unsealed"
    PLAIN = "an ordinary user, unsealed"

    @property
    def mechanism(self) -> str:
        """The word of the report."""
        match self:
            case Shape.ROOT_USERNS | Shape.USERNS:
                return "bwrap-userns"
            case Shape.ROOT_SETUID:
                return "bwrap-setuid"
            case Shape.ROOT_PLAIN | Shape.PLAIN:
                return "none"
        assert_never(self)

    @property
    def sealed(self) -> bool:
        """Whether bwrap is around the command."""
        return self.mechanism != "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bwrap:
    """The bubblewrap of this machine; `path` is empty where it has none."""

    path: str
    nested: bool  # it can forbid further user namespaces (0.8.0 and later)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """What the argv of every command of one sandbox is made of.

    `stage` is the only folder of the workspace that the dedicated uid may cross.
    """

    shape: Shape
    bwrap: Bwrap
    stage: Path
    uid: int
    gid: int
    limits: Limits
    cgroups: Cgroups

    def argv(self, command: Sequence[str], *, room: str | None, cwd: str) -> list[str]:
        """Wrap a command; `room` None: it sees no restored data."""
        match self.shape:
            case Shape.ROOT_USERNS:
                sealed = [*self._bwrap(STAGE, room, cwd, userns=True), *self._prlimit()]
                # Set outside, the limit counts all processes of the uid.
                per_uid = [*self._become(), *self._prlimit()]
                return [*_APART, *self._enter(mount=True), *per_uid, *sealed, *command]
            case Shape.ROOT_SETUID:
                # Root without its capabilities may not enter the folders of the uid.
                sealed = self._bwrap(str(self.stage), room, "/", userns=False)
                inner = [*self._become(for_good=True), *self._prlimit(), *_there(cwd)]
                return [*self._enter(), *sealed, *inner, *command]
            case Shape.USERNS:
                # Set inside, the limit does not count the caller's other processes.
                sealed = [*self._bwrap(str(self.stage), room, cwd, userns=True), *self._prlimit()]
                return [*self._enter(), *sealed, *command]
            case Shape.ROOT_PLAIN:
                inner = [*self._become(for_good=True), *self._prlimit()]
                plain = [self.inside(word, room) for word in (*_there(cwd), *command)]
                return [*_APART, *self._enter(mount=True), *inner, *plain]
            case Shape.PLAIN:
                plain = [self.inside(word, room) for word in (*_there(cwd), *command)]
                return [*self._enter(), *self._prlimit(), *plain]
        assert_never(self.shape)

    @property
    def pids_by(self) -> str:
        """What holds the limit on processes."""
        # Unsealed and not root, the kernel would count the caller's other processes too.
        plain = "watchdog" if self.shape is Shape.PLAIN else "rlimit"
        return self.cgroups.version("pids") or plain

    @property
    def memory_by(self) -> str:
        """What holds the limit on memory."""
        return self.cgroups.version("memory") or "watchdog"

    def inside(self, word: str, room: str | None) -> str:
        """Return a word with /restored, /dumps and /scratch as the command sees them."""
        if self.shape.sealed or room is None:
            return word
        stage = Path(STAGE) if self.shape is Shape.ROOT_PLAIN else self.stage
        real = {RESTORED: "tree", DUMPS: "dumps", WORK: "work"}
        return re.sub(
            r"(?<![\w./-])(/restored|/dumps|/scratch)(?![\w.-])",
            lambda found: str(stage / "rooms" / room / real[found[1]]),
            word,
        )

    def _enter(self, *, mount: bool = False) -> list[str]:
        doors = self.cgroups.doors
        if not mount and not doors:
            return []
        return ["sh", "-euc", _ENTER, "sh", str(self.stage) if mount else "", *doors, "--"]

    def _become(self, *, for_good: bool = False) -> list[str]:
        ids = [f"--reuid={self.uid}", f"--regid={self.gid}", "--clear-groups"]
        rights = ["--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"] if for_good else []
        return ["setpriv", *ids, *rights, "--"]

    def _prlimit(self) -> list[str]:
        memory, pids = self.memory_by == "watchdog", self.pids_by == "rlimit"
        return ["prlimit", *rlimits(self.limits, memory=memory, pids=pids), "--"]

    def _bwrap(self, stage: str, room: str | None, cwd: str, *, userns: bool) -> list[str]:
        spaces = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
        spaces.append("--unshare-cgroup-try")
        if userns:
            rights = ["--unshare-user", "--cap-drop", "ALL"]
            rights += ["--disable-userns"] if self.bwrap.nested else []
        else:
            rights = ["--cap-drop", "ALL"]
            for needed in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):
                rights += ["--cap-add", needed]
        shm = str(self.limits.shm_bytes)
        return [
            *(self.bwrap.path, *spaces, *rights, "--hostname", "drill"),
            *("--die-with-parent", "--new-session"),
            *("--ro-bind", "/usr", "/usr", *_links()),
            *("--proc", "/proc", "--dev", "/dev"),
            *("--perms", "1777", "--size", shm, "--tmpfs", "/dev/shm"),  # noqa: S108 - its own
            *("--remount-ro", "/dev"),
            *("--perms", "1777", "--size", str(TMP_BYTES), "--tmpfs", "/tmp"),  # noqa: S108 - its own
            *("--perms", "1777", "--size", str(RUN_BYTES), "--tmpfs", "/run"),
            *("--ro-bind", f"{stage}/etc", "/etc"),
            *("--ro-bind-try", "/etc/alternatives", "/etc/alternatives"),
            *(_room(f"{stage}/rooms/{room}") if room is not None else ()),
            *("--remount-ro", "/", "--chdir", cwd, "--"),
        ]


def _room(place: str) -> tuple[str, ...]:
    """Bind the three directories of one room."""
    tree = ("--ro-bind", f"{place}/tree", RESTORED)
    dumps = ("--ro-bind", f"{place}/dumps", DUMPS)
    return (*tree, *dumps, "--bind", f"{place}/work", WORK)


def _links() -> list[str]:
    """Return what makes /bin, /lib and so on: links into /usr, or directories of their own."""
    options: list[str] = []
    for name in _LINKS:
        path = Path("/", name)
        if path.is_symlink():
            options += ["--symlink", str(path.readlink()), str(path)]
        elif path.is_dir():
            options += ["--ro-bind", str(path), str(path)]
    return options


def _there(cwd: str) -> list[str]:
    return ["env", f"--chdir={cwd}", f"PWD={cwd}"]

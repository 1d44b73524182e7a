"""Starts the databases of a recovery where they were loaded: private sockets, no network."""

from __future__ import annotations

import contextlib
import os
import pwd
import shlex
import stat
import tempfile
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.errors import PraError
from orchestrator.jobs.recover_place import DATABASE, is_dump
from restore_drills.engines import postgresql
from restore_drills.sandbox.ownership import hand_over

if TYPE_CHECKING:
    from orchestrator.jobs.recover_place import Place
    from restore_drills.model import Report
    from restore_drills.process import Processes

PATH = "/usr/local/bin:/usr/bin:/bin"
PATIENCE = timedelta(minutes=10)  # a killed server reads its WAL first
ROOM = "pra-recovered-"
USERS = ("postgres", "nobody")  # PostgreSQL does not run as root
# The folders above it may be closed to the server's user: he sees its data at a place of his own.
APART = (
    *("unshare", "--mount", "--propagation", "private", "--", "sh", "-euc"),
    *('mount --bind "$1" "$2"; shift 2; exec "$@"', "sh"),
)
# Whoever pastes it twice, or has stopped the server otherwise, is told of no error.
STOP = (
    "(set -e; cd {data}; test ! -e postmaster.pid || kill -INT $(head -n 1 postmaster.pid);"
    " while test -e postmaster.pid; do sleep 0.2; done; rm -rf -- {room})"
)
SETTINGS = ("listen_addresses=", "unix_socket_permissions=0700", "archive_mode=off")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A database that runs: how to reach it and how to stop it, as lines for a shell."""

    service: str
    source: str
    data: str
    connect: str
    stop: str

    def document(self) -> dict[str, str]:
        """Return it as the document of a recovery has it."""
        return {
            "service": self.service,
            "source": self.source,
            "data": self.data,
            "connect": self.connect,
            "stop": self.stop,
        }


def start(
    report: Report | None, place: Place, processes: Processes
) -> tuple[list[Server], list[str]]:
    """Start every database that was loaded; return them, and why another is not started.

    None: nobody asked for it.
    """
    servers: list[Server] = []
    faults: list[str] = []
    sweep(Path(_rooms() or tempfile.gettempdir()))
    for service in report.services if report else ():
        for source in service.plan.sources:
            if not is_dump(source.kind) or service.plan.path:
                continue
            if "T7" not in service.offsets:
                faults.append(f"{service.id}: {source.name} was not loaded, so it is not started")
                continue
            try:
                servers.append(_start(service.id, source.name, source.database, place, processes))
            except (PraError, OSError) as error:
                faults.append(f"{service.id}: {source.name} is not started: {error}")
    return servers, faults


def _start(service: str, source: str, database: str, place: Place, processes: Processes) -> Server:
    loaded = place.room(service) / "work" / source / "data"
    data = place.target / service / DATABASE / f"{source}.cluster"
    loaded.rename(data)
    (data / "postmaster.pid").unlink(missing_ok=True)  # of a server that the sandbox has ended
    major = int((data / "PG_VERSION").read_text(encoding="ascii").split(".")[0])
    pg_ctl = str(postgresql.installed()[major] / "pg_ctl")
    uid, gid, become = _user()
    hand_over(data, (uid, gid))
    room = Path(tempfile.mkdtemp(prefix=ROOM, dir=_rooms()))
    os.chown(room, uid, gid)  # 0700: its socket and, where root is, the data are reached there
    mount: tuple[str, ...] = ()
    seen = data
    if become:
        seen = room / "data"
        seen.mkdir()
        mount = (*APART, str(data), str(seen))
    options = " ".join(f"-c {setting}" for setting in SETTINGS)
    ended = processes.run(
        [*mount, *become, pg_ctl, "start", "--wait", f"--pgdata={seen}", f"--log={seen}/server.log",
         f"--timeout={PATIENCE.total_seconds():.0f}",
         f"--options=-k {shlex.quote(str(room))} {options}"],
        env={"PATH": PATH, "LC_ALL": "C.UTF-8"},
        timeout=PATIENCE,
        cwd=Path("/"),
    )  # fmt: skip
    if ended.code != 0:
        if not _is_held(room):
            _remove(room)
        said = (ended.stderr or ended.stdout.decode(errors="replace")).strip().splitlines()
        raise PraError(
            f"pg_ctl: {said[-1] if said else f'exit code {ended.code}'}",
            hint=f"Its folder is {data}, its log server.log there.",
        )
    reach = (f"--host={room}", f"--username={postgresql.SUPERUSER}", f"--dbname={database}")
    return Server(
        service=service,
        source=source,
        data=str(data),
        connect=shlex.join(["psql", *reach]),
        stop=STOP.format(data=shlex.quote(str(data)), room=shlex.quote(str(room))),
    )


def _rooms() -> str | None:
    """Return where sockets are kept; None: where this user's temporary files are."""
    return "/run" if os.geteuid() == 0 else None


def sweep(rooms: Path) -> None:
    """Remove what servers left there that were stopped otherwise than by our line."""
    for room in rooms.glob(f"{ROOM}*"):
        with contextlib.suppress(OSError):  # gone meanwhile, or another user's
            facts = room.lstat()
            if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.geteuid():
                continue
            if time.time() - facts.st_mtime < PATIENCE.total_seconds() or _is_held(room):
                continue
            _remove(room)


def _remove(room: Path) -> None:
    for left in (*room.glob(".s.PGSQL.*"), *room.glob("data")):
        left.rmdir() if left.is_dir() else left.unlink(missing_ok=True)
    room.rmdir()


def _is_held(room: Path) -> bool:
    """Whether the server lives whose socket is there; its lock names it."""
    for lock in room.glob(".s.PGSQL.*.lock"):
        try:
            os.kill(int(lock.read_text(encoding="ascii").split()[0]), 0)
        except (ProcessLookupError, ValueError, IndexError):
            continue
        except PermissionError:
            pass
        return True
    return False


def _user() -> tuple[int, int, tuple[str, ...]]:
    """Return who the server runs as, and what to put before its command."""
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid(), ()
    for name in USERS:
        try:
            known = pwd.getpwnam(name)
        except KeyError:
            continue
        ids = (f"--reuid={known.pw_uid}", f"--regid={known.pw_gid}")
        return known.pw_uid, known.pw_gid, ("setpriv", *ids, "--clear-groups", "--")
    raise PraError("no user that PostgreSQL could run as", hint="Make the user postgres.")

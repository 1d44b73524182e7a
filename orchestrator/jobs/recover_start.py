"""Starts the databases of a recovery where they were loaded: private sockets, no network."""

from __future__ import annotations

import os
import pwd
import shlex
import tempfile
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
USERS = ("postgres", "nobody")  # PostgreSQL does not run as root
# The folders above it may be closed to the server's user: he sees its data at a place of his own.
APART = (
    *("unshare", "--mount", "--propagation", "private", "--", "sh", "-euc"),
    *('mount --bind "$1" "$2"; shift 2; exec "$@"', "sh"),
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
    room = Path(tempfile.mkdtemp(prefix="pra-", dir="/run" if become else None))
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
        said = (ended.stderr or ended.stdout.decode(errors="replace")).strip().splitlines()
        raise PraError(
            f"pg_ctl: {said[-1] if said else f'exit code {ended.code}'}",
            hint=f"Its folder is {data}, its log server.log there.",
        )
    reach = (f"--host={room}", f"--username={postgresql.SUPERUSER}", f"--dbname={database}")
    pid = shlex.quote(str(data / "postmaster.pid"))
    return Server(
        service=service,
        source=source,
        data=str(data),
        connect=shlex.join(["psql", *reach]),
        stop=f"kill -INT $(head -n 1 {pid})",
    )


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

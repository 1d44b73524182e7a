"""A private PostgreSQL cluster: no network, one socket in a folder that only we may enter."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import signal
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from orchestrator.demo.scratch import is_passable, run_of, scratch
from orchestrator.errors import DemoFailed
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from restore_drills.process import Child, Ended

READY_WITHIN_S = 30.0
STOP_WITHIN = timedelta(seconds=20)
STATEMENT_WITHIN = timedelta(minutes=5)
ANSWER_BYTES = 16 * 1024 * 1024
INSTALLED = Path("/usr/lib/postgresql")
# Its own programs refuse root; Debian's package makes the first, every system has the second.
USERS = ("postgres", "nobody")
SETTINGS = {
    "listen_addresses": "",
    "max_connections": "50",
    "shared_buffers": "32MB",
    "max_wal_size": "1GB",
    "jit": "off",
    # A demonstration's live data may be lost with the machine; what restores it never says so.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}


class PostgresServer:
    """A running cluster; `folder` is kept, with its data, where it is given.

    `host` is the socket's folder, `superuser` needs no password there. Raises DemoFailed where
    PostgreSQL is absent, does not start, or refuses a statement.
    """

    port = 5432
    superuser = "postgres"

    def __init__(self, folder: Path | None = None) -> None:
        self.host = ""
        self._folder = folder
        self._until_exit = contextlib.ExitStack()
        self._processes = Processes("")
        self._bin = Path()

    def __enter__(self) -> Self:
        with self._until_exit:
            folder = self._folder or self._until_exit.enter_context(scratch())
            self._processes = Processes(run_of(folder))
            self._prepare(folder)
            data = folder / "data"
            if not (data / "PG_VERSION").exists():
                self._bin = _newest()
                self._initialise(data)
            self._bin = _newest(major=(data / "PG_VERSION").read_text().strip())
            self.host = str(folder / "socket")
            self._start(data)
            self._until_exit = self._until_exit.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._until_exit.close()

    def create(self, database: str) -> None:
        """Make an empty database."""
        self.sql("postgres", f'CREATE DATABASE "{database}"')

    def sql(self, database: str, text: str) -> str:
        """Run statements by psql, in one connection; return its rows, columns parted by `|`."""
        argv = [str(self._bin / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1"]
        argv += ["-h", self.host, "-p", str(self.port), "-U", self.superuser, "-d", database]
        return self._finish(argv, stdin=text.encode()).stdout.decode().rstrip("\n")

    def _prepare(self, folder: Path) -> None:
        """Make the folders, owned by the user that will run the server."""
        for path in (folder / "data", folder / "socket"):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if os.geteuid() == 0:
                user = _user()
                os.chown(path, user.pw_uid, user.pw_gid)
        if os.geteuid() == 0 and not is_passable(folder.resolve()):
            raise DemoFailed(
                f"{folder}: PostgreSQL runs as {_user().pw_name} here, who may not pass through it",
                hint="Choose a folder that other users may pass through, as under /var/tmp.",
            )

    def _initialise(self, data: Path) -> None:
        argv = [str(self._bin / "initdb"), "-D", str(data), "-U", self.superuser, "-A", "trust"]
        argv += ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
        self._finish([*_as_user(), *argv])

    def _start(self, data: Path) -> None:
        settings = SETTINGS | {"port": str(self.port), "unix_socket_directories": self.host}
        argv = [str(self._bin / "postgres"), "-D", str(data)]
        argv += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        child = self._processes.start(
            [*_as_user(), *argv], env=_environment(), cwd=Path("/"), stop_signal=signal.SIGINT
        )
        self._until_exit.enter_context(child)
        self._until_exit.callback(child.stop, "its owner left", STOP_WITHIN)
        self._wait(child)

    def _wait(self, child: Child) -> None:
        ready = [str(self._bin / "pg_isready"), "-q", "-h", self.host, "-p", str(self.port)]
        deadline = time.monotonic() + READY_WITHIN_S
        while not child.poll(0.05):
            if self._run(ready).code == 0:
                return
            if time.monotonic() > deadline:
                child.stop("it did not answer")
        said = child.ended().stderr.strip().splitlines()[-1:]
        raise DemoFailed(f"postgres: the server did not start in {self.host}: {' '.join(said)}")

    def _finish(self, argv: Sequence[str], stdin: bytes | None = None) -> Ended:
        ended = self._run(argv, stdin)
        if ended.code != 0:
            raise DemoFailed(f"{ended.command}: {ended.stopped or ended.stderr.strip()}")
        return ended

    def _run(self, argv: Sequence[str], stdin: bytes | None = None) -> Ended:
        return self._processes.run(
            argv,
            env=_environment(),
            cwd=Path("/"),
            stdin=stdin,
            timeout=STATEMENT_WITHIN,
            keep=ANSWER_BYTES,
        )


def _newest(major: str | None = None) -> Path:
    """Return the folder of the newest server's programs, or of those of one major."""
    found = [path.parent for path in INSTALLED.glob(f"{major or '*'}/bin/postgres")]
    if along_path := shutil.which("postgres"):
        found.append(Path(along_path).resolve().parent)
    if not found:
        raise DemoFailed(
            f"postgres: no PostgreSQL {major or 'server'} in {INSTALLED} or along PATH",
            hint="Run `apt-get install postgresql` as root.",
        )
    return max(found, key=lambda path: [int(n) for n in re.findall(r"\d+", str(path))] or [0])


def _user() -> pwd.struct_passwd:
    for name in USERS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise DemoFailed(
        f"postgres: it refuses root, and there is no user {' or '.join(USERS)}",
        hint="Run `adduser --system postgres`, or start this as another user than root.",
    )


def _as_user() -> list[str]:
    """Return the prefix under which PostgreSQL's programs run: not root, and dying with us.

    A change of user clears the parent-death signal, so that it is set once more.
    """
    if os.geteuid() != 0:
        return []
    user = _user()
    ids = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return ["setpriv", *ids, "--no-new-privs", "--pdeathsig=INT", "--"]


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "HOME": "/"}

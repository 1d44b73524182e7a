"""A PostgreSQL database as a stream: pg_dump's custom format, and the cluster's roles beside it.

Nothing is stored on the way: what pg_dump writes is moved from pipe to pipe by the kernel. A dump
that fails, is empty or is none raises SourceFailed before its pipe is closed.
"""

from __future__ import annotations

import os
import re
import shutil
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.adapters.sources import pipes
from orchestrator.adapters.sources.pg_words import hint, reason, server_version
from orchestrator.errors import Interrupted, SourceFailed
from restore_drills import errors as drills

if TYPE_CHECKING:
    from orchestrator.core.policy.model import Postgresql
    from restore_drills.process import Ended, Processes

MAGIC = b"PGDMP"
# The length 0 that closes the last table, or an offset 0 where there is no data at all.
END = bytes(5)
ROLES_HEAD = b"--\n-- PostgreSQL database cluster dump\n"
ROLES_TAIL = b"-- PostgreSQL database cluster dump complete"
NO_DUMP = "wrote something that is no dump"
HEAD_BYTES = 4096
ROLES_LIMIT = 64 << 20
DUMP_WITHIN = timedelta(days=4)
ROLES_WITHIN = timedelta(minutes=10)
# A table that somebody alters must not hold the backup for ever.
LOCK_WAIT_MS = 600_000
CONNECT_S = 20
INSTALLED = (("/usr/lib/postgresql", "*/bin"), ("/usr", "pgsql-*/bin"))
# What libpq may need of our environment; no password, no address, nothing of restic or S3.
HANDED_ON = ("HOME", "PATH", "PGSSLMODE", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY", "KRB5CCNAME")


def passfile(password: bytes, *, where: str) -> bytes:
    """Return the PGPASSFILE of one connection. Raises SourceFailed when libpq could not read it."""
    if b"\n" in password or b"\0" in password:
        raise SourceFailed(
            f"{where}: the database's password holds a line break",
            hint="libpq cannot take it from a file: choose another password.",
        )
    escaped = password.replace(b"\\", b"\\\\").replace(b":", b"\\:")
    return b"*:*:*:*:" + escaped + b"\n"


class Database:
    """One database of one server; `passwords` is a PGPASSFILE, None leaves it to libpq's ways."""

    def __init__(
        self, spec: Postgresql, *, where: str, processes: Processes, passwords: Path | None
    ) -> None:
        self._spec = spec
        self._where = where
        self._processes = processes
        self._passwords = passwords

    def dump(self, into: int) -> str:
        """Write the dump into a pipe; return what made it, as `postgresql 15.18`.

        Raises SourceFailed, Interrupted, and BrokenPipeError when the reader has left.
        """
        argv = [
            *("-Fc", "-Z0", "--no-password", f"--lock-wait-timeout={LOCK_WAIT_MS}"),
            *self._address("--dbname"),
        ]
        # The reader starts with the first byte, and its start is the data time: not too late.
        os.write(into, MAGIC[:1])
        pipes.widen(into)
        reader, writer = os.pipe()
        try:
            pipes.widen(reader)
            try:
                child = self._processes.start(
                    [self._tool("pg_dump"), *argv], env=self._environment(), stdout=writer
                )
            except drills.Interrupted as error:
                raise Interrupted(f"{self._where}: {error}") from error
            finally:
                os.close(writer)
            with child:
                head = last = pipes.head(reader, HEAD_BYTES, self._check)
                if head.startswith(MAGIC):
                    pipes.write_all(into, head[1:])
                    last = (head + pipes.move(reader, into, self._check))[-len(END) :]
                elif head:
                    child.stop(NO_DUMP, timedelta(seconds=2))
                ended = child.finish(DUMP_WITHIN)
        finally:
            os.close(reader)
        if head and not head.startswith(MAGIC):
            raise self._worthless("pg_dump", NO_DUMP)
        self._judge(ended, "pg_dump")
        if not head:
            raise self._worthless("pg_dump", "wrote nothing")
        if last != END:
            raise self._worthless("pg_dump", "wrote a dump that breaks off")
        return f"postgresql {server_version(head) or 'of unknown version'}"

    def roles(self, into: int) -> str:
        """Write the cluster's roles, without passwords, as SQL; they tell no version.

        Raises as `dump` does.
        """
        argv = [
            "--roles-only",
            "--no-role-passwords",
            "--no-password",
            *self._address("--database"),
        ]
        os.write(into, ROLES_HEAD[:1])
        try:
            ended = self._processes.run(
                [self._tool("pg_dumpall"), *argv],
                env=self._environment(),
                timeout=ROLES_WITHIN,
                keep=ROLES_LIMIT,
            )
        except drills.Interrupted as error:
            raise Interrupted(f"{self._where}: {error}") from error
        self._judge(ended, "pg_dumpall")
        said = ended.stdout
        if b"CREATE ROLE" not in said:
            raise self._worthless("pg_dumpall", "wrote no role")
        if not said.startswith(ROLES_HEAD) or ROLES_TAIL not in said[-256:] or ended.truncated:
            raise self._worthless("pg_dumpall", "wrote the roles in part only")
        pipes.write_all(into, said[1:])
        return ""

    def versions(self, within: timedelta) -> tuple[int, int]:
        """Return the majors of pg_dump and of the live server, which is asked for it.

        Raises SourceFailed, Interrupted.
        """
        ask = ["-XAtq", "--no-password", "--command=show server_version_num"]
        server = self._answer("psql", [*ask, *self._address("--dbname")], within)
        ours = re.search(r" (\d+)", self._answer("pg_dump", ["--version"], within))
        if ours is None or not server.isdigit():
            raise self._worthless("psql" if ours else "pg_dump", "did not tell its version")
        return int(ours[1]), int(server) // 10_000

    def _answer(self, tool: str, argv: list[str], within: timedelta) -> str:
        try:
            ended = self._processes.run(
                [self._tool(tool), *argv], env=self._environment(), timeout=within
            )
        except drills.Interrupted as error:
            raise Interrupted(f"{self._where}: {error}") from error
        self._judge(ended, tool)
        return ended.stdout.decode(errors="replace").strip()

    def _address(self, option: str) -> list[str]:
        spec = self._spec
        # As a quoted value: a name with `=` would be read as a whole connection string.
        name = spec.database.replace("\\", "\\\\").replace("'", "\\'")
        alive = "keepalives_idle=60 keepalives_interval=15 keepalives_count=4"
        return [
            f"--host={spec.host}",
            f"--port={spec.port}",
            f"--username={spec.user}",
            f"{option}=dbname='{name}' {alive}",
        ]

    def _environment(self) -> dict[str, str]:
        handed = [*HANDED_ON, *(["PGPASSFILE"] if self._passwords is None else [])]
        env = {name: os.environ[name] for name in handed if name in os.environ}
        env |= {"LC_ALL": "C.UTF-8", "PGCONNECT_TIMEOUT": str(CONNECT_S), "PGAPPNAME": "pra"}
        return env | ({} if self._passwords is None else {"PGPASSFILE": str(self._passwords)})

    def _tool(self, name: str) -> str:
        found = find(name)
        if found is None:
            raise SourceFailed(
                f"{self._where}: {name}: command not found",
                hint="Install PostgreSQL's client programs, of the server's major or newer.",
            )
        return found

    def _check(self) -> None:
        if self._processes.cancelled is not None:
            raise Interrupted(f"{self._where}: {self._processes.cancelled}")

    def _judge(self, ended: Ended, tool: str) -> None:
        self._check()
        if ended.stopped is not None:
            raise self._worthless(tool, f"was stopped: {ended.stopped}")
        if ended.code < 0:
            raise self._worthless(tool, f"was killed by signal {-ended.code}")
        if ended.code != 0:
            said = reason(ended.stderr) or f"it gave no reason (code {ended.code})"
            raise SourceFailed(f"{self._where}: {tool} failed: {said}", hint=hint(said))

    def _worthless(self, tool: str, what: str) -> SourceFailed:
        return SourceFailed(
            f"{self._where}: {tool} {what}",
            hint=f"Run {tool} by hand as the same user and see what it says.",
        )


def find(tool: str) -> str | None:
    """Return the program: the one that the PATH names, else the newest that is installed.

    Debian's own `/usr/bin/pg_dump` is a wrapper that chooses by its own rules: passed over.
    """
    named = shutil.which(tool)
    if named is not None and Path(os.path.realpath(named)).name != "pg_wrapper":
        return named
    found = [
        (int(number[1]), str(path / tool))
        for base, pattern in INSTALLED
        for path in Path(base).glob(pattern)
        if os.access(path / tool, os.X_OK) and (number := re.search(r"(\d+)/bin$", str(path)))
    ]
    return max(found)[1] if found else named

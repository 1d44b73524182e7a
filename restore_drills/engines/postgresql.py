"""PostgreSQL from a dump: a new cluster of our configuration in the sandbox, loaded and queried.

The dump is of the custom format; roles are a script of `pg_dumpall --roles-only`. Nothing of the
client's configuration is used. The server listens on a unix socket in the room only.
"""

from __future__ import annotations

import os
import re
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from restore_drills.errors import CannotRun, CommandMissing, Damaged
from restore_drills.model import Finding, Severity

if TYPE_CHECKING:
    from restore_drills.model import SourcePlan
    from restore_drills.process import Ended
    from restore_drills.sandbox import Room

LOAD_TIMEOUT = timedelta(hours=12)
QUERY_TIMEOUT = timedelta(minutes=10)
BOOT_TIMEOUT_S = 60.0
JOBS = "2"  # a client's server has at least two cores; more would flatter a bigger drill machine
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "archive_mode": "off",
    "shared_preload_libraries": "",
    "max_connections": "20",
    "logging_collector": "off",
    "log_destination": "stderr",
    "TimeZone": "UTC",
    "DateStyle": "ISO",
}
# What the machine lacks says nothing of the data.
LACKING = ("is not available", "could not open extension control file", "could not access file")


def installed() -> dict[int, Path]:
    """Return the server majors of this machine and their `bin` folders (Debian's and PATH's)."""
    found = {}
    for folder in Path("/usr/lib/postgresql").glob("*/bin"):
        if folder.parent.name.isdigit() and (folder / "initdb").exists():
            found[int(folder.parent.name)] = folder
    for name in os.environ.get("PATH", "").split(os.pathsep):
        folder = Path(name)
        version = folder / "pg_config"
        if (
            (folder / "initdb").exists()
            and folder.resolve() not in found.values()
            and version.exists()
        ):
            major = re.search(r"/postgresql/(\d+)/", str((folder / "initdb").resolve()))
            if major:
                found.setdefault(int(major[1]), (folder / "initdb").resolve().parent)
    return found


class Cluster:
    """A throw-away server for one dump; its files live in the room's `work`."""

    def __init__(self, room: Room, source: SourcePlan, majors: dict[int, Path]) -> None:
        self._room = room
        self._source = source
        self._majors = majors
        self._home = f"/work/{source.name}"
        self._bin = Path()
        self.version = ""  # of our server, as `15.18`
        self.dumped_from = ""

    def inspect(self) -> None:
        """Read the dump's own header and choose the server that can take it.

        Raises CommandMissing when no same or newer major is here, Damaged when the file is no
        dump or holds another database.
        """
        if not self._majors:
            raise CommandMissing(
                "no PostgreSQL server on this machine", hint="Install the package postgresql."
            )
        newest = self._majors[max(self._majors)]
        listing = self._run(newest, "pg_restore", "--list", self._dump, timeout=QUERY_TIMEOUT)
        if listing.code != 0:
            if "unsupported version" in listing.stderr:
                raise CommandMissing(
                    f"{self._source.name}: the dump is newer than PostgreSQL {max(self._majors)}, "
                    "the newest on this machine",
                    hint="Install the server's major version here, or drill elsewhere.",
                )
            raise Damaged(f"{self._source.name}: the dump cannot be read: {_last(listing)}")
        header = listing.stdout.decode(errors="replace")
        database = _header(header, "dbname")
        if database != self._source.database:
            raise Damaged(
                f"{self._source.name}: the dump holds the database {database}, "
                f"not {self._source.database}"
            )
        self.dumped_from = _header(header, "Dumped from database version").split(" ")[0]
        major = int(self.dumped_from.split(".")[0])
        fit = [m for m in sorted(self._majors) if m >= major]
        if not fit:
            raise CommandMissing(
                f"{self._source.name}: dumped from PostgreSQL {major}, "
                f"this machine has {', '.join(map(str, sorted(self._majors)))} only",
                hint=f"Install PostgreSQL {major} or newer here, or drill elsewhere.",
            )
        self._bin = self._majors[fit[0]]

    def boot(self) -> None:
        """Make a cluster and start its server. Raises CannotRun when it does not come up."""
        made = self._run(
            self._bin, "initdb", "--pgdata", f"{self._home}/data", "--username=postgres",
            "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", timeout=QUERY_TIMEOUT,
        )  # fmt: skip
        if made.code != 0:
            raise CannotRun(f"{self._source.name}: initdb failed: {_last(made)}")
        home = self._room.work / self._source.name
        options = [word for k, v in SETTINGS.items() for word in ("-c", f"{k}={v}")]
        server = self._room.start(
            [str(self._bin / "postgres"), "-D", f"{self._home}/data", "-k", self._home, *options]
        )
        until = time.monotonic() + BOOT_TIMEOUT_S
        while not _ready(home / "data" / "postmaster.pid"):
            if server.poll(0.02) or time.monotonic() > until:
                server.stop("it did not start", timedelta(seconds=5))
                raise CannotRun(
                    f"{self._source.name}: PostgreSQL did not start: {_last(server.ended())}"
                )
        self.version = self.query("show server_version", database="postgres").split(" ")[0]

    def load(self) -> list[Finding]:
        """Load roles and the dump. Raises Damaged when the data does not load."""
        findings = self._load_roles()
        restore = ["--no-password", "--exit-on-error", "--no-tablespaces", *self._at]
        first = self._restore(*restore, "--create", "--dbname=postgres")
        if first.code != 0 and "invalid locale" in first.stderr:
            # The client's collation is not on this machine; the data still loads without it.
            words = f"{self._source.name}: loaded with C.UTF-8, this machine lacks its locale"
            remedy = "Generate the database's locale where you recover."
            findings.append(
                Finding(
                    code="collation-differs",
                    severity=Severity.WARNING,
                    message=words,
                    remedy=remedy,
                )
            )
            name = self._source.database
            self._run(
                self._bin,
                "createdb",
                *self._at,
                "--template=template0",
                name,
                timeout=QUERY_TIMEOUT,
            )  # what fails here fails the restore below, in its own words
            first = self._restore(*restore, f"--dbname={name}")
        if first.code != 0:
            words = f"{self._source.name}: the dump does not load: {_last(first)}"
            if any(lack in first.stderr for lack in LACKING):
                raise CannotRun(words, hint="Install the missing extension on this machine.")
            raise Damaged(words)
        return findings

    def query(self, sql: str, *, database: str | None = None) -> str:
        """Return psql's unaligned output. Raises Damaged with PostgreSQL's own words."""
        raw = ("--no-psqlrc", "--no-align", "--tuples-only", "--field-separator=\x1f")
        asked = ("--set=ON_ERROR_STOP=1", "--command", sql)
        ended = self._run(
            self._bin,
            "psql",
            *raw,
            *self._at,
            f"--dbname={database or self._source.database}",
            *asked,
            timeout=QUERY_TIMEOUT,
            read_only=database is None,
        )
        if ended.stopped:
            raise Damaged(f"query stopped: {ended.stopped}")
        if ended.code != 0:
            raise Damaged(_last(ended))
        return ended.stdout.decode(errors="replace").rstrip("\n")

    @property
    def _dump(self) -> str:
        return f"/dumps/{self._source.name}/{self._source.name}.dump"

    @property
    def _at(self) -> tuple[str, ...]:
        return ("--host", self._home, "--username=postgres")

    def _load_roles(self) -> list[Finding]:
        ended = self._run(
            self._bin, "psql", "--no-psqlrc", "--quiet", *self._at, "--dbname=postgres",
            "--file", f"/dumps/{self._source.name}.roles/{self._source.name}.roles.sql",
            timeout=QUERY_TIMEOUT,
        )  # fmt: skip
        errors = [
            line.partition("ERROR:")[2].strip()
            for line in ended.stderr.splitlines()
            if "ERROR:" in line and "already exists" not in line
        ]
        if ended.code not in {0, 3}:
            raise Damaged(f"{self._source.name}: the roles do not load: {_last(ended)}")
        if not errors:
            return []
        words = f"{self._source.name}: {len(errors)} statements on roles failed: {errors[0]}"
        return [
            Finding(
                code="roles-incomplete",
                severity=Severity.WARNING,
                message=words,
                remedy="Look at the roles after a recovery.",
            )
        ]

    def _restore(self, *options: str) -> Ended:
        return self._run(
            self._bin, "pg_restore", *options, "--jobs", JOBS, self._dump, timeout=LOAD_TIMEOUT
        )

    def _run(
        self, folder: Path, program: str, *args: str, timeout: timedelta, read_only: bool = False
    ) -> Ended:
        options = "-c statement_timeout=600000 -c default_transaction_read_only=on"
        return self._room.run(
            [str(folder / program), *args],
            timeout=timeout,
            cwd="/work",
            env={"PGOPTIONS": options} if read_only else {},
        )


def _ready(pidfile: Path) -> bool:
    """Say whether the server accepts connections: line 8 of its pid file, as pg_ctl reads it."""
    try:
        lines = pidfile.read_text().splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[7].strip() == "ready"  # noqa: PLR2004 - the format's own number


def _header(listing: str, name: str) -> str:
    found = re.search(rf"^;\s+{name}: (.*)$", listing, re.MULTILINE)
    if found is None:
        raise Damaged(f"the dump's header has no {name}")
    return found[1].strip()


def _last(ended: Ended) -> str:
    lines = [line.strip() for line in ended.stderr.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower() or "fatal" in line.lower()]
    return ((telling or lines or [f"exit code {ended.code}"])[-1 if not telling else 0])[:300]

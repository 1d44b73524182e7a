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

from restore_drills.checks.sql import shown
from restore_drills.errors import CannotRun, CommandMissing, Damaged
from restore_drills.model import Finding, Severity
from restore_drills.sandbox.room import KEEP

if TYPE_CHECKING:
    from restore_drills.model import SourcePlan
    from restore_drills.process import Ended
    from restore_drills.sandbox import Room

LOAD_TIMEOUT = timedelta(hours=12)
QUERY_TIMEOUT = timedelta(minutes=10)
BOOT_TIMEOUT_S = 60.0
# Not the client's `postgres`: his roles are loaded as they are, and may take rights from that one.
SUPERUSER = "restore_drills"
MAINTENANCE = "template1"  # connected to while the client's database, perhaps `postgres`, is made
ANSWER_BYTES = 1 << 20  # of a query; the first value is what counts
LONGEST_SAID = 300  # characters of what a program complains of
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
# A database may bring settings of its own: its answers are read in one style and encoding, in
# which the question is put too. Nothing can be converted from SQL_ASCII.
READABLY = (
    "set datestyle to iso; select 1 where pg_catalog.set_config('client_encoding', "
    "case pg_catalog.getdatabaseencoding() when 'SQL_ASCII' then 'SQL_ASCII' else 'UTF8' end, "
    "false) is null"
)
# What the machine lacks says nothing of the data.
LACKING = re.compile(
    r"is not available|could not open extension control file|could not access file"
    r"|could not create locale|collation .* for encoding .* does not exist"
)
NO_LOCALE = re.compile(r"invalid (\w+ )?locale name")  # LC_COLLATE and the like since 16


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
        self._home = f"/scratch/{source.name}"
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
        digits = re.match(r"\d+", self.dumped_from)  # of a beta: `17beta1`
        if digits is None:
            raise Damaged(f"{self._source.name}: the dump's header has no version")
        major = int(digits[0])
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
            self._bin, "initdb", "--pgdata", f"{self._home}/data", f"--username={SUPERUSER}",
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
        self.version = self.query("show server_version", database=MAINTENANCE).split(" ")[0]

    def load(self) -> list[Finding]:
        """Load roles and the dump. Raises Damaged when the data does not load."""
        findings = self._load_roles()
        restore = ["--no-password", "--exit-on-error", "--no-tablespaces", *self._at]
        anew = ("--clean", "--if-exists") if self._source.database == "postgres" else ()
        first = self._restore(*restore, *anew, "--create", f"--dbname={MAINTENANCE}")
        if first.code != 0 and NO_LOCALE.search(first.stderr):
            # The client's collation is not on this machine; the data still loads without it.
            words = f"{self._source.name}: loaded without its locale, which this machine lacks"
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
                f"--maintenance-db={MAINTENANCE}",
                "--template=template0",
                *_encoding(first),
                "--",
                name,
                timeout=QUERY_TIMEOUT,
            )  # what fails here fails the restore below, in its own words
            first = self._restore(*restore, f"--dbname={name}")
        if first.code != 0:
            words = f"{self._source.name}: the dump does not load: {_last(first)}"
            if LACKING.search(first.stderr):
                raise CannotRun(words, hint="Install the extension or the locale on this machine.")
            raise Damaged(words)
        return findings

    def query(self, sql: str, *, database: str | None = None) -> str:
        """Return psql's unaligned output. Raises Damaged with PostgreSQL's own words."""
        raw = ("--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--field-separator=\x1f")
        asked = ("--set=ON_ERROR_STOP=1", "--command", READABLY, "--command", sql)
        ended = self._run(
            self._bin,
            "psql",
            *raw,
            *self._at,
            f"--dbname={database or self._source.database}",
            *asked,
            timeout=QUERY_TIMEOUT,
            read_only=database is None,
            keep=ANSWER_BYTES,
        )
        if ended.stopped:
            raise Damaged(f"query stopped: {ended.stopped}")
        if ended.code != 0:
            raise Damaged(_last(ended))
        if ended.truncated:  # its beginning, and so the value that counts, is lost
            raise Damaged(
                f"the query returns more than {ANSWER_BYTES >> 20} MiB: ask for one value"
            )
        return ended.stdout.decode(errors="replace").rstrip("\n")

    @property
    def _dump(self) -> str:
        return f"/dumps/{self._source.name}/{self._source.name}.dump"

    @property
    def _at(self) -> tuple[str, ...]:
        return ("--host", self._home, f"--username={SUPERUSER}")

    def _load_roles(self) -> list[Finding]:
        ended = self._run(
            self._bin, "psql", "--no-psqlrc", "--quiet", *self._at, f"--dbname={MAINTENANCE}",
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
        self,
        folder: Path,
        program: str,
        *args: str,
        timeout: timedelta,
        read_only: bool = False,
        keep: int = KEEP,
    ) -> Ended:
        # Said each time, for the client's database may have been set to either.
        switch, limit = ("on", 600_000) if read_only else ("off", 0)
        options = f"-c default_transaction_read_only={switch} -c statement_timeout={limit}"
        return self._room.run(
            [str(folder / program), *args],
            timeout=timeout,
            cwd="/scratch",
            env={"PGOPTIONS": options},
            keep=keep,
        )


def _ready(pidfile: Path) -> bool:
    """Say whether the server accepts connections: line 8 of its pid file, as pg_ctl reads it."""
    try:
        # What was loaded before may have run here, and have put anything in its place.
        handle = os.open(pidfile, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(handle, "rb") as file:  # noqa: PTH123 - a descriptor
            lines = (file.read(4096) or b"").splitlines()
    except OSError:
        return False
    return len(lines) > 7 and lines[7].strip() == b"ready"  # noqa: PLR2004 - the format's own number


def _header(listing: str, name: str) -> str:
    found = re.search(rf"^;\s+{name}: (.*)$", listing, re.MULTILINE)
    if found is None:
        raise Damaged(f"the dump's header has no {name}")
    return found[1].strip()


def _encoding(failed: Ended) -> tuple[str, ...]:
    """Return createdb's options for the encoding that pg_restore could not create."""
    found = re.search(r"ENCODING = '([\w-]+)'", failed.stderr)
    if found is None or found[1] == "UTF8":
        return ()
    return (f"--encoding={found[1]}", "--locale=C")  # which fits every encoding


def _last(ended: Ended) -> str:
    lines = [line.strip() for line in ended.stderr.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower() or "fatal" in line.lower()]
    said = (telling or lines or [f"exit code {ended.code}"])[-1 if not telling else 0]
    return shown(said, LONGEST_SAID)

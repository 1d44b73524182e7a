"""What a PostgreSQL dump gives, and when it gives nothing: on a real server."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from orchestrator.adapters.sources import postgresql
from orchestrator.adapters.sources.pg_words import reason, server_version
from orchestrator.core.policy.model import Postgresql
from orchestrator.errors import Interrupted, SourceFailed
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.demo.servers import PostgresServer

SOON = timedelta(seconds=10)
SECRET = r"a:b\c'd e"


@pytest.fixture(scope="session")
def till(postgres: PostgresServer) -> Postgresql:
    """A database with a table, and the role that may read it."""
    postgres.create("pra it's=till")
    postgres.sql(
        r"dbname='pra it\'s=till'",
        "create table orders as select g, md5(g::text) from generate_series(1, 100000) g;"
        "create role till_reader; grant select on orders to till_reader",
    )
    return Postgresql(
        host=postgres.host,
        port=postgres.port,
        user=postgres.superuser,
        password=None,
        database="pra it's=till",
    )


def database(spec: Postgresql, passwords: Path | None = None) -> postgresql.Database:
    processes = Processes("run-1")
    return postgresql.Database(spec, where="x/till", processes=processes, passwords=passwords)


def received(write: Callable[[int], str]) -> tuple[str, bytes]:
    """Run a writer as restic's side of the pipe would see it."""
    reader, writer = os.pipe()
    got = bytearray()

    def drain() -> None:
        with open(reader, "rb") as pipe:  # noqa: PTH123 - a descriptor
            got.extend(pipe.read())

    draining = threading.Thread(target=drain)
    draining.start()
    try:
        detail = write(writer)
    finally:
        os.close(writer)
        draining.join()
    return detail, bytes(got)


def refused(spec: Postgresql, passwords: Path | None = None) -> SourceFailed:
    with pytest.raises(SourceFailed) as caught:
        received(database(spec, passwords).dump)
    assert caught.value.hint
    return caught.value


def program(folder: Path, body: str) -> None:
    """Put a pg_dump of our own first in the PATH's folder."""
    folder.mkdir()
    (folder / "pg_dump").write_text(f"#!/bin/sh\n{body}\n")
    (folder / "pg_dump").chmod(0o755)


def test_a_dump_is_whole_uncompressed_and_names_its_server(till: Postgresql) -> None:
    detail, content = received(database(till).dump)

    assert content.startswith(b"PGDMP")
    assert b"e4da3b7fbbce2345d7772b0674a318d5" in content  # md5 of 5, readable as it is
    assert b"GRANT SELECT ON TABLE public.orders TO till_reader" in content
    assert detail.startswith("postgresql ")
    assert detail.split()[1] == server_version(content)


def test_a_database_without_a_single_row_gives_a_whole_dump(
    postgres: PostgresServer, till: Postgresql
) -> None:
    postgres.create("pra_empty")
    postgres.create("pra_rowless")
    postgres.sql("pra_rowless", "create table t (a int); create view v as select a from t")

    for name in ("pra_empty", "pra_rowless"):
        assert received(database(replace(till, database=name)).dump)[1].startswith(b"PGDMP")


def test_large_objects_close_a_dump_as_well(postgres: PostgresServer, till: Postgresql) -> None:
    postgres.create("pra_objects")
    postgres.sql("pra_objects", "select lo_from_bytea(0, 'scan')")

    _, content = received(database(replace(till, database="pra_objects")).dump)

    assert b"scan" in content


def test_roles_come_without_passwords(postgres: PostgresServer, till: Postgresql) -> None:
    postgres.sql("postgres", "alter role till_reader password 'never-seen'")

    _, content = received(database(till).roles)

    assert content.startswith(postgresql.ROLES_HEAD)
    assert b"CREATE ROLE till_reader" in content
    assert b"SCRAM" not in content


def test_a_password_with_every_odd_sign_opens_the_door(
    postgres: PostgresServer, till: Postgresql, tmp_path: Path
) -> None:
    rules = Path(postgres.sql("postgres", "show hba_file"))
    rules.write_text("local all pra_odd scram-sha-256\n" + rules.read_text())
    quoted = SECRET.replace("'", "''")
    postgres.sql("postgres", f"create role pra_odd login superuser password '{quoted}'")
    postgres.sql("postgres", "select pg_reload_conf()")
    file = tmp_path / "pgpass"
    file.touch(mode=0o600)
    spec = replace(till, user="pra_odd")

    file.write_bytes(postgresql.passfile(SECRET.encode(), where="x"))
    assert received(database(spec, file).dump)[1].startswith(b"PGDMP")
    assert b"CREATE ROLE" in received(database(spec, file).roles)[1]

    file.write_bytes(postgresql.passfile(b"wrong", where="x"))
    error = refused(spec, file)
    assert "password authentication failed" in str(error)
    assert "Check `user` and `password` of the source." == error.hint


def test_a_password_that_libpq_cannot_read_is_refused_unseen() -> None:
    with pytest.raises(SourceFailed, match="holds a line break") as caught:
        postgresql.passfile(b"two\nlines", where="x")

    assert "two" not in str(caught.value)


def test_a_missing_database_is_named(till: Postgresql) -> None:
    error = refused(replace(till, database="no such"))

    assert "x/till: pg_dump failed: " in str(error)
    assert 'database "no such" does not exist' in str(error)


def test_no_server_says_so(till: Postgresql, tmp_path: Path) -> None:
    error = refused(replace(till, host=str(tmp_path)))

    assert "No such file or directory" in str(error)
    assert "Check that the server runs, and `host` and `port` of the source." == error.hint


def test_missing_rights_name_the_table_and_the_grant(
    postgres: PostgresServer, till: Postgresql
) -> None:
    postgres.sql("postgres", "create role pra_nobody login")

    error = refused(replace(till, user="pra_nobody"))

    assert "permission denied for table orders" in str(error)
    assert "pg_read_all_data" in error.hint


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            '"$REAL" "$@" | head -c 50000; echo "pg_dump: error: server gone" >&2; exit 1',
            "server gone",
        ),
        ('"$REAL" "$@" | head -c 50000; kill -9 $$', "was killed by signal 9"),
        ('"$REAL" "$@" | head -c 50001', "wrote a dump that breaks off"),
        ('"$REAL" "$@" | head -c 1001', "wrote a dump that breaks off"),
        ("exit 0", "wrote nothing"),
        ("echo mysqldump", "wrote something that is no dump"),
        ("printf PGD", "wrote something that is no dump"),
    ],
)
def test_a_dump_that_breaks_off_is_none(
    till: Postgresql, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, said: str
) -> None:
    program(tmp_path / "bin", body.replace("$REAL", str(postgresql.find("pg_dump"))))
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")

    assert said in str(refused(till))


def test_a_cancelled_dump_ends_at_once_though_nobody_reads(till: Postgresql) -> None:
    processes = Processes("run-2")
    dumping = postgresql.Database(till, where="x", processes=processes, passwords=None)
    reader, writer = os.pipe()
    threading.Timer(0.5, processes.cancel, ["by hand"]).start()
    try:
        with pytest.raises(Interrupted, match="by hand"):
            dumping.dump(writer)
    finally:
        os.close(reader)
        os.close(writer)


def test_a_reader_that_leaves_ends_the_dump(till: Postgresql) -> None:
    reader, writer = os.pipe()
    threading.Timer(0.3, os.close, [reader]).start()
    try:
        with pytest.raises(BrokenPipeError):
            database(till).dump(writer)
    finally:
        os.close(writer)


def test_the_majors_of_our_program_and_of_the_live_server_are_told(till: Postgresql) -> None:
    client, server = database(till).versions(SOON)

    assert client >= server >= 13
    with pytest.raises(SourceFailed, match='database "nowhere" does not exist') as raised:
        database(replace(till, database="nowhere")).versions(SOON)
    assert "Check `database` and `user` of the source." == raised.value.hint


def test_the_version_is_read_from_the_headers_of_older_and_newer_archives() -> None:
    def number(value: int) -> bytes:
        return b"\0" + value.to_bytes(4, "little")

    tail = b"".join(map(number, [1, 2, 3, 4, 5, 6, 0])) + number(4) + b"till"
    version = number(21) + b"17.6 (Debian 17.6-0+1)"
    older = b"PGDMP\x01\x0e\x00\x04\x08\x01" + number(0) + tail + version
    newer = b"PGDMP\x01\x10\x00\x04\x08\x01" + b"\0" + tail + version

    assert "17.6" == server_version(older)
    assert "17.6" == server_version(newer)
    assert server_version(b"PGDMP\x01") is None


def test_the_reason_is_the_first_error_with_its_detail() -> None:
    said = (
        "pg_dump: warning: something else\n"
        "pg_dump: error: aborting because of server version mismatch\n"
        "pg_dump: detail: server version: 17.1; pg_dump version: 15.18\n"
    )

    assert (
        "aborting because of server version mismatch: server version: 17.1; pg_dump version: 15.18"
        == reason(said)
    )
    assert not reason("")

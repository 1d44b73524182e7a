"""Databases of other habits than ours, which are not held against them, and odd checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.quick import make
from tests.site import PASSWORD, ClientSite

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestrator.demo.servers import PostgresServer

SERVICE = """\
  %(name)s:
    source: {postgresql: {host: %(host)s, port: %(port)s, user: postgres, database: %(database)s}}
    objectives: {rto: 4h, rpo: 1d}
    checks:
"""
TABLE = """
drop table if exists dishes;
create table dishes as select i, now()::timestamp as made, 'entrée ' || i as name
    from generate_series(1, 20000) i;
"""
ODD = """
alter database strict set default_transaction_read_only = on;
alter database strict set datestyle = 'German, DMY';
alter database strict set statement_timeout = '5s';
"""
# As a server would dump it whose locale this machine does not have; of the same length.
FOREIGN = "#!/bin/sh\n%s/pg_dump \"$@\" | sed \"s/LOCALE = 'C'/LOCALE = 'x'/\"\n"


def service(server: PostgresServer, name: str, database: str, *checks: str) -> str:
    """One service of a policy: a database of the server, and its checks as YAML lines."""
    given = {"name": name, "host": server.host, "port": server.port, "database": database}
    return SERVICE % given + "".join(f"      - {check}\n" for check in checks)


def answers(site: ClientSite, services: str, path: str | None = None) -> dict[str, dict[str, str]]:
    """Back up and drill; what each check said, by service, and the drill's verdict with it."""
    make(site.repository, PASSWORD)
    (site.policies / "acme.yaml").write_text(
        "site: acme\nname: Acme\ntimezone: UTC\nrepositories:\n"
        f"  far: {{url: {site.repository}, password: {{file: {site.secrets}/restic}}, "
        f"location: offsite}}\nservices:\n{services}"
    )
    backed_up = site.pra("backup", "acme", env={"PATH": f"{path}:{site.path}"} if path else None)
    assert 0 == backed_up.code, backed_up
    document = site.drill().json
    return {
        s["id"]: {
            "verdict": s["verdict"],
            "why": " ".join(s["why"]),
            **{c["name"]: c["detail"] for c in s["checks"]},
        }
        for s in document["services"]
    }


def test_a_database_brings_its_own_settings_encoding_and_name(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    postgres.sql("postgres", TABLE)
    postgres.create("strict")
    postgres.sql("strict", TABLE)
    postgres.sql("postgres", ODD)
    postgres.sql("postgres", "create database old encoding 'LATIN1' locale 'C' template template0")
    postgres.sql("old", "set client_encoding = utf8;" + TABLE)
    rows = '{name: rows, sql: "select count(*) from dishes", expect: "= 20000"}'
    recent = '{name: recent, sql: "select max(made) from dishes", fresh: 2h}'
    accent = """{name: accent, sql: "select name from dishes where name = 'entrée 7'","""
    accent += ' expect: "= entrée 7"}'
    who = '{name: who, sql: "select current_user", expect: "= restore_drills"}'

    told = answers(
        ClientSite(tmp_path),
        service(postgres, "main", "postgres", rows, recent, who)
        + service(postgres, "strict", "strict", rows, recent)
        + service(postgres, "old", "old", rows, accent),
    )

    assert {"proven"} == {service["verdict"] for service in told.values()}, told


def test_a_locale_that_this_machine_lacks_is_done_without_in_the_same_encoding(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    postgres.sql(
        "postgres", "create database abroad encoding 'LATIN1' locale 'C' template template0"
    )
    postgres.sql("abroad", TABLE)
    dump = tmp_path / "foreign" / "pg_dump"
    dump.parent.mkdir()
    dump.write_text(FOREIGN % "/usr/lib/postgresql/15/bin")
    dump.chmod(0o755)
    same = '{name: same, sql: "select getdatabaseencoding()", expect: "= LATIN1"}'
    services = service(postgres, "abroad", "abroad", same)
    site = ClientSite(tmp_path / "site")

    told = answers(site, services, path=str(dump.parent))
    findings = site.drill().json["findings"]

    assert "proven" == told["abroad"]["verdict"], told
    assert "collation-differs" in {finding["code"] for finding in findings}


def test_a_check_of_any_length_or_answer_fails_in_words_and_the_others_are_asked(
    a_site: Callable[..., ClientSite],
) -> None:
    many = '{name: many, sql: "select repeat(label, 10) from orders a, generate_series(1, 2)'
    many += ' order by 1", expect: "!= x"}'
    long = f"""{{name: long, sql: "select '{"x" * 140_000}'", expect: "= x"}}"""
    rude = "{name: rude, command: [sh, -c, \"printf '\\\\033[31mred' >&2; exit 1\"]}"
    null = '{name: null character, command: [echo, "\\0"]}'
    last = '{name: last, sql: "select 1", expect: "= 1"}'
    source = "    source: {postgresql: {host: %(host)s, port: %(port)s, user: %(user)s,"
    site = a_site(
        f"  caisse:\n{source} database: %(database)s}}}}\n"
        "    objectives: {rto: 4h, rpo: 1d}\n    checks:\n"
        + "".join(f"      - {check}\n" for check in (many, long, rude, null, last))
    )

    ran = site.drill()
    told = {c["name"]: (c["status"], c["detail"]) for c in ran.json["services"][0]["checks"]}

    assert 3 == ran.code
    assert ("fail", "the query returns more than 1 MiB: ask for one value") == told["many"]
    assert "Argument list too long" in told["long"][1]
    assert ("fail", "exit 1: ?[31mred") == told["rude"]
    assert "null character" in told["null character"][1]
    assert ("pass", "1 = 1") == told["last"]
    assert ran.json["sandbox"]["destroyed"]

"""The pairs: each is what pra does and the same by hand, on one size of data."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.ground import MB, PRA, make_files
from restore_drills.engines.postgresql import installed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.ground import Ground, Timed
    from orchestrator.demo.servers import PostgresServer

SIZES = {"small": (1, 10), "large": (1400, 12_000)}  # MB, files
ROWS = {"small": 1_000, "large": 2_000_000}  # about 150 bytes each in a dump
ORDERS = """
create table orders(id bigint primary key, created_at timestamptz, label text, note text);
insert into orders select i, now() - i * interval '1 second', md5(i::text),
    md5((i * 7)::text) || md5((i * 13)::text) from generate_series(1, ROWS) i;
create index on orders(created_at)
"""
QUERY = "select count(*) from orders"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two ways to do one thing; each call is one whole run on fresh ground."""

    ours: Callable[[], Timed]
    raw: Callable[[], Timed]


def backup_of_files(ground: Ground, source: Path) -> Pair:
    """`pra backup` beside `restic backup`, both into a new repository with a cold cache."""

    def ours() -> Timed:
        env = ground.policy(
            "ours",
            repository=ground.repository("repository"),
            source=f"{{files: {{paths: [{source}]}}}}",
            checks="[{name: some, files: {at_least: 1}}]",
        )
        return ground.timed([str(PRA), "backup", "bench", "--quiet"], env=env)

    def raw() -> Timed:
        repository = ground.repository("repository")
        at = ["--repo", str(repository), "--cache-dir", str(ground.fresh("cache"))]
        return ground.timed(["restic", "backup", *at, "--quiet", str(source)])

    return Pair(ours=ours, raw=raw)


def drill_of_files(ground: Ground, source: Path, name: str) -> Pair:
    """`pra drill` beside `restic restore --verify`, both with a cold cache."""
    repository = ground.repository(f"drilled-{name}")
    env = ground.policy(
        f"drill-{name}",
        repository=repository,
        source=f"{{files: {{paths: [{source}]}}}}",
        checks="[{name: some, files: {at_least: 1}}]",
    )
    ground.run([str(PRA), "backup", "bench", "--quiet"], env=env)

    def ours() -> Timed:
        return ground.timed([str(PRA), "drill", "bench", "--quiet"], env=env)

    def raw() -> Timed:
        at = ["--repo", str(repository), "--cache-dir", str(ground.fresh("cache"))]
        into = ground.fresh("restored")
        chosen = ["latest", "--tag", "source=data", "--verify", "--target", str(into)]
        timed = ground.timed(["restic", "restore", *at, "--no-lock", *chosen])
        shutil.rmtree(into)
        return timed

    return Pair(ours=ours, raw=raw)


def make_database(server: PostgresServer, name: str, rows: int) -> str:
    """Make a database of orders; returns the policy's source."""
    server.create(name)
    server.sql(name, ORDERS.replace("ROWS", str(rows)))
    keys = f"host: {server.host}, port: {server.port}, user: {server.superuser}, database: {name}"
    return f"{{postgresql: {{{keys}}}}}"


def backup_of_database(ground: Ground, server: PostgresServer, name: str, source: str) -> Pair:
    """`pra backup` beside `pg_dump | restic backup --stdin`."""
    checks = f'[{{name: count, sql: "{QUERY}", expect: ">= 1"}}]'
    dump = _newest() / "pg_dump"
    at_server = f"-h {server.host} -p {server.port} -U {server.superuser}"

    def ours() -> Timed:
        repository = ground.repository("repository")
        env = ground.policy("ours", repository=repository, source=source, checks=checks)
        return ground.timed([str(PRA), "backup", "bench", "--quiet"], env=env)

    def raw() -> Timed:
        at = f"--repo {ground.repository('repository')} --cache-dir {ground.fresh('cache')}"
        pipe = f"{dump} -Fc -Z0 {at_server} {name} | restic backup {at} --quiet --stdin"
        return ground.timed(["sh", "-ec", pipe])

    return Pair(ours=ours, raw=raw)


def drill_of_database(ground: Ground, source: str, name: str) -> Pair:
    """`pra drill` beside the same steps typed by hand: restore, initdb, start, load, ask."""
    repository = ground.repository(f"drilled-{name}")
    checks = f'[{{name: count, sql: "{QUERY}", expect: ">= 1"}}]'
    env = ground.policy(f"drill-{name}", repository=repository, source=source, checks=checks)
    ground.run([str(PRA), "backup", "bench", "--quiet"], env=env)
    programs = _newest()

    def ours() -> Timed:
        return ground.timed([str(PRA), "drill", "bench", "--quiet"], env=env)

    def raw() -> Timed:
        # A short path: a socket's name has at most 107 bytes.
        into = ground.fresh("hand")
        at = f"--repo {repository} --cache-dir {ground.fresh('cache')} --no-lock --verify"
        as_user = "setpriv --reuid 65534 --regid 65534 --clear-groups"
        script = f"""
            restic restore {at} latest --tag source=data --target {into}
            restic restore {at} latest --tag source=data.roles --target {into}
            mkdir {into}/pg && chown -R 65534:65534 {into}
            {as_user} {programs}/initdb -D {into}/pg/data -U postgres -A trust \
                -E UTF8 --locale=C.UTF-8
            {as_user} {programs}/pg_ctl -D {into}/pg/data -w -l {into}/pg/log \
                -o "-k {into}/pg -c listen_addresses=''" start
            {programs}/psql -q -h {into}/pg -U postgres -f {into}/data.roles.sql postgres
            {programs}/pg_restore -h {into}/pg -U postgres -j 2 -C -d postgres {into}/data.dump
            {programs}/psql -h {into}/pg -U postgres -c '{QUERY}' {name}
            {as_user} {programs}/pg_ctl -D {into}/pg/data -m immediate stop
            rm -r {into}
            """
        return ground.timed(["sh", "-ec", script])

    return Pair(ours=ours, raw=raw)


def files_of(ground: Ground, name: str) -> Path:
    """Make the files of one size."""
    megabytes, count = SIZES[name]
    return make_files(ground.fresh(f"files-{name}"), count=count, size=megabytes * MB)


def _newest() -> Path:
    majors = installed()
    if not majors:
        raise SystemExit("PostgreSQL: not found: run `make setup`")
    return majors[max(majors)]

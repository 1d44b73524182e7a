"""A site that was backed up once per worker, and a copy of it for each test that spoils it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.quick import make
from tests.site import DATABASE, FILES, PASSWORD, TOOLS, ClientSite

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.demo.servers import PostgresServer

ORDERS = """
create table orders(id int primary key, created_at timestamptz not null, label text);
insert into orders select i, now() - (i + 1) * interval '1 minute', md5(i::text)
    from generate_series(0, 4999) i;
create table customers(id int primary key);
"""


@pytest.fixture(scope="session")
def database(postgres: PostgresServer) -> dict[str, object]:
    """The live database `magasin` of 5,000 orders; the values that a policy needs for it."""
    postgres.create("magasin")
    postgres.sql("magasin", ORDERS)
    return {
        "host": postgres.host,
        "port": postgres.port,
        "user": postgres.superuser,
        "database": "magasin",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A site, whole and backed up once."""

    site: ClientSite
    values: dict[str, object]


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory, database: dict[str, object]) -> Original:
    """The files and the database of `acme`, backed up into a folder."""
    site = ClientSite(tmp_path_factory.mktemp("original"))
    site.fill()
    site.write(DATABASE + FILES, **database)
    make(site.repository, PASSWORD)
    site.backup()
    return Original(site=site, values=database)


@pytest.fixture
def a_site(original: Original, tmp_path: Path) -> Callable[..., ClientSite]:
    """Makes a copy of the site, with these services in its policy, to be spoilt at will."""

    def copy(services: str = FILES, **values: object) -> ClientSite:
        site = original.site.copy_to(tmp_path / "copy")
        site.write(services, **{**original.values, "source": original.site.source, **values})
        return site

    return copy


@pytest.fixture
def path_without(tmp_path: Path) -> Callable[[str], str]:
    """Return a PATH that has everything of ours and of the system but one program."""

    def without(program: str) -> str:
        folder = tmp_path / f"without-{program}"
        folder.mkdir()
        for place in (TOOLS / "bin", Path("/usr/sbin"), Path("/usr/bin")):
            for file in place.iterdir():
                if file.name != program and not (folder / file.name).exists():
                    (folder / file.name).symlink_to(file)
        return str(folder)

    return without


@pytest.fixture
def fake_restic(path_without: Callable[[str], str]) -> Callable[[str], str]:
    """Return a PATH whose restic is this shell script; no restic at all when it is empty."""
    base: list[str] = []

    def fake(script: str) -> str:
        base.append(base[0] if base else path_without("restic"))
        restic = Path(base[0]) / "restic"
        restic.unlink(missing_ok=True)
        if script:
            restic.write_text(f"#!/bin/sh\n{script}\n")
            restic.chmod(0o755)
        return base[0]

    return fake

"""What the tests share: real servers, one of each per worker, and a clean environment."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest

from orchestrator.demo import scratch
from orchestrator.demo.servers import PostgresServer, S3Server
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Iterator

TOOLS = Path(__file__).parents[1] / ".tools"
VERSIONS = ("0.18.0", "0.19.1")
# What a machine's own settings would say to restic, boto3, libpq or pra.
FOREIGN = ("AWS_", "RESTIC_", "PG", "PRA_", "RCLONE_", "B2_", "GOOGLE_", "AZURE_")
# The rooms whose tests take long first: what is quick fills up the end, when a worker is idle.
ROOMS = ("image", "e2e", "component", "contract", "unit")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
# A machine that was busy for a fifth of a second has not refuted a property.
hypothesis.settings.register_profile(
    "busy", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("busy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """An empty bucket of one test; `url` is its root for restic."""

    name: str
    url: str


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the rooms whose tests take long; within a room the order stays random."""
    here = Path(__file__).parent
    items.sort(key=lambda item: ROOMS.index(item.path.relative_to(here).parts[0]))


@pytest.fixture(scope="session", autouse=True)
def _nothing_of_the_host() -> Iterator[None]:
    """Take the machine's own settings out of the environment, for the children too."""
    with pytest.MonkeyPatch.context() as environment:
        for name in list(os.environ):
            if name.startswith(FOREIGN) or name.lower() in PROXIES:
                environment.delenv(name)
        yield


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """A running S3 server without buckets."""
    scratch.sweep()
    with S3Server() as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A running PostgreSQL cluster; a test makes databases of its own names in it."""
    scratch.sweep()
    with PostgresServer() as server:
        yield server


@pytest.fixture
def bucket(s3: S3Server) -> Bucket:
    """A fresh bucket without Object Lock."""
    name = f"test-{secrets.token_hex(6)}"
    s3.make_bucket(name)
    return Bucket(name=name, url=f"s3:{s3.endpoint}/{name}")


@pytest.fixture(scope="session")
def restic_binaries() -> dict[str, Path]:
    """Both versions of restic that pra supports from end to end, by version."""
    found = {version: TOOLS / f"restic-{version}" / "usr/bin/restic" for version in VERSIONS}
    absent = [str(path) for path in found.values() if not os.access(path, os.X_OK)]
    if absent:
        pytest.fail(f"{', '.join(absent)}: not there: run `make setup`", pytrace=False)
    return found


@pytest.fixture(scope="session")
def restic_018(restic_binaries: dict[str, Path]) -> Path:
    """The oldest restic that pra supports, which is also Debian's."""
    return restic_binaries["0.18.0"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[str]:
    """A file system of 16 MiB: mounted where we may, else the smallest that a user gets."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounts = Processes("the-tests")
    env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    limit = timedelta(seconds=10)
    argv = ["mount", "-t", "tmpfs", "-o", "size=16m,mode=700", "tmpfs", str(folder)]
    ended = mounts.run(argv, env=env, timeout=limit)
    assert ended.code == 0, f"a small file system is needed, as root: {ended.stderr}"
    yield str(folder)
    mounts.run(["umount", "--lazy", str(folder)], env=env, timeout=limit)

"""Repositories of both versions of restic that pra supports, for the tests of its adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.quick import upload
from tests.repositories import Stock, scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestrator.demo.servers import S3Server
    from tests.conftest import Bucket
    from tests.repositories import Scene


@pytest.fixture(params=["0.18.0", "0.19.1"])
def binary(request: pytest.FixtureRequest, restic_binaries: dict[str, Path]) -> Path:
    """One of the supported versions after the other."""
    return restic_binaries[request.param]


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory) -> Stock:
    """Repositories to copy from."""
    return Stock(tmp_path_factory.mktemp("stock"))


@pytest.fixture
def here(tmp_path: Path, binary: Path) -> Iterator[Scene]:
    """A scene whose repository is yet to be made."""
    with scene(tmp_path, binary) as found:
        yield found


@pytest.fixture
def empty(here: Scene, binary: Path, stock: Stock) -> Scene:
    """A scene whose repository has no snapshot."""
    stock.empty(binary, here.place)
    return here


@pytest.fixture
def snapshot(here: Scene, binary: Path, stock: Stock) -> str:
    """The id of the only snapshot in the repository of `here`."""
    return stock.backed_up(binary, here.place)


@pytest.fixture
def uploaded(tmp_path: Path, binary: Path, stock: Stock, s3: S3Server, bucket: Bucket) -> str:
    """The id of the only snapshot in the repository `acme` of the bucket."""
    snapshot = stock.backed_up(binary, tmp_path / "to-upload")
    upload(tmp_path / "to-upload", s3.client(), bucket.name, "acme/")
    return snapshot


@pytest.fixture
def in_bucket(tmp_path: Path, binary: Path, s3: S3Server, bucket: Bucket) -> Iterator[Scene]:
    """A scene whose repository is `acme` in the bucket."""
    keys = (s3.access_key, s3.secret_key)
    with scene(tmp_path, binary, url=f"{bucket.url}/acme", keys=keys) as found:
        yield found

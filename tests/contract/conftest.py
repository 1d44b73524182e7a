"""Repositories of both versions of restic that pra supports, for the tests of its adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.repositories import Stock, scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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

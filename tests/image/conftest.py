"""One image for all tests of a session, and a site for each."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.image.shipped import UID, Image, Site

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.demo.servers import PostgresServer, S3Server


@pytest.fixture(scope="session")
def image() -> Iterator[Image]:
    """The image, built once; its storage goes with the session."""
    built = Image(Path(tempfile.mkdtemp(prefix="pra-image-")))
    try:
        built.build()
        yield built
    finally:
        built.remove()


@pytest.fixture(scope="session")
def box(image: Image) -> str:
    """A container of the image, into whose root no test writes."""
    return image.container()


@pytest.fixture
def site(tmp_path: Path, s3: S3Server, postgres: PostgresServer) -> Site:
    """A site for the image's own user."""
    return Site.make(tmp_path, s3, postgres, owner=UID)

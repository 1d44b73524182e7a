"""The callers for whom a sandbox is made."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.component.sandbox_callers import HERE, Caller, kinds
from tests.copying import Places
from tests.quick import make
from tests.site import TOOLS

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def public() -> Iterator[Path]:
    """Make a folder that every uid may enter, with the drill package in it."""
    folder = Path(tempfile.mkdtemp(prefix="pra-sandbox-"))
    folder.chmod(0o755)
    code = folder / "code"
    shutil.copytree(
        HERE.parents[1] / "restore_drills",
        code / "restore_drills",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    shutil.copyfile(HERE / "sandbox_drive.py", code / "sandbox_drive.py")
    for path in [code, *code.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(params=kinds())
def caller(request: pytest.FixtureRequest, public: Path) -> Caller:
    """One caller of each kind that this machine lets us be."""
    return Caller(request.param, public)


@pytest.fixture(scope="session")
def one_point(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a site with one point in its near repository, made once."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PATH", f"{TOOLS / 'bin'}:{os.environ['PATH']}")
        places = Places(tmp_path_factory.mktemp("one-point") / "home").ready()
        places.site.fill(12, 5_000)
        places.write()
        places.back_up()
    return places.site.home


@pytest.fixture
def places(one_point: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    """A site of the test's own with that point; its log is another one, and knows of none."""
    monkeypatch.setenv("PATH", f"{TOOLS / 'bin'}:{os.environ['PATH']}")
    home = tmp_path / "home"
    shutil.copytree(one_point, home, ignore=shutil.ignore_patterns("state"))
    found = Places(home)
    found.write()
    return found


@pytest.fixture
def both(places: Places) -> Places:
    """The same, with an empty far repository, which opens at once."""
    make(places.site.home / "far", "the far password")
    return places

"""The callers for whom a sandbox is made."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.component.sandbox_callers import HERE, Caller, kinds

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

"""What a client installs is the wheel, not this checkout."""

from __future__ import annotations

import os
import site
import sys
from datetime import timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest

from orchestrator import __version__
from restore_drills.process import Processes

ROOT = Path(__file__).parents[2]


def run(*argv: str | Path, cwd: Path) -> str:
    """Run a command in an environment without the checkout; fail with what it said."""
    ended = Processes("test-wheel").run(
        [str(word) for word in argv],
        env={"PATH": os.defpath, "HOME": str(cwd), "LANG": "C.UTF-8"},
        cwd=cwd,
        timeout=timedelta(minutes=2),
    )
    assert 0 == ended.code, ended.stderr
    return ended.stdout.decode()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    run(
        *(sys.executable, "-m", "build", "--wheel", "--no-isolation"),
        *("--outdir", out, ROOT),
        cwd=out,
    )
    (built,) = out.glob("*.whl")
    return built


def test_the_wheel_holds_every_file_of_both_packages(wheel: Path) -> None:
    ours = {
        str(path.relative_to(ROOT))
        for package in ("orchestrator", "restore_drills")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    with ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}

    assert ours == held


def test_the_installed_wheel_gives_a_working_pra(wheel: Path, tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    run(sys.executable, "-m", "venv", "--without-pip", venv, cwd=tmp_path)
    # The dependencies of the checkout's environment, without its link to the checkout.
    (venv_site,) = venv.glob("lib/python*/site-packages")
    (venv_site / "dependencies.pth").write_text("\n".join(site.getsitepackages()))
    run(
        *(sys.executable, "-m", "pip", "--python", venv / "bin/python"),
        *("install", "--quiet", "--no-index", "--no-deps", wheel),
        cwd=tmp_path,
    )

    where = "import orchestrator; print(*orchestrator.__path__)"
    home = run(venv / "bin/python", "-c", where, cwd=tmp_path)
    assert home.startswith(str(venv))
    assert __version__ in run(venv / "bin/pra", "--version", cwd=tmp_path)

"""What a client installs is the wheel, not this checkout."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import site
import sys
from datetime import timedelta
from pathlib import Path
from zipfile import ZipFile

import pytest

from orchestrator import __version__
from restore_drills.process import Processes

ROOT = Path(__file__).parents[2]
PARTS = ("orchestrator", "restore_drills", "pyproject.toml", "LICENSE")
EPOCH = "1763900000"  # what a release sets: the instant of its commit


def run(*argv: str | Path, cwd: Path) -> str:
    """Run a command in an environment without the checkout; fail with what it said."""
    ended = Processes("test-wheel").run(
        [str(word) for word in argv],
        env={
            "PATH": os.defpath,
            "HOME": str(cwd),
            "LANG": "C.UTF-8",
            "SOURCE_DATE_EPOCH": EPOCH,
        },
        cwd=cwd,
        timeout=timedelta(minutes=2),
        keep=1 << 20,
    )
    assert 0 == ended.code, ended.stderr
    return ended.stdout.decode()


def build(tree: Path, out: Path) -> Path:
    """Build the wheel of a tree into a folder."""
    out.mkdir(exist_ok=True)
    run(
        *(sys.executable, "-m", "build", "--wheel", "--no-isolation"),
        *("--outdir", out, tree),
        cwd=out,
    )
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("wheel"))


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
    assert {".py", ".sql"} <= {Path(name).suffix for name in held}


def test_whoever_builds_it_from_the_same_sources_gets_the_same_bytes(tmp_path: Path) -> None:
    one, other = checkout(ROOT, tmp_path / "one"), checkout(tmp_path / "one", tmp_path / "other")
    for number, path in enumerate(sorted(other.rglob("*"))):  # as another umask and clock give them
        path.chmod(0o700 if path.is_dir() else 0o600)
        os.utime(path, (1_000_000_000 + number, 1_000_000_000 + number))

    wheels = [build(tree, tmp_path / f"wheel of {tree.name}") for tree in (one, other)]

    assert inside(wheels[0]) == inside(wheels[1])  # names what differs
    assert wheels[0].name == wheels[1].name
    assert 1 == len({hashlib.sha256(wheel.read_bytes()).digest() for wheel in wheels})


def checkout(tree: Path, to: Path) -> Path:
    """Copy what a wheel is built from, without what this machine has compiled."""
    to.mkdir()
    for name in PARTS:
        if (tree / name).is_dir():
            clean = shutil.ignore_patterns("__pycache__")
            shutil.copytree(tree / name, to / name, ignore=clean)
        else:
            shutil.copy2(tree / name, to / name)
    return to


def inside(wheel: Path) -> list[tuple[object, ...]]:
    """Every entry of a wheel: its name, time, mode and content's checksum."""
    with ZipFile(wheel) as archive:
        return [
            (one.filename, one.date_time, oct(one.external_attr >> 16), one.CRC)
            for one in archive.infolist()
        ]


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
    schema = json.loads(run(venv / "bin/pra", "policy", "schema", cwd=tmp_path))
    assert schema["$schema"].startswith("https://json-schema.org/")
    state = ("--state", tmp_path / "state")  # a log is made: the migrations came along
    assert "0 events, chain intact" in run(
        *(venv / "bin/pra", "events", "--verify", *state), cwd=tmp_path
    )
    assert "ed25519:" in run(venv / "bin/pra", "evidence", "key", *state, cwd=tmp_path)

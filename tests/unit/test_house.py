"""The size and the doors of the house, held."""

from __future__ import annotations

import ast
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
ROOMS = ("orchestrator", "restore_drills", "tests", "benchmarks")
LONGEST = 400
MEDIAN = 120

# What starts a process, whatever it is called.
STARTERS = {"subprocess", "pty", "multiprocessing", "concurrent.futures.process"}
OS_STARTERS = ("exec", "fork", "popen", "posix_spawn", "spawn", "system")
# A test that may be left out proves nothing on the day it is needed.
WAYS_OUT = {"skip", "skipif", "skipunless", "xfail", "importorskip"}


def sources(*rooms: str) -> list[Path]:
    found = [path for room in rooms for path in sorted((ROOT / room).rglob("*.py"))]
    assert found
    return found


def lines(path: Path) -> int:
    return len(path.read_text().splitlines())


def names(path: Path) -> Iterator[str]:
    """Every module imported and every attribute used, dotted: `os.system`, `pytest.mark.skip`."""
    for node in ast.walk(ast.parse(path.read_text(), filename=str(path))):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom():
                yield node.module or ""
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            case ast.Attribute():
                yield ast.unparse(node)
            case _:
                pass


def starts_a_process(name: str) -> bool:
    module, _, function = name.partition(".")
    return (
        name in STARTERS
        or module in STARTERS
        or (module == "os" and function.startswith(OS_STARTERS))
        or name.startswith("asyncio.create_subprocess")
    )


def relative(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def test_no_file_is_too_long_to_be_read_at_one_sitting() -> None:
    assert [] == relative([path for path in sources(*ROOMS) if lines(path) > LONGEST])


def test_files_are_small_on_the_whole() -> None:
    assert median(map(lines, sources("orchestrator", "restore_drills", "tests"))) <= MEDIAN


def test_one_file_starts_processes() -> None:
    starting = [path for path in sources(*ROOMS) if any(map(starts_a_process, names(path)))]

    assert ["restore_drills/process.py"] == relative(starting)


@pytest.mark.parametrize(
    "line",
    [
        "import subprocess",
        "from subprocess import run",
        "import concurrent.futures.process",
        "from asyncio import create_subprocess_exec",
        "from os import fork",
        "os.posix_spawnp('/bin/true', [], {})",
    ],
)
def test_a_process_started_elsewhere_would_be_seen(line: str, tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(line)

    assert any(map(starts_a_process, names(tmp_path / "other.py")))


def test_no_test_can_be_left_out() -> None:
    leaving = [
        path
        for path in sources("tests")
        for name in names(path)
        if name.startswith("pytest.") and WAYS_OUT & set(name.split("."))
    ]

    assert [] == relative(leaving)


def test_nothing_is_left_to_do_later() -> None:
    marks = ("TO" + "DO", "FIX" + "ME")
    texts = [path for path in ROOT.iterdir() if path.suffix in {".md", ".toml"}]
    for room in (*ROOMS, "policies", "setup"):
        texts += [path for path in (ROOT / room).rglob("*") if path.is_file()]

    left = [
        path
        for path in texts
        if "__pycache__" not in path.parts
        and any(mark in path.read_text(errors="replace") for mark in marks)
    ]

    assert [] == relative(left)

"""That restic counts as the detection benchmark's model of an office supposes, in both versions."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

from benchmarks.encrypting import OVERHEAD
from benchmarks.working import ENTRY, ENTRY_RATIO
from orchestrator.core.detection.history import looks

if TYPE_CHECKING:
    from pathlib import Path

    from orchestrator.core.detection.values import Look
    from tests.repositories import Scene

FILES, SIZE = 120, 40_000


def office(tree: Path) -> list[Path]:
    """Tables of sums: what compresses to a third, as the model has it."""
    draw = random.Random(5)  # noqa: S311 - it makes figures, no secret
    paths = []
    for n in range(FILES):
        path = tree / f"client-{n // 40}" / f"account-{n}.csv"
        path.parent.mkdir(exist_ok=True, parents=True)
        rows = [
            f"{draw.randint(1, 28):02d}/11/26;F{draw.randint(1, 99999)};{draw.uniform(1, 999):.2f}"
            for _ in range(SIZE // 18)
        ]
        path.write_text("\n".join(rows)[:SIZE].ljust(SIZE))
        paths.append(path)
    return paths


def backed_up(here: Scene, tree: Path, run: str) -> Look:
    tags = ("service=office", f"run={run}", "source=office")
    here.restic.backup([str(tree)], host="bakery", tags=tags)
    return looks(here.restic.snapshots(), "bakery", "office")["office"][-1]


def test_figures_are_as_the_model_of_an_office_supposes(empty: Scene) -> None:
    tree = empty.folder / "office"
    paths = office(tree)

    first = backed_up(empty, tree, "r1")
    assert (FILES, FILES, 0, 0) == (first.files, first.new, first.changed, first.unmodified)
    assert FILES * SIZE == first.size
    assert 0.25 < first.packed / first.added < 0.45

    for path in paths[:40]:  # one folder, encrypted in place
        path.write_bytes(os.urandom(SIZE))
    second = backed_up(empty, tree, "r2")
    assert (0, 40, 80) == (second.new, second.changed, second.unmodified)
    entries = second.added - 40 * SIZE
    assert 40 * ENTRY * 0.8 < entries < 40 * ENTRY * 2
    assert abs(second.packed - 40 * SIZE * OVERHEAD - entries * ENTRY_RATIO) < 0.01 * second.packed

    for path in paths:  # other rights, the same content
        path.chmod(0o600)
    third = backed_up(empty, tree, "r3")
    assert (FILES, 0) == (third.changed, third.unmodified)
    assert FILES * ENTRY * 0.8 < third.added < FILES * ENTRY * 1.5
    assert 0.1 < third.packed / third.added < 0.4

    for path in paths:  # other names, the same content
        path.rename(f"{path}.locked")
    fourth = backed_up(empty, tree, "r4")
    assert (FILES, 0, 0) == (fourth.new, fourth.changed, fourth.unmodified)
    assert fourth.added < FILES * ENTRY * 1.5

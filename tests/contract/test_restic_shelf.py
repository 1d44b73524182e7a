"""Small files beside the points, in both versions of restic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.adapters.restic import shelf

if TYPE_CHECKING:
    from pathlib import Path

    from tests.repositories import Scene


def test_files_come_back_byte_by_byte_from_the_top_of_their_snapshot(
    empty: Scene, tmp_path: Path
) -> None:
    files = {"provider.yaml": b"", "bakery.yaml": "nom: Boulangerie Épi\n".encode() * 500}
    scratch = tmp_path / "scratch"
    scratch.mkdir()

    name = shelf.put(empty.restic, files, host="bakery", tags=["pra-policy"], scratch=scratch)
    (listed,) = empty.restic.snapshots()

    assert files == shelf.get(empty.restic, name)
    assert (name, "bakery", ("pra-policy",)) == (listed.id, listed.host, listed.tags)
    assert [] == list(scratch.iterdir())
    empty.restic.restore(name, tmp_path / "by-hand")
    assert set(files) == {path.name for path in (tmp_path / "by-hand").iterdir()}

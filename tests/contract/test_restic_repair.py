"""The steps of a repair, in both versions of restic: what is lost comes back from another one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from orchestrator.adapters.restic import copying
from orchestrator.adapters.restic.checking import check
from orchestrator.adapters.restic.forgetting import forget
from orchestrator.adapters.restic.needing import needed, readable
from orchestrator.adapters.restic.repairing import MARK, mark, repair_index, repair_packs, unmark
from orchestrator.adapters.secrets import SecretFiles
from tests import harm
from tests.quick import quicken
from tests.repositories import PASSWORD, scene

if TYPE_CHECKING:
    from pathlib import Path

    from tests.repositories import Scene


def test_hurt_snapshots_are_marked_copied_anew_and_only_then_removed(
    here: Scene, snapshot: str, binary: Path, tmp_path: Path
) -> None:
    before = here.restic.snapshots()[0]
    with (
        scene(tmp_path, binary, url=str(tmp_path / "other")) as other,
        SecretFiles(here.processes.run_id) as secrets,
    ):
        here_is = copying.Origin.of(here.restic, secrets, str(here.place))
        other.restic.initialise()
        quicken(other.place, PASSWORD)
        copying.copy(other.restic, here_is, [snapshot])
        for pack in harm.packs(here.place):
            harm.noise(pack)
        packs = [fault.id for fault in check(here.restic, 1, 1, cache=tmp_path / "1").faults]

        repair_packs(here.restic, [p for p in packs if len(p) == 64], tmp_path / "saved")
        repair_index(here.restic)

        left = check(here.restic, 1, 1, cache=tmp_path / "2", read_data=False)
        assert frozenset({snapshot}) == needed(here.restic, left.faults, cache=tmp_path / "2").all
        assert {f"pack-{name}" for name in packs} >= {
            p.name for p in (tmp_path / "saved").iterdir()
        }

        mark(here.restic, [snapshot])
        (marked,) = readable(here.restic)
        assert (snapshot, before.tree) == (marked.original, marked.tree)
        (whole,) = other.restic.snapshots()
        origin = copying.Origin.of(other.restic, secrets, str(other.place))
        copying.copy(here.restic, origin, [whole.id])
        forget(here.restic, [marked.id])

        (healed,) = here.restic.snapshots()
        assert replace(before, id=healed.id, original=snapshot) == healed
        assert check(here.restic, 1, 1, cache=tmp_path / "3").sound


def test_a_mark_is_taken_away_again(here: Scene, snapshot: str) -> None:
    mark(here.restic, [snapshot])
    (marked,) = here.restic.snapshots()
    assert MARK in marked.tags

    unmark(here.restic, [marked.id])

    (plain,) = here.restic.snapshots()
    assert (MARK not in plain.tags, snapshot) == (True, plain.original)

"""One path instead of all of a service: which it is, and which snapshots it is read from."""

from __future__ import annotations

import os
import random
import shlex
from pathlib import PurePath
from typing import TYPE_CHECKING

from restore_drills.errors import CannotRun
from restore_drills.model import SourceKind

if TYPE_CHECKING:
    from pathlib import Path

    from restore_drills.host import Restore
    from restore_drills.model import Point, ServicePlan, Snapshot

NOT_HELD = "is not in the recovery point"
Snapshots = dict[str, "Snapshot"]  # by source name


def chosen(plan: ServicePlan, point: Point, restore: Restore, seed: str) -> tuple[str, Snapshots]:
    """Return the path that comes back, empty for all, and the snapshots that are read.

    A database comes back whole beside the original; not where a path was named. The same seed
    chooses the same file. Raises CannotRun where there is none, and what the restore raises.
    """
    if not (plan.path or plan.sample):
        return "", point.snapshots
    trees = _trees(plan, point.snapshots)
    if plan.path:
        holding = {n: s for n, s in trees.items() if any(_is_in(plan.path, p) for p in s.paths)}
        return plan.path, holding or trees
    dumps = {name: s for name, s in point.snapshots.items() if name not in trees}
    names = sorted(trees)
    random.Random(seed).shuffle(names)  # noqa: S311 - a drill is told again by its run
    for name in names:
        path = restore.pick(plan.repository or "", trees[name], seed)
        if path:
            return path, {name: trees[name], **dumps}
    if trees and not dumps:
        raise CannotRun(f"{plan.id}: its recovery point holds no file to bring back")
    return "", dumps


def insist(path: str, tree: Path, run: str, site: str) -> None:
    """Raise CannotRun where nothing of the path came back: the point does not hold it."""
    if path and not os.path.lexists(tree / path.lstrip("/")):
        raise CannotRun(
            f"{path} {NOT_HELD} {run}",
            hint=f"See `pra find {site} {shlex.quote(PurePath(path).name)}` for where it is, and"
            " since when.",
        )


def sized(plan: ServicePlan, snapshots: Snapshots) -> Snapshots:
    """Return the snapshots that take up room whole: nobody knows how large one path is."""
    if not (plan.path or plan.sample):
        return snapshots
    trees = _trees(plan, snapshots)
    return {name: s for name, s in snapshots.items() if name not in trees and not plan.path}


def _trees(plan: ServicePlan, snapshots: Snapshots) -> Snapshots:
    names = {s.name for s in plan.sources if s.kind is SourceKind.FILES}
    return {name: s for name, s in snapshots.items() if name in names}


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")

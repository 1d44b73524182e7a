"""What a copy has to bring: a service's recovery points, here and in another repository. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from restore_drills.seal import SOURCE as SEAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from restore_drills.model import Snapshot

COMPLETE, SUSPECTED = "complete", "suspected"


def as_sealed(run: str, is_suspected: bool) -> bool:  # noqa: FBT001 - called by position
    """Say that a point is to be trusted, as its seal alone says."""
    del run
    return not is_suspected


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A sealed, complete recovery point as a listing shows it; `snapshots` sorted by source."""

    run: str
    snapshots: tuple[Snapshot, ...]
    seal: Snapshot

    @property
    def data_time(self) -> datetime:
        """How old its data is: the oldest of its snapshots."""
        return min(s.time for s in self.snapshots)


def wholes(
    listing: Iterable[Snapshot],
    site: str,
    service: str,
    trusted: Callable[[str, bool], bool] = as_sealed,
) -> tuple[Whole, ...]:
    """Return a service's points that can be recovered from, the newest first.

    `trusted` is asked of each run, and whether its seal says suspected; as a rule the seal decides.
    """
    runs: dict[str, dict[str, Snapshot]] = defaultdict(dict)
    mine = [s for s in listing if s.host == site and s.tag("service") == service]
    # What was rewritten or copied bears the source and run of its original, which comes first.
    for one in sorted(mine, key=lambda s: (s.time, s.original is not None, s.id)):
        if (run := one.tag("run")) and (source := one.tag("source")):
            runs[run].setdefault(source, one)
    found = []
    for run, parts in runs.items():
        seal = parts.pop(SEAL, None)
        outcome = seal.tag("outcome") if seal else None
        is_sealed = outcome in {COMPLETE, SUSPECTED}
        if seal and parts and is_sealed and trusted(run, outcome == SUSPECTED):
            snapshots = tuple(parts[source] for source in sorted(parts))
            found.append(Whole(run=run, snapshots=snapshots, seal=seal))
    return tuple(sorted(found, key=lambda p: (p.data_time, p.run), reverse=True))


class There:
    """What the other repository holds, by what it is a copy of."""

    def __init__(self, listing: Iterable[Snapshot]) -> None:
        self._found: dict[tuple[str, str], Snapshot] = {}
        self._seals: dict[tuple[str | None, str | None], Snapshot] = {}
        for one in listing:
            self._found.setdefault(_content(one), one)
            if one.tag("source") == SEAL:
                self._seals.setdefault((one.tag("service"), one.tag("run")), one)

    def copy_of(self, snapshot: Snapshot) -> Snapshot | None:
        """Return the copy of a snapshot: of the same one and, whatever it calls itself, its tree.

        A copy that was rewritten since has another tree, and is none.
        """
        return self._found.get(_content(snapshot))

    def lacks(self, point: Whole, *, resealed: bool) -> bool:
        """Say whether something of a point is missing; `resealed`: its seal is one made there."""
        if any(self.copy_of(s) is None for s in point.snapshots):
            return True
        return not self._sealed(point) if resealed else self.copy_of(point.seal) is None

    def _sealed(self, point: Whole) -> bool:
        seal = self._seals.get((point.seal.tag("service"), point.run))
        return seal is not None and seal.tag("outcome") == point.seal.tag("outcome")


def _content(snapshot: Snapshot) -> tuple[str, str]:
    return snapshot.original or snapshot.id, snapshot.tree

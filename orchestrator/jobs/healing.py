"""Brings what a repository has lost back from another: hurt snapshots are copied anew, then go.

restic copies no snapshot that is there already, by its content and tags. So the hurt ones are
marked, whole ones are copied beside them, and only then the marked ones are removed: at no instant
does a point lack its only snapshot, and a run that is killed anywhere is taken up by the next.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.adapters.restic import copying
from orchestrator.adapters.restic.forgetting import forget
from orchestrator.adapters.restic.needing import readable
from orchestrator.adapters.restic.repairing import MARK, mark, unmark
from orchestrator.core.copies.lacking import wholes
from orchestrator.errors import RepositoryDamaged, ResticFailed
from orchestrator.jobs.pair import Lazily, checked, sign
from restore_drills.seal import SOURCE as SEAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from orchestrator.jobs.pair import Pair
    from restore_drills.model import Snapshot


def twins(hurt: Iterable[Snapshot], whole: Sequence[Snapshot]) -> dict[str, Snapshot]:
    """Return, by id, the other repository's snapshot of the same content for each that has one.

    The tree decides: what `repair snapshots` has made of a snapshot bears its tags and its time,
    and is another tree.
    """
    by = {_content(one): one for one in whole if MARK not in one.tags}
    return {one.id: by[_content(one)] for one in hurt if _content(one) in by}


def beyond(hurt: Sequence[Snapshot], whole: Sequence[Snapshot]) -> frozenset[str]:
    """Return the ids of those that the other repository cannot replace."""
    found = twins(hurt, whole)
    return frozenset(s.id for s in hurt if s.id not in found and s.id not in _seals(hurt, whole))


@dataclass(frozen=True, slots=True, kw_only=True)
class Healer:
    """Heals the one repository of a pair, `into`, from the other."""

    pair: Pair
    site: str
    said: Callable[[str], None]

    def heal(self, ids: frozenset[str] | None, lacking: frozenset[str] = frozenset()) -> None:
        """Bring the hurt snapshots back; None: all that are there. Exclusive, and repeatable.

        `lacking` are runs of which a snapshot is no longer there at all.
        """
        into, whole = self.pair.into, self.pair.origin.snapshots()
        there = readable(into)
        before = [one for one in there if MARK in one.tags]
        hurt = [one for one in there if MARK not in one.tags and (ids is None or one.id in ids)]
        found = twins([*hurt, *before], whole)
        all_seals = _seals([*hurt, *before], whole)
        seals = {name: of for name, of in all_seals.items() if name not in found}
        if todo := [one.id for one in hurt if one.id in found or one.id in seals]:
            mark(into, todo)
        known = {_content(one) for one in there}
        gone = [s for s in whole if (s.tag("run") or "") in lacking and _content(s) not in known]
        if into.seal_key() != self.pair.origin.seal_key():
            seals |= _seals(gone, whole)
        wanted = {s.id: s for s in [*found.values(), *gone] if s.id not in seals}
        self._copy(sorted(wanted.values(), key=lambda s: s.time, reverse=True))
        self._seal(seals, whole)
        self._replaced()

    def _copy(self, wanted: Sequence[Snapshot]) -> None:
        """Copy all; where the source is damaged too, each that can be."""
        if not wanted:
            return
        into = self.pair.into
        count = f"{len(wanted)} snapshot{'' if len(wanted) == 1 else 's'}"
        self.said(f"copying {count} back from {self.pair.origin.call.repository.id}")
        with Lazily(self.pair) as reading:
            try:
                copying.copy(into, reading(), [s.id for s in wanted])
            except RepositoryDamaged:
                for one in wanted:
                    # What cannot be had stays hurt, and the last reading tells.
                    with contextlib.suppress(RepositoryDamaged):
                        copying.copy(into, reading(), [one.id])

    def _seal(self, seals: dict[str, tuple[str, str]], whole: Sequence[Snapshot]) -> None:
        for service, run in sorted(set(seals.values())):
            for point in wholes(whole, self.site, service, lambda *_: True):
                if point.run == run:
                    with contextlib.suppress(RepositoryDamaged):
                        sign(self.pair, point, checked(self.pair, point))

    def _replaced(self) -> None:
        """Remove each marked snapshot beside which a whole one is; take the mark off the others."""
        into = self.pair.into
        there = readable(into)
        fresh = {_place(one) for one in there if MARK not in one.tags}
        marked = [one for one in there if MARK in one.tags]
        over = [one.id for one in marked if _place(one) in fresh]
        if over:
            forget(into, over)
        if left := [one.id for one in marked if _place(one) not in fresh]:
            unmark(into, left)
        if over and (still := {one.id for one in readable(into)} & set(over)):
            raise ResticFailed(
                f"{into.call.repository.id}: {len(still)} snapshots that were replaced are still"
                " there",
                hint="See whether the keys may delete snapshots, then repair again.",
            )


def _seals(hurt: Sequence[Snapshot], whole: Sequence[Snapshot]) -> dict[str, tuple[str, str]]:
    """Return service and run of the hurt seals, by id, of points that are sealed elsewhere.

    Under another password a seal is another one, and is signed anew.
    """
    runs = {s.tag("run") for s in whole if s.tag("source") == SEAL}
    return {
        one.id: (one.tag("service") or "", one.tag("run") or "")
        for one in hurt
        if one.tag("source") == SEAL and one.tag("run") in runs
    }


def _place(snapshot: Snapshot) -> tuple[object, ...]:
    """Return what replaces what: the same content, or a seal over the same point."""
    if snapshot.tag("source") == SEAL:
        return snapshot.host, snapshot.tag("service"), snapshot.tag("run")
    return _content(snapshot)


def _content(snapshot: Snapshot) -> tuple[object, ...]:
    tags = tuple(tag for tag in snapshot.tags if tag != MARK)
    return snapshot.tree, snapshot.time, snapshot.host, tags

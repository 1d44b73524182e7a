"""Keeps what a recovery restores: a journal before any byte, a name when all is verified."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from orchestrator.core.recovering.journal import Journal, Pinned, words
from orchestrator.errors import Interrupted, Misused
from orchestrator.jobs.recover_place import ELSEWHERE, README
from orchestrator.reports.recover_readme import unfinished
from restore_drills.model import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from orchestrator.adapters.restic import Progress
    from orchestrator.core.recovering.journal import Asked
    from orchestrator.jobs.recover_place import Place
    from restore_drills.keeping import Aim
    from restore_drills.model import ServiceReport, Step
    from restore_drills.sandbox import Room


class Onlooker(Protocol):
    """Whoever looks on at a recovery, and has a say; called from several threads."""

    def stepped(self, service: str, step: Step) -> None:
        """Take that a step of a service has ended."""

    def moved(self, service: str, source: str, progress: Progress) -> None:
        """Take how far the restore of a source is."""

    def chosen(self, t0: datetime, aims: tuple[Aim, ...], *, again: bool) -> bool:
        """Take what will be fetched, before it is; tell whether to go on.

        `again`: an earlier run began with these points.
        """
        ...

    def kept(self, service: ServiceReport) -> None:
        """Take that a service is at its end, and its data under its own name."""


class Keep:
    """The engine's `Keeper` over a folder; `before` is what an earlier run wrote there."""

    def __init__(  # noqa: PLR0913 - what a recovery is kept with
        self, place: Place, asked: Asked, *, run: str, now: datetime, watch: Onlooker, lang: str
    ) -> None:
        self.before = place.read()
        self.place = place
        self.watch = watch
        self._lang = lang
        self.waited = 0.0  # for whoever was asked, in seconds
        self._lock = threading.Lock()
        self._journal = self.before or Journal(asked=asked, began=now, t0=now, runs=())
        self._journal = replace(self._journal, runs=(*self._journal.runs, run))

    @property
    def pinned(self) -> Mapping[str, Pinned]:
        """The points that the recovery began with."""
        return self.before.points if self.before else {}

    def chosen(self, t0: datetime, aims: tuple[Aim, ...]) -> None:
        """Have somebody agree, and write down what was chosen."""
        for aim in aims:
            began_with = self.pinned.get(aim.plan.id)
            if began_with is not None and aim.stopped is None:
                _insist(aim, began_with)
        asked_at = time.monotonic()
        agreed = self.watch.chosen(t0, aims, again=self.before is not None)
        self.waited = time.monotonic() - asked_at
        if not agreed:
            raise Interrupted("not wanted: nothing was fetched")
        points = {
            aim.plan.id: Pinned(
                repository=aim.plan.repository or "",
                run=aim.point.run,
                data_time=aim.point.data_time,
                snapshots={name: (s.id, s.tree) for name, s in aim.point.snapshots.items()},
            )
            for aim in aims
            if aim.point is not None
        }
        t0 = self.before.t0 if self.before else t0
        # What could not even be listed this time keeps the point that it began with.
        self._write(replace(self._journal, t0=t0, points={**self.pinned, **points}))
        again = words(self._journal.asked, str(self.place.target))
        self.place.put(README, unfinished(again, self._lang))

    def done(self, service: ServiceReport, room: Room | None) -> None:
        """Give the data of a service its own name, once every byte of it is verified."""
        whole = "T6" in service.offsets
        damaged = not whole and service.verdict is Verdict.REFUTED and service.point is not None
        if room is None or not (whole or damaged):
            return
        room.hand_back()
        with self._lock:
            self.place.publish(service.plan, damaged=damaged)
            if whole:
                pinned = replace(self._journal.points[service.id], whole=True)
                points = {**self._journal.points, service.id: pinned}
                self._write(replace(self._journal, points=points))
        self.watch.kept(service)

    def end(self, *, over: bool) -> None:
        """Write that nothing is left to do, or leave it to the next run."""
        self._write(replace(self._journal, over=over))

    @property
    def journal(self) -> Journal:
        """What stands in the folder."""
        return self._journal

    def _write(self, journal: Journal) -> None:
        self.place.write(journal)
        self._journal = journal


def _insist(aim: Aim, began_with: Pinned) -> None:
    """Refuse to mix two points in one folder."""
    found = aim.point and {name: (s.id, s.tree) for name, s in aim.point.snapshots.items()}
    if aim.point is None or aim.point.run != began_with.run or found != dict(began_with.snapshots):
        raise Misused(
            f"{aim.plan.id}: this recovery began with the point {began_with.run}, which is gone"
            " from the repository, or suspected by now",
            hint=f"Begin anew. {ELSEWHERE}",
        )

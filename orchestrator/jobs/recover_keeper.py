"""Keeps what a recovery restores: a journal before any byte, a name when all is verified."""

from __future__ import annotations

import contextlib
import threading
import time
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from orchestrator.core.recovering.journal import Journal, Pinned, went_on, words
from orchestrator.errors import Interrupted, Misused
from orchestrator.jobs.recover_place import ELSEWHERE, README
from orchestrator.reports.recover import CUT
from orchestrator.reports.recover_readme import unfinished
from restore_drills.model import FIRST_SUSPECTED, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from orchestrator.adapters.restic import Progress
    from orchestrator.core.recovering.journal import Asked
    from orchestrator.jobs.recover_place import Place
    from restore_drills.keeping import Aim
    from restore_drills.model import Plan, ServiceReport, Step
    from restore_drills.sandbox import Room


BEAT_S = 2.0


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
        self, place: Place, asked: Asked, *, plan: Plan, now: datetime, watch: Onlooker, lang: str
    ) -> None:
        self.before = place.read()
        self.place = place
        self.watch = watch
        self._lang = lang
        self.waited = 0.0  # for whoever was asked, in seconds
        self.interrupted: Callable[[], bool] = lambda: False
        self._lock = threading.Lock()
        before = sum((step.seconds for step in plan.before), 0.0)  # such as opening a kit
        began = now - timedelta(seconds=before)
        self._journal = (
            went_on(self.before, plan.run, place.seen(), began)
            if self.before
            else Journal(
                asked=asked,
                began=began,
                t0=plan.t0 or now,
                runs=(plan.run,),
                since=began,
                point=plan.point,
            )
        )
        self._journal = replace(self._journal, asked=asked)  # it may be opened otherwise today

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
        journal = self._journal
        if self.before is None:
            attacked = any(aim.passed_over for aim in aims) and t0 < journal.t0
            chosen = FIRST_SUSPECTED if attacked else journal.point
            journal = replace(journal, t0=t0, point=chosen)
        # What could not even be listed this time keeps the point that it began with.
        self._write(replace(journal, points={**self.pinned, **points}))
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
        if self.interrupted() and "T8" not in service.offsets:  # what failed then, failed of that
            service = replace(service, verdict=Verdict.INCONCLUSIVE, why=(CUT,))
        self.watch.kept(service)

    def end(self, *, over: bool) -> None:
        """Write that nothing is left to do, or leave it to the next run."""
        self._write(replace(self._journal, over=over))

    @contextlib.contextmanager
    def at_work(self) -> Iterator[None]:
        """Leave a sign of life in the folder, by which an interrupted run's work is counted."""
        over = threading.Event()

        def beat() -> None:
            while not over.wait(BEAT_S):
                self.place.beat()

        thread = threading.Thread(target=beat, name="recovery at work", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            self.place.beat()

    def worked(self, now: datetime) -> timedelta:
        """Return for how long the runs were at work, this one until `now`."""
        return self._journal.worked + max(now - self._journal.since, timedelta(0))

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

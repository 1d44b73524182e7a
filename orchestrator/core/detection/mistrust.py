"""Which points a repository's own figures make suspicious, whatever their marks say. Pure.

The marks are tags: whoever has the keys takes them away, or forgets the seals that bear them. What
restic counted stays with each snapshot that is left. What the log, or a person, found sound is not
asked again; and a seal that still bears its signature speaks for its run, for an announced change
looks like an attack to the figures alone.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.detection.history import looks
from orchestrator.core.detection.rule import signs
from orchestrator.core.detection.values import ALARM
from restore_drills.model import Suspect
from restore_drills.seal import SOURCE as SEAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from orchestrator.core.detection.values import Look
    from orchestrator.core.events import Sign
    from restore_drills.model import ServicePlan, Snapshot

# Nobody can judge what another restic makes: a month without a further sign stands for it.
BELIEVED_AFTER = timedelta(days=30)


def suspects(
    listing: Iterable[Snapshot], plan: ServicePlan, vouched: Callable[[Snapshot], bool]
) -> tuple[Suspect, ...]:
    """Return the periods that the figures speak against; one is over with the next sound point.

    `vouched`: whether a seal bears its signature, and says that its run was complete.
    """
    judge = _Judge(plan, vouched)
    runs, seals = _runs(listing, plan)
    for run, seen in runs:
        judge.take(run, seen, seals.get(run))
    return judge.found()


class _Judge:
    """Goes through the runs of a service, the oldest first."""

    def __init__(self, plan: ServicePlan, vouched: Callable[[Snapshot], bool]) -> None:
        self._plan = plan
        self._vouched = vouched
        self._past: dict[str, list[Look]] = defaultdict(list)
        self._over: list[Suspect] = []
        self._open: Suspect | None = None

    def take(self, run: str, seen: dict[str, Look], seal: Snapshot | None) -> None:
        """Judge one run by those before it."""
        at = min(look.data_time for look in seen.values())
        sound = run in self._plan.acquitted
        if self._open is not None:
            if not (sound or self._is_believed(self._open, at, seal)):
                return
            self._over.append(replace(self._open, until=at))
            self._open = None
            self._past.clear()  # a machine that was cleaned has nothing in common with before
        elif not sound and not _is_marked(seal):
            why = self._signs(seen)
            if why and not (seal is not None and self._vouched(seal)):
                words = "; ".join(sign.detail for sign in why)
                self._open = Suspect(run=run, since=at, why=words)
                return
        if sound or seal is not None or not self._plan.selection.sealed:
            for source, look in seen.items():
                self._past[source].append(look)

    def found(self) -> tuple[Suspect, ...]:
        """Return what was found; of the last one nobody knows an end."""
        return (*self._over, *([self._open] if self._open else []))

    def _is_believed(self, since: Suspect, at: datetime, seal: Snapshot | None) -> bool:
        if not self._plan.selection.sealed:
            return at - since.since > BELIEVED_AFTER
        return seal is not None and not _is_marked(seal) and self._vouched(seal)

    def _signs(self, seen: dict[str, Look]) -> tuple[Sign, ...]:
        """Return the signs of the source that shows the most kinds, if they make an attack."""
        found = [signs(self._past[source], look) for source, look in seen.items()]
        worst = max(found, key=lambda some: len({sign.word for sign in some}), default=())
        return worst if len({sign.word for sign in worst}) >= ALARM else ()


def _runs(
    listing: Iterable[Snapshot], plan: ServicePlan
) -> tuple[list[tuple[str, dict[str, Look]]], dict[str, Snapshot]]:
    """Return what each run of the service looked like, by source, and the seals by run."""
    wanted = plan.selection
    mine = [s for s in listing if s.host == wanted.host and set(wanted.tags) <= set(s.tags)]
    if not wanted.sealed:
        (source,) = plan.sources
        mine = [
            replace(
                s,
                tags=(f"service={plan.id}", f"run={s.id[:8]}", f"source={source.name}"),
            )
            for s in mine
        ]
    runs: dict[str, dict[str, Look]] = defaultdict(dict)
    for source_name, found in looks(mine, wanted.host, plan.id).items():
        for look in found:
            runs[look.run][source_name] = look
    seals = {s.tag("run") or "": s for s in mine if s.tag("source") == SEAL}
    ordered = sorted(runs.items(), key=lambda one: min(x.data_time for x in one[1].values()))
    return ordered, seals


def _is_marked(seal: Snapshot | None) -> bool:
    return seal is not None and seal.tag("outcome") == "suspected"

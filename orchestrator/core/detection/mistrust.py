"""Which points a repository's own figures make suspicious, whatever their marks say. Pure.

The marks are tags: whoever has the keys takes them away, or forgets the seals that bear them. What
restic counted stays with each snapshot that is left, and what a seal says is signed. What the log,
or a person, found sound is not asked again; and a seal that still bears its signature speaks for
its run, for an announced change looks like an attack to the figures alone.
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
from restore_drills.points import CLOCKS_AGREE_WITHIN, SOUND, SUSPECTED, UNMARKED
from restore_drills.seal import SOURCE as SEAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from orchestrator.core.detection.values import Look
    from orchestrator.core.events import Sign
    from restore_drills.model import ServicePlan, Snapshot

# Nobody can judge what another restic makes: a month without a further sign stands for it.
BELIEVED_AFTER = timedelta(days=30)
ASKED_EACH = 8  # of so many points every seal is read, of more some


def suspects(
    listing: Iterable[Snapshot],
    plan: ServicePlan,
    says: Callable[[Snapshot], str],
    now: datetime | None = None,
) -> tuple[Suspect, ...]:
    """Return the periods that figures or seals speak against; one ends with the next sound point.

    `says`: the outcome that a seal's signed content states, whatever its tags do; empty where it
    bears no signature. What is dated after `now` says nothing of the newest that is used.
    """
    judge = _Judge(plan, says)
    runs, seals = _runs(listing, plan)
    for run, seen in runs:
        judge.take(run, seen, seals.get(run))
    found = judge.found()
    begins = {run: min(look.data_time for look in seen.values()) for run, seen in runs}
    if now is not None:
        begins = {run: at for run, at in begins.items() if at <= now + CLOCKS_AGREE_WITHIN}
    unmarked = _unmarked(begins, seals, plan, found, says)
    return found if unmarked is None else (*found, unmarked)


def _unmarked(
    begins: Mapping[str, datetime],
    seals: Mapping[str, Snapshot],
    plan: ServicePlan,
    known: Iterable[Suspect],
    says: Callable[[Snapshot], str],
) -> Suspect | None:
    """Return the newest points if their seals say suspected, and their tags no longer do.

    Of many only some are read, for each costs a restic.
    """
    periods = (*plan.suspects, *known)
    left = [
        (run, at)
        for run, at in sorted(begins.items(), key=lambda one: (one[1], one[0]), reverse=True)
        if run in seals and not _is_marked(seals[run]) and not any(p.covers(at) for p in periods)
    ]

    def is_hidden(number: int) -> bool:
        run, _ = left[number]
        return run not in plan.acquitted and says(seals[run]) == SUSPECTED

    count = _leading(len(left), is_hidden)
    if not count:
        return None
    run, since = left[count - 1]
    return Suspect(run=run, since=since, why=UNMARKED)


def _leading(length: int, holds: Callable[[int], bool]) -> int:
    """Return for how many numbers from 0 on it holds: it is asked of the first few, then less."""
    if not length or not holds(0):
        return 0
    low, high = 0, 1
    while high < length and holds(high):
        low, high = high, high + 1 if high < ASKED_EACH else 2 * high
    high = min(high, length)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if holds(middle) else (low, middle)
    return high


class _Judge:
    """Goes through the runs of a service, the oldest first."""

    def __init__(self, plan: ServicePlan, says: Callable[[Snapshot], str]) -> None:
        self._plan = plan
        self._says = says
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
            self._past.clear()  # restic counted against the suspected one
        elif not sound and not _is_marked(seal):
            why = self._signs(seen)
            if why and not (seal is not None and self._says(seal) == SOUND):
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
        return seal is not None and not _is_marked(seal) and self._says(seal) == SOUND

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
    seals: dict[str, Snapshot] = {}
    # What was rewritten or copied bears the tags of its original, which comes first.
    for one in sorted(mine, key=lambda s: (s.time, s.original is not None, s.id)):
        if one.tag("source") == SEAL:
            seals.setdefault(one.tag("run") or "", one)
    ordered = sorted(runs.items(), key=lambda one: min(x.data_time for x in one[1].values()))
    return ordered, seals


def _is_marked(seal: Snapshot | None) -> bool:
    return seal is not None and seal.tag("outcome") == SUSPECTED

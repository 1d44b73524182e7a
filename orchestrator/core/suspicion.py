"""Whether a service's points are trusted, since when, and what a new one is to be called. Pure.

One sign is for a ticket: the point is usable. Two of different kinds in one source are an attack,
until a person says otherwise: the point, and all that follow, are suspected. Over an open ticket
kinds add up, where one of them is of names or the decoy; a ticket of the last week is then part of
the attack.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.core.copies.nearest import withstands
from orchestrator.core.detection import names
from orchestrator.core.detection.limits import CAUTION
from orchestrator.core.detection.values import ALARM, Word
from orchestrator.core.events import Outcome, Sign

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from orchestrator.core.detection.values import Look
    from orchestrator.core.events import BackupFinished
    from orchestrator.core.policy.model import Repository
    from orchestrator.core.state import Expected, ServiceState, SiteState, Suspicion

# What no import does, announced or not; and what, over an open ticket, makes an attack of another
# kind: figures alone follow each other in ordinary weeks.
NEVER_WORK = frozenset({Word.RENAMED, Word.FINISHED, Word.DECOY})
ADDS_UP = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What is thought of a new point; `suspect` is the run since which its service is suspected.

    `unusual`: the run since which a change is in doubt that nobody has judged. `decoys`: path to
    the SHA-256 of what is there, empty where it is gone. `looks`: how it looks to the next one, by
    source.
    """

    signs: tuple[Sign, ...] = ()
    suspect: str = ""
    unusual: str = ""
    decoys: Mapping[str, str] = field(default_factory=dict)
    looks: Mapping[str, Look] = field(default_factory=dict)

    def outcome(self, outcome: Outcome) -> Outcome:
        """Return how a backup of this outcome ends; a partial one stays no point at all."""
        return Outcome.SUSPECTED if self.suspect and outcome is Outcome.COMPLETE else outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubted:
    """A service that is suspected since the data time `since`, or merely changed in an unusual way.

    `clean` is its newest point that nothing speaks against, `places` the repositories that hold it,
    the one first from which nobody can delete it.
    """

    since: datetime
    grave: bool
    signs: tuple[Sign, ...]
    clean: BackupFinished | None
    places: tuple[str, ...] = ()


def doubted(known: ServiceState, repositories: Mapping[str, Repository]) -> Doubted | None:
    """Return what nobody has judged yet of a service."""
    suspicion, unusual, clean = known.suspicion, known.unusual, last_clean(known)
    places = () if clean is None else tuple(holders(known, clean, repositories))
    if suspicion is not None:
        return Doubted(
            since=suspicion.since, grave=True, signs=suspicion.signs, clean=clean, places=places
        )
    if unusual is None or unusual.data_time is None:
        return None
    return Doubted(
        since=unusual.data_time, grave=False, signs=unusual.signs, clean=clean, places=places
    )


def holders(
    known: ServiceState, point: BackupFinished, repositories: Mapping[str, Repository]
) -> list[str]:
    """Return the repositories that hold a point, those first that withstand whoever has the keys.

    A copy brings all that lacks: one with a newer point has this one too, while nothing is removed.
    """
    names = [point.repository]
    for name, copied in known.copies.items():
        there = copied.complete
        if there is None or there.data_time is None or point.data_time is None:
            continue
        if there.point == point.run or there.data_time > point.data_time:
            names.append(name)

    def is_weak(name: str) -> bool:
        return name not in repositories or not withstands(repositories[name])

    return sorted(dict.fromkeys(names), key=is_weak)


def begun(site: SiteState, known: ServiceState) -> datetime | None:
    """Return since when a service's points are of a machine that was cleaned or rebuilt, if so."""
    ends = [s.until for s in known.suspicions if s.until is not None and not s.cleared]
    return max([*ends, *([site.anew] if site.anew else [])], default=None)


def unconfirmed(
    known: ServiceState, history: Iterable[Look], now: datetime | None = None
) -> Suspicion | None:
    """Return the suspicion that a person called over, while no point since has borne it out.

    `history`: the trusted points of a source; what is dated after `now` bears nothing out.
    """
    last = known.suspicions[-1] if known.suspicions else None
    if last is None or last.cleared or last.until is None:
        return None
    until = last.until
    since = (look for look in history if look.data_time >= until)
    return None if any(now is None or look.data_time <= now for look in since) else last


def still(count: int, new: Look, history: Sequence[Look]) -> Sign | None:
    """Return the sign that an attack is not over, though somebody said so.

    `count`: the files of the new point that are as in the suspected one and not as in the last
    clean one. As many as people change between two backups, and half as many more, are work that
    was kept.
    """
    ever = sorted(look.new + look.changed for look in history[1:])[-2:-1]
    if count < max(names.floor(new.files), *(CAUTION * many for many in ever), 0):
        return None
    return Sign(
        word=Word.STILL,
        detail=f"{count:,} of {new.files:,} files are still as in the suspected point, not as in"
        " the last clean one",
    )


def counted(history: Iterable[Look], known: ServiceState, since: datetime | None) -> list[Look]:
    """Return the part of a history that a new point is compared with: the trusted one."""
    return [
        look
        for look in history
        if (since is None or look.data_time >= since) and not is_suspected(known, look.data_time)
    ]


def is_suspected(known: ServiceState, data_time: datetime) -> bool:
    """Whether a point of this data time is in a period that is mistrusted."""
    return any(
        not one.cleared and one.since <= data_time and (one.until is None or data_time < one.until)
        for one in known.suspicions
    )


def suspect(known: ServiceState, began: datetime | None) -> str:
    """Return the run since which a backup that began then is suspected, whatever it looks like.

    One that began before the machine was said to be clean is of the time before.
    """
    if known.suspicion is not None:
        return known.suspicion.run
    last = known.suspicions[-1] if known.suspicions else None
    if last is None or last.cleared or last.until is None or began is None:
        return ""
    return last.run if last.since <= began < last.until else ""


def announced(site: SiteState, service: str, known: ServiceState, now: datetime) -> Expected | None:
    """Return what somebody said would change between the point before and now."""
    before = known.complete.data_time if known.complete else None
    for one in reversed(site.expected):
        is_over = one.until < (before or now)
        if one.service in {"", service} and one.begin <= now and not is_over:
            return one
    return None


def judged(  # noqa: PLR0913 - all that is known of a point
    run: str,
    signs: Mapping[str, Sequence[Sign]],
    expected: Expected | None,
    doubts: Collection[str] = (),
    *,
    ticket: BackupFinished | None = None,
    new_at: datetime | None = None,
) -> Opinion:
    """Return what the signs, by source, make of a new point.

    What was announced is at most for a ticket, unless a sign is among them that is nobody's work.
    `doubts`: the kinds of sign of an attack that somebody has just called over; one of them, or
    that what was suspected is still there, says that it is not. `ticket`: the unusual change that
    nobody has judged yet, with all the kinds of sign since.
    """
    many = len(signs) > 1
    said: dict[tuple[str, str], Sign] = {}
    worst: set[str] = set()
    for source, found in signs.items():
        words = {sign.word for sign in found}
        worst = max(worst, words, key=len)
        for sign in found:
            shared = not many or sign.word == Word.DECOY
            detail = sign.detail if shared else f"{source}: {sign.detail}"
            said.setdefault((sign.word, detail), replace(sign, detail=detail))
    is_alarm = len(worst) >= ALARM and (expected is None or not NEVER_WORK.isdisjoint(worst))
    kinds = {word for word, _ in said}
    is_alarm = is_alarm or Word.STILL in kinds or not kinds.isdisjoint(doubts)
    is_alarm = is_alarm or (ticket is not None and _adds_up(kinds, ticket, new_at))
    if expected is not None:
        note = f" (announced: {expected.text}, by {expected.by})"
        said = {
            key: sign if sign.word in NEVER_WORK else replace(sign, detail=sign.detail + note)
            for key, sign in said.items()
        }
    first = ticket.run if ticket is not None and _is_recent(ticket, new_at) else run
    open_since = ticket.run if ticket is not None else run if said else ""
    return Opinion(
        signs=tuple(said.values()),
        suspect=first if is_alarm else "",
        unusual="" if is_alarm else open_since,
    )


def _adds_up(kinds: Collection[str], ticket: BackupFinished, new_at: datetime | None) -> bool:
    """Whether what is seen now makes an attack of an unusual change that nobody has judged."""
    before = {sign.word for sign in ticket.signs}
    fresh = set(kinds) - before
    if Word.DECOY in fresh:
        return True  # nobody touches it: however old the ticket is
    both = before | fresh
    return bool(fresh) and not NEVER_WORK.isdisjoint(both) and _is_recent(ticket, new_at)


def _is_recent(ticket: BackupFinished, new_at: datetime | None) -> bool:
    at = ticket.data_time
    return at is not None and new_at is not None and new_at - at <= ADDS_UP


def last_clean(known: ServiceState) -> BackupFinished | None:
    """Return the newest point that nothing speaks against."""
    return known.before_unusual if known.unusual is not None else known.complete

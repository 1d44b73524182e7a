"""Which version of every object a repository held at an instant, from a list of versions. Pure.

restic names what it writes after the SHA-256 of the content (data, index, snapshots, keys), so that
the version to have of such an object is whichever one hashes to its name: also where somebody wrote
over it before the instant. `config` alone has a fixed name; restic writes it once, so that the
oldest version is the one to have. Locks are of the moment and are left alone.

The rule is the repository as it was at the instant: what was deleted by then stays deleted, and
what came later is set aside.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

ID = re.compile(r"[0-9a-f]{64}")
RESOLUTION = timedelta(seconds=1)  # of the times in a list of versions


class Kind(StrEnum):
    """What an object of a repository is, in the order in which it is brought back.

    The config comes last: until it is there, no restic takes the place for a repository.
    """

    DATA = "data"
    INDEX = "index"
    SNAPSHOTS = "snapshots"
    KEYS = "keys"
    CONFIG = "config"


AREAS = frozenset(str(kind) for kind in Kind if kind is not Kind.CONFIG)


class Fate(StrEnum):
    """What the instant says of an object."""

    WANTED = "wanted"  # it was there, and a version of it may be
    LEFT = "left"  # it was not there and is not
    ASIDE = "aside"  # it was not there and is
    GONE = "gone"  # something of this name was there, and no version of it is left


class Version(NamedTuple):
    """One version of an object, or the marker that hides the older ones."""

    id: str
    at: datetime
    size: int
    etag: str
    is_marker: bool
    is_latest: bool

    @property
    def content(self) -> tuple[str, int]:
        """What two versions of the same content have in common."""
        return self.etag, self.size


History = tuple[Version, ...]  # oldest first, not empty


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is to be done for one object; `candidates` are versions of different content.

    They are in the order in which they are to be tried. `is_known`: the first one needs no reading,
    for nobody ever wrote anything else under this name.
    """

    key: str
    kind: Kind
    fate: Fate
    current: Version | None = None
    candidates: tuple[Version, ...] = ()
    is_known: bool = False


def kind_of(key: str) -> Kind | None:
    """Return what an object is by its key below the repository's prefix; None: not restic's."""
    if key == "config":
        return Kind.CONFIG
    area, _, rest = key.partition("/")
    name = rest
    if area == Kind.DATA:
        folder, _, name = rest.partition("/")
        if folder != name[:2]:
            return None
    if area not in AREAS or ID.fullmatch(name) is None:
        return None
    return Kind(area)


def history(versions: Iterable[Version]) -> History:
    """Put the versions of one object in order; those of one second as S3 tells the latest."""
    return tuple(sorted(versions, key=lambda v: (v.is_latest, v.at, v.is_marker)))


def choose(key: str, kind: Kind, past: History, at: datetime) -> Choice:
    """Return what `at` says of one object."""
    newest = past[-1]
    current = None if newest.is_marker else newest
    by_then = [version for version in past if version.at <= at]
    if not by_then or by_then[-1].is_marker:
        fate = Fate.LEFT if current is None else Fate.ASIDE
        # S3 hides what is there: a marker before which nothing is left hid something once.
        if not by_then and past[0].is_marker:
            fate = Fate.GONE
        return Choice(key=key, kind=kind, fate=fate, current=current)
    if kind is Kind.CONFIG:
        candidates = _different(version for version in by_then if not version.is_marker)
        return Choice(
            key=key,
            kind=kind,
            fate=Fate.WANTED,
            current=current,
            candidates=candidates,
            is_known=True,
        )
    oldest_first = (version for version in past if not version.is_marker)
    candidates = _different(itertools.chain(past[-1:] if current else (), oldest_first))
    return Choice(
        key=key,
        kind=kind,
        fate=Fate.WANTED,
        current=current,
        candidates=candidates,
        is_known=len(candidates) == 1 and kind is Kind.DATA,
    )


def shown(key: str, kind: Kind, past: History, at: datetime) -> Choice:
    """Return what to show of one object to somebody who reads the repository as it was at `at`.

    A pack is shown though it was deleted by then: whoever takes packs away does not take them out
    of the index, and one that is in no index is never read. What nothing else was ever written
    over needs no reading: restic compares every file with its name.
    """
    choice = choose(key, kind, past, at)
    if kind is Kind.DATA and past[0].at <= at and not past[0].is_marker:
        versions = (version for version in past if not version.is_marker)
        choice = replace(choice, fate=Fate.WANTED, candidates=_different(versions))
    return replace(choice, is_known=len(choice.candidates) == 1 or kind is Kind.CONFIG)


def unhidden(past: History, since: datetime) -> History:
    """Return what an object would have been, had nobody deleted it after an instant."""
    kept = tuple(v for v in past if not (v.is_marker and _is_after(v.at, since)))
    return kept or past


def _is_after(told: datetime, since: datetime) -> bool:
    """Whether something may have been after an instant: S3 cuts its times off to whole seconds."""
    return told + RESOLUTION > since


def is_whole(choice: Choice, good: Version) -> bool:
    """Whether what is there now is already what it should be."""
    return choice.current is not None and choice.current.content == good.content


def _different(versions: Iterable[Version]) -> tuple[Version, ...]:
    """Return one version of each content: the newest, whose lock lasts longest, in its place."""
    return tuple({version.content: version for version in versions}.values())


# --- when it happened ------------------------------------------------------------------------

TOGETHER = timedelta(minutes=10)  # what is no further apart is one piece of work


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """Deletions and overwritings that came closely after each other."""

    start: datetime
    end: datetime
    deleted: int
    overwritten: int
    vital: int  # of these, of keys, snapshots and config

    @property
    def total(self) -> int:
        """How many objects were taken away."""
        return self.deleted + self.overwritten


def bursts(pasts: Mapping[str, History]) -> tuple[Burst, ...]:
    """Return when objects were deleted or overwritten, oldest first.

    A night's pruning is one as well: its numbers are small beside those of an attack.
    """
    return _grouped(blow for key, past in pasts.items() for blow in _blows(key, past))


def taken(pasts: Mapping[str, History], after: datetime) -> int:
    """Return how often an object was deleted or overwritten after an instant."""
    return sum(
        _is_after(blow[0], after) for key, past in pasts.items() for blow in _blows(key, past)
    )


def _grouped(blows: Iterable[tuple[datetime, bool, bool]]) -> tuple[Burst, ...]:
    found: list[list[tuple[datetime, bool, bool]]] = []
    for blow in sorted(blows):
        if found and blow[0] - found[-1][-1][0] <= TOGETHER:
            found[-1].append(blow)
        else:
            found.append([blow])
    return tuple(
        Burst(
            start=group[0][0],
            end=group[-1][0],
            deleted=sum(1 for _, is_marker, _ in group if is_marker),
            overwritten=sum(1 for _, is_marker, _ in group if not is_marker),
            vital=sum(1 for *_, is_vital in group if is_vital),
        )
        for group in found
    )


def _blows(key: str, past: History) -> Iterable[tuple[datetime, bool, bool]]:
    """Yield when the object was hidden or another content took its name."""
    is_vital = kind_of(key) in {Kind.KEYS, Kind.SNAPSHOTS, Kind.CONFIG}
    first = next((v for v in past if not v.is_marker), None)
    for before, after in itertools.pairwise(past):
        is_hidden = after.is_marker and not before.is_marker
        is_other = not after.is_marker and first is not None and after.content != first.content
        if is_hidden or is_other:
            yield after.at, after.is_marker, is_vital


def before_wipe(pasts: Mapping[str, History], at: datetime) -> datetime:
    """Return the instant as of which to read a repository that may be wiped at `at`.

    It is `at` itself where a repository is there: a config, a key, a snapshot and an index,
    whatever was written over them. Else it is the second in which the deletions began that took
    the last of one: what was written in it counts, and what was deleted in it is to be `unhidden`.
    """
    ends = []
    for kind in (Kind.CONFIG, Kind.KEYS, Kind.SNAPSHOTS, Kind.INDEX):
        of_kind = [past for key, past in pasts.items() if kind_of(key) is kind]
        last = _last_there(of_kind, at)
        if last is not None:
            ends.append(last)
    if not ends:
        return at
    deletion = min(ends)
    # What was only written over is still found by its name.
    blows = (blow for key, past in pasts.items() for blow in _blows(key, past) if blow[1])
    starts = [b.start for b in _grouped(blows) if b.start <= deletion <= b.end]
    return min(starts, default=deletion)


def _last_there(pasts: Iterable[History], at: datetime) -> datetime | None:
    """Return when the last of some objects was deleted; None: one is there, or none ever was."""
    ends = []
    for past in pasts:
        by_then = [version for version in past if version.at <= at]
        if by_then and not by_then[-1].is_marker:
            return None
        ends += [version.at for version in by_then[-1:]]
    return max(ends, default=None)

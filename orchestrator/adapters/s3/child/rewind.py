"""Bringing a repository back from its versions, in the child that talks to the bucket.

A version is brought back by copying it over its key, on the side of the storage; what was not there
is hidden by a marker. No version is ever deleted, so that the key of every day is enough, and so
that a rewind can itself be rewound. Whatever is good already is left alone: one that was cut short
goes on where it was.
"""

from __future__ import annotations

import hashlib
import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orchestrator.adapters.s3.child.place import THREADS
from orchestrator.adapters.s3.child.rewind_calls import Calls, Unreadable
from orchestrator.adapters.s3.child.rewind_listing import keeps_versions, pasts
from orchestrator.core.rewinding.choice import Fate, Kind, bursts, choose, is_whole, kind_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from orchestrator.adapters.s3.child.place import Place
    from orchestrator.core.rewinding.choice import Choice, History, Version

    Tell = Callable[[dict[str, Any]], None]

TOLD_EVERY_S = 0.5
CHUNK = 1 << 20
NAMED = 20  # lost objects that are named; of the others the number is told
BURSTS = 12


def run(place: Place, request: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Do, or with `dry_run` only count, what brings the repository back to the instant `at`.

    `read`: data is read as well where nobody ever wrote over it. The answer is what
    `rewind.rewind` makes a value of.
    """
    at = datetime.fromisoformat(request["at"])
    work = Work(place, read=request["read"], tell=tell)
    found = pasts(place, work.calls, work.listed)
    if not keeps_versions(place, found):
        return {"versioned": False}
    choices = [choose(key, kind, past, at) for key, kind, past in _with_kinds(found)]
    was_there = any(choice.fate is Fate.WANTED for choice in choices)
    if request["dry_run"] or not was_there:  # a mistyped instant must not hide a repository
        work.count(choices)
    else:
        work.carry_out(choices)
    worst = sorted(bursts(found), key=lambda burst: burst.total)[-BURSTS:]
    return {
        "versioned": True,
        "versions": sum(map(len, found.values())),
        "kinds": {kind: tally.said() for kind, tally in work.tallies.items()},
        "lost": sorted(work.lost)[:NAMED],
        "configs": max((len(c.candidates) for c in choices if c.kind is Kind.CONFIG), default=0),
        "bursts": [
            {
                "start": burst.start.isoformat(),
                "end": burst.end.isoformat(),
                "deleted": burst.deleted,
                "overwritten": burst.overwritten,
                "vital": burst.vital,
            }
            for burst in sorted(worst, key=lambda burst: burst.start)
        ],
    }


def _with_kinds(found: dict[str, History]) -> Iterator[tuple[str, Kind, History]]:
    for key, past in found.items():
        if (kind := kind_of(key)) is not None:
            yield key, kind, past


@dataclass(slots=True)
class Tally:
    """What became of the objects of one kind; `core.rewound.Tally` says what is what."""

    restored: int = 0
    whole: int = 0
    aside: int = 0
    lost: int = 0
    read: int = 0
    copied: int = 0
    held: int = 0

    def said(self) -> dict[str, int]:
        """Return it as the answer has it."""
        names = ("restored", "whole", "aside", "lost", "read", "copied", "held")
        return {name: getattr(self, name) for name in names}


@dataclass(slots=True)
class Work:
    """One rewind; its methods are called from several threads."""

    place: Place
    read: bool
    tell: Tell
    calls: Calls = field(init=False)
    tallies: dict[Kind, Tally] = field(default_factory=lambda: {kind: Tally() for kind in Kind})
    lost: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _done: int = 0
    _told: float = 0.0

    def __post_init__(self) -> None:
        self.calls = Calls(self.place)

    def listed(self, versions: int) -> None:
        """Tell how far the listing is."""
        with self._lock:
            self._done += versions
            done = self._done
        self._say({"listed": done})

    def count(self, choices: Iterable[Choice]) -> None:
        """Count what would be done, from the listing alone."""
        for choice in choices:
            tally = self.tallies[choice.kind]
            if _is_extra(choice):
                tally.aside += 1
            if choice.fate is Fate.GONE:
                self._lose(choice)
            if choice.fate is not Fate.WANTED:
                continue
            first = choice.candidates[0]
            is_read = not choice.is_known or (self.read and choice.kind is not Kind.CONFIG)
            tally.read += first.size if is_read else 0
            tally.held += first.size
            # The first to be tried is what is there now, where something is.
            if choice.current is not None and is_whole(choice, first):
                tally.whole += 1
            else:
                tally.restored += 1
                tally.copied += first.size

    def carry_out(self, choices: list[Choice]) -> None:
        """Bring everything back, kind after kind."""
        order = list(Kind)
        choices.sort(key=lambda choice: order.index(choice.kind))
        total, self._done = len(choices), 0
        with ThreadPoolExecutor(THREADS) as pool:
            for _, group in itertools.groupby(choices, key=lambda choice: choice.kind):
                for _ in pool.map(self._settle, group):
                    self._done += 1
                    self._say({"done": self._done, "of": total})
        self.calls.end()
        self._told = 0.0
        self._say({"done": total, "of": total})

    def _settle(self, choice: Choice) -> None:
        if _is_extra(choice):
            self._hide(choice)
        if choice.fate is Fate.GONE:
            self._lose(choice)
        elif choice.fate is Fate.WANTED:
            self._restore(choice)

    def _restore(self, choice: Choice) -> None:
        tally = self.tallies[choice.kind]
        for version in choice.candidates:
            try:
                if not self._is_good(choice, version):
                    continue
                if is_whole(choice, version):
                    with self._lock:
                        tally.whole += 1
                        tally.held += version.size
                    return
                self._copy(choice.key, version)
            except Unreadable:
                continue
            with self._lock:
                tally.restored += 1
                tally.copied += version.size
                tally.held += version.size
            return
        self._lose(choice)

    def _is_good(self, choice: Choice, version: Version) -> bool:
        if choice.kind is Kind.CONFIG or (choice.is_known and not self.read):
            return True
        found = self.calls("GetObject", lambda: digest(self.place, choice.key, version))
        with self._lock:
            self.tallies[choice.kind].read += version.size
        return found == choice.key.rpartition("/")[2]

    def _copy(self, key: str, version: Version) -> None:
        place, full = self.place, self.place.prefix + key
        self.calls(
            "CopyObject",
            lambda: place.client.copy_object(
                Bucket=place.bucket,
                Key=full,
                CopySource={"Bucket": place.bucket, "Key": full, "VersionId": version.id},
            ),
        )

    def _hide(self, choice: Choice) -> None:
        place, full = self.place, self.place.prefix + choice.key
        try:
            self.calls(
                "DeleteObject", lambda: place.client.delete_object(Bucket=place.bucket, Key=full)
            )
        except Unreadable:
            return
        with self._lock:
            self.tallies[choice.kind].aside += 1

    def _lose(self, choice: Choice) -> None:
        with self._lock:
            self.tallies[choice.kind].lost += 1
            self.lost.append(choice.key)

    def _say(self, said: dict[str, Any]) -> None:
        now = time.monotonic()
        if now - self._told >= TOLD_EVERY_S:
            self._told = now
            self.tell(said)


def _is_extra(choice: Choice) -> bool:
    return choice.current is not None and choice.fate in {Fate.ASIDE, Fate.GONE}


def digest(place: Place, key: str, version: Version) -> str:
    """Return the SHA-256 of a version's content. Raises what boto3 raises."""
    answer = place.client.get_object(
        Bucket=place.bucket, Key=place.prefix + key, VersionId=version.id
    )
    content = hashlib.sha256()
    with answer["Body"] as body:
        while chunk := body.read(CHUNK):
            content.update(chunk)
    return content.hexdigest()

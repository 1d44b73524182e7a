"""What a relock has seen so far, counted from many threads, and its words."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from orchestrator.adapters.s3.child.lock import Lock

TOLD_EVERY = 500  # objects
COMPLIANCE = "COMPLIANCE"


class Tally:
    """The counts of one relock; `tell` hears of them now and then."""

    def __init__(self, tell: Callable[[dict[str, Any]], None]) -> None:
        self._tell = tell
        self._lock = threading.Lock()
        self._objects = self._extended = self._bare = self._weak = self._stuck = 0
        self._first_weak = self._first_stuck = ""
        self._least: tuple[datetime, str] | None = None

    def extended(self) -> None:
        """Count a lock that was extended."""
        with self._lock:
            self._extended += 1

    def weak(self, key: str) -> None:
        """Count a lock in governance mode that cannot be raised."""
        with self._lock:
            self._weak += 1
            self._first_weak = self._first_weak or key

    def stuck(self, key: str, why: str) -> None:
        """Count a lock that could not be extended."""
        with self._lock:
            self._stuck += 1
            self._first_stuck = self._first_stuck or f"{key}: {why}"

    def seen(self, key: str, until: datetime | None, *, bare: bool = False) -> None:
        """Count an object whose lock now ends at `until`; `bare`: it had none before."""
        with self._lock:
            self._objects += 1
            self._bare += bare
            if until is not None and (self._least is None or until < self._least[0]):
                self._least = until, key
            if self._objects % TOLD_EVERY:
                return
            said = {"objects": self._objects, "extended": self._extended}
        self._tell(said)

    def answer(self, problems: list[str]) -> dict[str, Any]:
        """Return the relock's answer."""
        said = list(problems)
        if self._weak:
            said.append(
                f"{_objects(self._weak)} locked in governance mode, which cannot be raised: "
                f"{self._first_weak}"
            )
        if self._stuck:
            said.append(
                f"{_objects(self._stuck)} whose lock could not be extended: {self._first_stuck}"
            )
        return {
            "objects": self._objects,
            "extended": self._extended,
            "bare": self._bare,
            "least_until": self._least[0].isoformat() if self._least else None,
            "least_key": self._least[1] if self._least else "",
            "problems": said,
        }


def problems(lock: Lock, mode: str, period: timedelta) -> Iterator[str]:
    """Yield what makes the bucket's lock less than the policy says."""
    if lock.enabled is False:
        yield "the bucket has no Object Lock: nothing in it is immutable"
        return
    if lock.versioning is False:
        yield "versioning is off: what is overwritten is lost"
    if lock.enabled is None:
        yield "the key may not read the bucket's lock configuration: nobody knows what it says"
    elif lock.period is None:
        yield "the bucket locks no new object by itself: each waits for the next relock"
    elif lock.period < period:
        said, wanted = _days(lock.period), _days(period)
        yield f"the bucket locks new objects for {said}, the policy says {wanted}"
    if lock.mode is not None and lock.mode != mode and mode == COMPLIANCE:
        yield "the bucket's lock mode is governance: whoever has the right to may end it early"


def _objects(count: int) -> str:
    return f"{count} object{'' if count == 1 else 's'}"


def _days(period: timedelta) -> str:
    days = period / timedelta(days=1)
    if days < 1:
        return f"{period.total_seconds():g} s"
    return f"{days:g} day{'' if days == 1 else 's'}"

"""How long a recovery still takes: from the rate that is measured, else from earlier ones. Pure."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

WINDOW_S = 60.0  # of the rate: a line has good minutes and bad ones
LEAST_S = 3.0  # of measuring before anything is said of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Seconds that are left, None where nobody can tell; `rate` in bytes a second, once measured.

    `stalled`: nothing has arrived for a whole window, so there is no rate.
    """

    seconds: float | None
    rate: float | None = None
    stalled: bool = False


class Progressing:
    """Takes how far each source is, and tells what is left of all of them.

    `sizes` are the bytes of each source as its snapshot counts them, None where it does not say.
    `before` is what a whole run is expected to take, `after` what comes when all is fetched, both
    in seconds and None where no drill was ever measured.
    """

    def __init__(
        self, sizes: dict[tuple[str, str], int | None], before: float | None, after: float | None
    ) -> None:
        self._total = dict(sizes)
        self._done: dict[tuple[str, str], int] = {}
        self._before = before
        self._after = after
        self._began: float | None = None
        self._samples: deque[tuple[float, int]] = deque()

    def moved(self, key: tuple[str, str], done: int, total: int | None, now: float) -> None:
        """Take that `done` bytes of a source are there; the first call starts the clock."""
        self._began = now if self._began is None else self._began
        self._done[key] = max(done, self._done.get(key, 0))
        if total is not None:
            self._total[key] = total
        self._samples.append((now, sum(self._done.values())))
        while len(self._samples) > 1 and now - self._samples[1][0] >= WINDOW_S:
            self._samples.popleft()

    def fetched(self, service: str) -> None:
        """Take that all of a service is there, whatever was counted."""
        for key in [key for key in self._total if key[0] == service]:
            self._total[key] = self._done.get(key, 0)

    def sums(self) -> tuple[int, int | None]:
        """Return the bytes that are there, and of how many, where that is known."""
        sizes = list(self._total.values())
        total = None if None in sizes or not sizes else sum(s for s in sizes if s is not None)
        return sum(self._done.values()), total

    def left(self, now: float) -> Left:
        """Tell what is left at `now`."""
        sizes = list(self._total.values())
        if self._began is None or None in sizes or not self._samples:
            gone = 0.0 if self._began is None else now - self._began
            guess = None if self._before is None else max(self._before - gone, 0.0)
            return Left(seconds=guess)
        at, done = self._samples[0]
        last = self._samples[-1]
        todo = max(sum(size for size in sizes if size is not None) - last[1], 0)
        if todo == 0:
            return Left(seconds=self._after)
        spent, moved = now - at, last[1] - done
        if spent < LEAST_S:
            guess = None if self._before is None else max(self._before - (now - self._began), 0.0)
            return Left(seconds=guess)
        if moved <= 0:
            return Left(seconds=None, stalled=True)
        rate = moved / spent
        return Left(seconds=todo / rate + (self._after or 0.0), rate=rate)

"""A service's points alone, and summed over a day and a week, beside what was before. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from orchestrator.core.detection.values import Look

DAY, WEEK = timedelta(days=1), timedelta(days=7)
HORIZON = timedelta(days=90)
DAYS, WEEKS = 10, 4  # of the past that must be known before anything is compared with it
WEEKLY = 3.0  # times the share below which nothing is said
STILL = 1.5  # times the stretch: where backups stood still for longer, it counts how long
LONGEST = 4.0  # times the stretch, and no more: a wrong clock would excuse everything
ENTRY = 500  # bytes of a file's name, date and owner, which are added whatever changed of it
TORN = 8  # a file counts as rewritten when an eighth of the ordinary size is new,
PIECE = 16 << 10  # or so many bytes: less is a date or an owner that changed

Past = tuple[tuple["Sums", ...], ...]


class Tally(NamedTuple):
    """What one point adds to the sums; `gap`: how long it had to gather that.

    `before`: how many files the point before it had. `first`: it had none to be compared with.
    """

    look: Look
    gap: timedelta
    before: int
    rewritten: int
    first: bool


class Sums(NamedTuple):
    """Points together: `files` as many as there were at most, `lost` by how many they fell."""

    points: int
    files: int
    size: int
    touched: int
    rewritten: int
    lost: int
    added: int
    packed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One stretch of time up to now, and stretches of that length before it.

    `words` name it in a sentence, `unit` its past. `part`: what the newest point alone adds.
    `past`: the newest first; of single points it has those of a day together. `need`: how many of
    it must be known. `floor`: how many times the least share counts. `scale`: how many times
    longer than the stretch the present had.
    """

    words: str
    unit: str
    now: Sums
    part: Sums
    past: Callable[[], Past]
    need: int
    floor: float = 1.0
    scale: float = 1.0

    @property
    def known(self) -> bool:
        """Whether there is enough of the past to compare with."""
        return len(self.past()) >= self.need

    def shares(self, amount: int, part: int) -> bool:
        """Say whether the newest point has part in an amount: half of an even share at least.

        What is over is not said again with every point until its day or its week has passed.
        """
        return 2 * part * self.now.points >= amount


def windows(history: Sequence[Look], new: Look, rewritten: int | None = None) -> Iterator[Window]:
    """Yield the newest point alone, then with the rest of its day, then of its week.

    `rewritten`: how many files of it may have new content, where the lists told; without them
    whatever restic counts as changed.
    """
    last = _tally(history[-1] if history else None, new, rewritten=rewritten)

    @cache
    def past() -> list[Tally]:
        return list(_told(history))

    part = _sums([last])
    yield Window(
        words="in one backup",
        unit="days",
        now=part,
        part=part,
        past=cache(lambda: _single(past(), last)),
        need=DAYS,
    )
    yield _summed(history, last, past, span=DAY, words="within 24 hours", need=DAYS)
    yield _summed(history, last, past, span=WEEK, words="within 7 days", need=WEEKS)


def _told(history: Sequence[Look]) -> Iterator[Tally]:
    before: Look | None = None
    for look in history:
        # restic found no snapshot to compare it with: other paths, or the very first.
        alone = look.changed + look.unmodified == 0 and look.new == look.files > 0
        yield _tally(before, look, first=before is None or alone)
        before = look


def _tally(
    before: Look | None, look: Look, *, first: bool | None = None, rewritten: int | None = None
) -> Tally:
    first = before is None if first is None else first
    many = look.changed if rewritten is None else rewritten
    if many:
        ordinary = look.size / max(look.files, 1)
        content = max(look.added - ENTRY * (look.new + look.changed), 0)
        many = min(many, int(content / max(min(ordinary / TORN, PIECE), 1.0)))
    many = 0 if first else many
    if before is None:
        return Tally(look, timedelta(0), 0, many, first)
    return Tally(look, abs(look.data_time - before.data_time), before.files, many, first)


def _single(past: Sequence[Tally], last: Tally) -> Past:
    """Return single points that had at least half as long as the newest to gather, by day.

    Of a day on which nothing happened there is nothing.
    """
    least = min(last.gap, WEEK) / 2
    fit = [t for t in past if t.gap >= least and not t.first]
    days = [day for _, day in _stretches(fit, last.look, DAY)[: HORIZON // DAY]]
    return tuple(tuple(_sums([t]) for t in day if t.look.added) for day in days)


def _summed(  # noqa: PLR0913 - what a stretch is made of
    history: Sequence[Look],
    last: Tally,
    past: Callable[[], list[Tally]],
    *,
    span: timedelta,
    words: str,
    need: int,
) -> Window:
    present = [last]
    begin = last.look.data_time - span
    for at in range(len(history) - 1, -1, -1):
        if not begin < history[at].data_time <= last.look.data_time:
            break
        before = history[at - 1] if at else None
        present.append(_tally(before, history[at]))
    present.reverse()
    covered = sum((t.gap for t in present), timedelta(0)) / span

    def stretches() -> Past:
        least = len(present) / 2  # what retention has thinned out is no whole stretch any more
        found = [
            stretch
            for at, stretch in _stretches(past(), last.look, span)
            if at != 0 and len(stretch) >= least and not any(t.first for t in stretch)
        ]
        return tuple((_sums(stretch),) for stretch in found[: HORIZON // span])

    return Window(
        words=words,
        unit="days" if span == DAY else "weeks",
        now=_sums(present),
        part=_sums([last]),
        past=cache(stretches),
        need=need,
        floor=1.0 if span == DAY else WEEKLY,
        scale=min(covered, LONGEST) if covered > STILL else 1.0,
    )


def _stretches(told: Sequence[Tally], new: Look, span: timedelta) -> list[tuple[int, list[Tally]]]:
    """Divide by stretches that end where the newest point is, the newest first, no empty ones.

    Counted are stretches that hold something, not dates: a clock that jumped takes no history.
    """
    found: dict[int, list[Tally]] = defaultdict(list)
    for tally in told:
        found[(new.data_time - tally.look.data_time) // span].append(tally)
    return sorted(found.items())


def _sums(tallies: Sequence[Tally]) -> Sums:
    before = files = tallies[0].before
    touched = rewritten = added = packed = 0
    for tally in tallies:
        look = tally.look
        files = max(files, look.files)
        touched += look.new + look.changed
        rewritten += tally.rewritten
        added += look.added
        packed += look.packed
    last = tallies[-1].look
    lost = max(before - last.files, 0)
    return Sums(len(tallies), max(files, 1), last.size, touched, rewritten, lost, added, packed)

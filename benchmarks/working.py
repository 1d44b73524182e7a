"""A year of one office, as restic would count it: deterministic for a seed.

Modelled are files by kind, not one by one. What restic adds besides their content are the entries
of every folder that was touched: 380 bytes each, which compress to 0.22 (measured with 0.19.1; the
component test asks both versions again). Work has hours, days off, holidays, month ends and weeks
of closure; and now and then happens what looks like an attack and is none.
"""

# ruff: noqa: PLR2004 - the figures of a model stand where they are used

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from orchestrator.core.detection.values import Changes, Look

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from benchmarks.offices import Office

ENTRY, ENTRY_RATIO = 380, 0.22
FOLDER = 40  # entries
BEGIN = datetime(2025, 1, 6, 1, 0, tzinfo=UTC)
HOURS = dict(zip(range(8, 19), (4, 9, 11, 11, 5, 4, 10, 11, 11, 8, 3), strict=True))
WHOLE = sum(HOURS.values())
AGAIN = 2.0  # an hourly backup sees a file that is worked on all day twice, a nightly one once
UPDATED = {".dll": 0.5, ".exe": 0.1, ".xml": 0.2, ".png": 0.12, ".chm": 0.05, ".pdf": 0.03}


@dataclass(slots=True)
class Point:
    """What happened since the point before."""

    gone: Counter[str] = field(default_factory=Counter)
    came: Counter[str] = field(default_factory=Counter)
    modified: Counter[str] = field(default_factory=Counter)
    touched: int = 0  # changed in date or owner alone
    added: float = 0.0
    packed: float = 0.0

    def store(self, size: float, ratio: float) -> None:
        """Take new content in."""
        self.added += size
        self.packed += size * ratio

    def folders(self, count: float) -> None:
        """Take in the entries of so many folders."""
        self.store(count * FOLDER * ENTRY, ENTRY_RATIO)


class Site:
    """One office at work."""

    def __init__(self, office: Office, seed: int, every: timedelta) -> None:
        self.random = random.Random(seed)  # noqa: S311 - it makes figures, no secret
        vary = self.random.lognormvariate
        people = vary(0, 0.35)
        self.office = office
        self.every = every
        self.kinds = {
            kind.ext: replace(
                kind,
                files=max(int(kind.files * people * vary(0, 0.3)), 5),
                mean=int(kind.mean * vary(0, 0.25)),
            )
            for kind in office.kinds
        }
        self.files = Counter({kind.ext: kind.files for kind in self.kinds.values()})
        self.busy = people * vary(0, 0.3)
        self.closed = self._closures()
        self.pace: dict[date, float] = {}

    @property
    def total(self) -> int:
        """How many files there are."""
        return sum(self.files.values())

    def size(self) -> int:
        """How many bytes there are."""
        return sum(n * self.mean(ext) for ext, n in self.files.items())

    def mean(self, ext: str) -> int:
        """How large a file of a kind is on average."""
        kind = self.kinds.get(ext)
        return kind.mean if kind else 300_000

    def ratio(self, ext: str) -> float:
        """How files of a kind compress."""
        kind = self.kinds.get(ext)
        return kind.ratio if kind else 0.6

    def year(self) -> Iterator[tuple[Look, Changes]]:
        """Yield the points of a year with what a diff would tell of each."""
        at, end = BEGIN, BEGIN + timedelta(days=365)
        yield self._first(at), Changes()
        rates = self._rates()
        per_step = self.every / timedelta(days=365)
        off = 0.0
        while (at := at + self.every) < end:
            if self.random.random() < 0.5 * per_step:  # the machine is off for some days
                off = self.random.uniform(1, 6)
            if off > 0:
                off -= self.every / timedelta(days=1)
                continue
            point = Point()
            self._work(point, at)
            for event, rate in rates.items():
                if self.random.random() < rate * per_step and self._open(at.date()):
                    getattr(self, event)(point)
            yield (
                self._look(point, at),
                Changes(
                    gone=dict(point.gone), came=dict(point.came), modified=dict(point.modified)
                ),
            )

    # --- ordinary work ---------------------------------------------------------------------------

    def _work(self, point: Point, at: datetime) -> None:
        office = self.office
        load = 0.0
        hour = at - self.every
        while hour < at:
            load += HOURS.get(hour.hour, 0) / WHOLE * self._of_day(hour)
            hour += timedelta(hours=1)
        if not load:
            return
        load *= self.busy * self.random.lognormvariate(0, 0.4)
        again = AGAIN if self.every < timedelta(hours=12) else 1.0
        edited = self._share(self._poisson(office.edits * load * again), "edits")
        came = self._share(self._poisson(office.news * load), "news")
        gone = self._share(self._poisson(office.gone * load), "news")
        for ext, count in edited.items():
            self.edit(point, ext, count)
        for ext, count in came.items():
            self.make(point, ext, count)
        self.remove(point, gone)
        many = sum(edited.values()) + sum(came.values()) + sum(gone.values())
        point.folders(math.ceil(many**0.8) + (3 if many else 0))
        if office.nightly_dump and (at - self.every).date() != at.date():
            self.make(point, ".zip", 1)
            point.store(self.size() * 0.002, 1.0)

    def edit(self, point: Point, ext: str, count: int) -> None:
        """Have files of a kind worked on."""
        count = min(count, self.files[ext])
        kind = self.kinds.get(ext)
        point.modified[ext] += count
        point.store(self._bytes(ext, count) * (kind.fresh if kind else 1.0), self.ratio(ext))

    def make(self, point: Point, ext: str, count: int, *, ratio: float | None = None) -> None:
        """Have new files of a kind."""
        self.files[ext] += count
        point.came[ext] += count
        point.store(self._bytes(ext, count), self.ratio(ext) if ratio is None else ratio)

    def remove(self, point: Point, gone: Counter[str]) -> None:
        """Have files removed."""
        for ext, count in gone.items():
            fewer = min(count, max(self.files[ext] - 1, 0))
            self.files[ext] -= fewer
            point.gone[ext] += fewer

    # --- what looks like an attack and is none ---------------------------------------------------

    def imported(self, point: Point) -> None:
        """Many new files at once: photos, scans."""
        count = int(self.office.import_files * self.random.lognormvariate(0, 0.8))
        self.make(point, self.office.import_ext, count)
        point.folders(count / FOLDER + 3)

    def moved(self, point: Point) -> None:
        """Folders are reorganised: the same files under other paths."""
        part = self._slice(self.random.uniform(0.05, 0.6))
        point.gone.update(part)
        point.came.update(part)
        point.folders(sum(part.values()) / FOLDER + 5)

    def archived(self, point: Point) -> None:
        """Old folders are put into a few archives and removed."""
        part = self._slice(self.random.uniform(0.03, 0.2))
        size = sum(n * self.mean(ext) for ext, n in part.items())
        self.remove(point, part)
        self.make(point, ".zip", self.random.randint(1, 6))
        point.store(size * 0.8, 1.0)
        point.folders(10)

    def cleaned(self, point: Point) -> None:
        """A part is removed; one in ten times a whole share."""
        share = self.random.uniform(0.01, 0.12)
        if self.random.random() < 0.1:
            share = self.random.uniform(0.15, 0.7)
        self.remove(point, self._slice(share))
        point.folders(10)

    def converted(self, point: Point) -> None:
        """The old format of a program becomes its new one."""
        old = next((ext for ext in (".doc", ".xls", ".rtf", ".dwg") if ext in self.files), ".pdf")
        count = int(self.files[old] * self.random.uniform(0.3, 1.0))
        self.remove(point, Counter({old: count}))
        self.make(point, f"{old}x", count)
        point.folders(count / FOLDER + 3)

    def batched(self, point: Point) -> None:
        """One kind is changed in place: text recognition, watermarks, a template."""
        ext = self.random.choice(sorted(self.kinds))
        count = min(int(self.total * self.random.uniform(0.01, 0.15)), self.files[ext])
        self.edit(point, ext, count)
        point.folders(count / FOLDER + 3)

    def updated(self, point: Point) -> None:
        """A program that lies in the share is updated."""
        count = self.random.randint(80, 700)
        for ext, share in UPDATED.items():
            self.files[ext] = max(self.files[ext], int(share * count))
            self.edit(point, ext, int(share * count))
        self.make(point, ".dll", count // 10)
        point.folders(count / FOLDER + 3)

    def touched(self, point: Point) -> None:
        """The rights or the dates of very many files are set anew."""
        point.touched += int(self.total * self.random.uniform(0.2, 1.0))
        point.folders(point.touched / FOLDER)

    # --- figures ---------------------------------------------------------------------------------

    def _rates(self) -> dict[str, float]:
        """How often what happens in a year; more often, for it happens on working hours alone."""
        office = self.office
        found = {
            "imported": office.imports,
            "moved": office.moves,
            "archived": office.archivings,
            "cleaned": office.cleanups,
            "converted": office.conversions,
            "batched": office.batches,
            "updated": office.updates,
            "touched": office.touches,
        }
        return {event: rate * 365 / 235 for event, rate in found.items()}

    def _first(self, at: datetime) -> Look:
        point = Point()
        for ext, count in self.files.items():
            point.store(count * self.mean(ext), self.ratio(ext))
        point.folders(self.total / FOLDER)
        point.came = Counter(self.files)
        return self._look(point, at)

    def _look(self, point: Point, at: datetime) -> Look:
        new = sum(point.came.values())
        changed = min(sum(point.modified.values()) + point.touched, self.total - new)
        return Look(
            run=f"{at:%Y%m%dT%H%M}",
            data_time=at,
            files=self.total,
            size=self.size(),
            new=new,
            changed=changed,
            unmodified=self.total - new - changed,
            added=int(point.added),
            packed=int(point.packed),
        )

    def _closures(self) -> set[date]:
        """Weeks of holidays in August, the days after Christmas, and single days off."""
        days = self.random.sample(range(365), 12)
        august = self.random.randint(205, 220)
        shut = [*days, *range(august, august + self.random.choice((7, 14, 21))), *range(352, 361)]
        return {(BEGIN + timedelta(days=day)).date() for day in shut}

    def _open(self, day: date) -> bool:
        return self._of_date(day) > 0

    def _of_day(self, hour: datetime) -> float:
        return self._of_date(hour.date())

    def _of_date(self, day: date) -> float:
        if day not in self.pace:
            self.pace[day] = self._drawn(day)
        return self.pace[day]

    def _drawn(self, day: date) -> float:
        """How busy a day is, next to an ordinary one."""
        weekday, number, month = day.weekday(), day.day, day.month
        if day in self.closed or weekday == 6 or (weekday == 5 and self.random.random() < 0.8):
            return 0.0
        pace = self.random.lognormvariate(0, 0.4) * (0.3 if weekday == 5 else 1.0)
        if number >= 28 or number <= 4:  # month ends, and more at those of quarters and years
            pace *= self.random.uniform(1.5, 3.5) * (1.5 if month in {1, 4, 7, 10} else 1.0)
        if self.random.random() < 0.04:  # a tender, a mailing to all clients
            pace *= self.random.uniform(2, 5)
        return pace

    def _share(self, count: int, weights: str) -> Counter[str]:
        """Divide by the kinds' weights."""
        weighed = {ext: getattr(kind, weights) for ext, kind in self.kinds.items()}
        if not count or not any(weighed.values()):
            return Counter()
        return Counter(self.random.choices(list(weighed), list(weighed.values()), k=count))

    def _slice(self, share: float) -> Counter[str]:
        return Counter({ext: int(n * share) for ext, n in self.files.items()})

    def _bytes(self, ext: str, count: int) -> float:
        """Return what so many files of a kind weigh: few of them may be anything."""
        mean, sigma = self.mean(ext), 0.9
        if count > 25:
            return max(self.random.gauss(count * mean, mean * 1.1 * math.sqrt(count)), 0.2 * mean)
        middle = math.log(mean) - sigma * sigma / 2
        return sum(self.random.lognormvariate(middle, sigma) for _ in range(count))

    def _poisson(self, expected: float) -> int:
        if expected > 40:
            return max(round(self.random.gauss(expected, math.sqrt(expected))), 0)
        limit, count, product = math.exp(-expected), 0, self.random.random()
        while product > limit:
            count += 1
            product *= self.random.random()
        return count

"""How well attacks are detected, and how often ordinary work is taken for one.

`python -m benchmarks.detection` prints the table: false alarms on years of ordinary work in
generated offices, and what of each attack is seen, for several values of the rule's `CAUTION`.
The offices are those of `offices.PUBLISHED`. The rule was chosen on those of `TUNED` (`--tuned`),
whose kinds of files, habits and seeds are others; then it was tried once on other seeds of the
published ones, its faults were mended, and the table is of seeds that nothing was chosen on.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.encrypting import ATTACKS, overlaid
from benchmarks.offices import PUBLISHED, TUNED
from benchmarks.working import Site
from orchestrator.core.detection.limits import CAUTION
from orchestrator.core.detection.rule import shown, worth_lists
from orchestrator.core.detection.values import ALARM

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.offices import Office
    from orchestrator.core.detection.values import Changes, Look

CAUTIONS = (1.0, 1.25, 1.5, 2.0, 3.0, 5.0)
NIGHTLY = timedelta(days=1)
EVERY = (*[NIGHTLY] * 4, timedelta(hours=2), *[NIGHTLY] * 3, timedelta(hours=1), NIGHTLY)
EPISODE = timedelta(days=3)  # what follows within it is the same alarm
KNOWN = 60  # days of ordinary work before an attack
REMEMBERED = timedelta(days=95)  # of the past, beyond what the rule looks at
SEEDS = {"published": 310_000, "tuned": 1_000}


@dataclass(slots=True)
class Tally:
    """What was counted for one value of `CAUTION`."""

    points: int = 0
    listed: int = 0
    alarms: int = 0
    tickets: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    noticed: Counter[str] = field(default_factory=Counter)
    delays: dict[str, list[int]] = field(default_factory=dict)


class Strength(NamedTuple):
    """The values of `CAUTION` below which a point has a sign, and below which it is an attack.

    `listed`: the lists of files were asked for.
    """

    one: float = 0.0
    two: float = 0.0
    words: tuple[str, ...] = ()
    listed: bool = False


def strength(history: Sequence[Look], new: Look, changes: Changes) -> Strength:
    """Judge a point as the rule does, for all values of `CAUTION` at once."""
    if not worth_lists(history, new, caution=min(CAUTIONS)):
        return Strength()  # it has no sign at any of them
    found = Strength(listed=True)
    for window in shown(history, new, changes):
        much = sorted((times for times, _ in window), reverse=True)
        found = found._replace(one=max(found.one, *much[:1], 0.0))
        if len(much) >= ALARM and much[ALARM - 1] > found.two:
            words = tuple(str(sign.word) for _, sign in window)
            found = found._replace(two=much[ALARM - 1], words=words)
    return found


def ordinary(
    points: Sequence[tuple[Look, Changes]], every: timedelta, tallies: dict[float, Tally]
) -> list[str]:
    """Count the false alarms of a year; say what made those of the rule as it is."""
    last: dict[tuple[float, int], Look] = {}
    said = []
    looks = [look for look, _ in points]
    for at, (look, changes) in enumerate(points):
        history = looks[max(at - REMEMBERED // every, 0) : at]
        one, two, words, listed = strength(history, look, changes)
        for tally in tallies.values():
            tally.points += 1
            tally.listed += listed
        for caution, tally in tallies.items():
            for signs, much in ((ALARM, two), (1, one)):
                if much <= caution:
                    continue
                before = last.get((caution, signs))
                last[caution, signs] = look
                if before is not None and look.data_time - before.data_time <= EPISODE:
                    continue
                if signs == ALARM:
                    tally.alarms += 1
                    if caution == CAUTION:
                        said.append(f"{look.data_time:%Y-%m-%d %H:%M} {', '.join(words)} {changes}")
                else:
                    tally.tickets += 1
    return said


def attacked(
    points: Sequence[tuple[Look, Changes]],
    files: Counter[str],
    begin: int,
    every: timedelta,
    tallies: dict[float, Tally],
) -> None:
    """Count what is seen of each attack that begins after a point, and how late."""
    looks = [look for look, _ in points[:begin]]
    for attack in ATTACKS:
        history = looks[-(REMEMBERED // every) :]
        known = len(history)
        open_ = dict.fromkeys(tallies, False)
        ticket = dict.fromkeys(tallies, False)
        for look, changes in overlaid(points, attack, begin, files):
            one, two, _, _ = strength(history, look, changes)
            for caution, tally in tallies.items():
                if two > caution and not open_[caution]:
                    open_[caution] = True
                    tally.seen[attack.name] += 1
                    tally.delays.setdefault(attack.name, []).append(len(history) - known + 1)
                if one > caution and not ticket[caution]:
                    ticket[caution] = True
                    tally.noticed[attack.name] += 1
            history.append(look)
            if all(open_.values()):
                break
        for tally in tallies.values():
            tally.asked[attack.name] += 1


def run(offices: Sequence[Office], seed: int, years: int, tallies: dict[float, Tally]) -> None:
    """Have every office work for so many years, each with its own figures."""
    for number in range(years):
        office = offices[number % len(offices)]
        every = EVERY[number // len(offices) % len(EVERY)]
        site = Site(office, seed + number, every)
        points = list(site.year())
        for line in ordinary(points, every, tallies):
            print(f"  false alarm: {office.name} {number}, every {every}: {line}", file=sys.stderr)
        begin = random.Random(seed + number).randrange(  # noqa: S311 - it makes figures, no secret
            KNOWN * timedelta(days=1) // every, len(points) - 31 * timedelta(days=1) // every
        )
        attacked(points, site.files, begin, every, tallies)


def table(tallies: dict[float, Tally], years: int) -> Iterable[str]:
    """Yield the lines of the table."""
    head = "  ".join(f"{caution:>7.2f}" for caution in tallies)
    yield f"{'CAUTION':<44}{head}"
    row = "  ".join(f"{t.alarms:>3}/{years:<3}" for t in tallies.values())
    yield f"{'false alarms (P1) in site-years':<44}{row}"
    row = "  ".join(f"{t.tickets / years:>7.1f}" for t in tallies.values())
    yield f"{'one sign alone or more, per site-year':<44}{row}"
    tally = next(iter(tallies.values()))
    yield f"lists of files asked for: {tally.listed / tally.points:.2%} of {tally.points:,} points"
    for attack in ATTACKS:
        name = attack.name
        row = "  ".join(f"{t.seen[name] / t.asked[name]:>7.0%}" for t in tallies.values())
        yield f"{name + ': P1':<44}{row}"
        row = "  ".join(f"{t.noticed[name] / t.asked[name]:>7.0%}" for t in tallies.values())
        yield f"{'   at least a ticket':<44}{row}"
        row = "  ".join(
            f"{_late(t.delays[name]):>7}" if name in t.delays else f"{'-':>7}"
            for t in tallies.values()
        )
        yield f"{'   backups until the P1, median/9 of 10':<44}{row}"


def _late(backups: list[int]) -> str:
    late = sorted(backups)
    return f"{median(late):.0f}/{late[int(0.9 * len(late))]}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="benchmarks.detection", description=__doc__)
    parser.add_argument("--years", type=int, default=60, help="site-years of ordinary work")
    parser.add_argument("--tuned", action="store_true", help="the offices the rule was chosen on")
    asked = parser.parse_args()
    which = "tuned" if asked.tuned else "published"
    tallies = {caution: Tally() for caution in CAUTIONS}
    run(TUNED if asked.tuned else PUBLISHED, SEEDS[which], asked.years, tallies)
    print(f"{asked.years} site-years, {which} offices; the rule's CAUTION is {CAUTION}")
    for line in table(tallies, asked.years):
        print(line)


if __name__ == "__main__":
    main()

"""The index of files: a million of them on paper, a hundred thousand from a real repository.

`python -m benchmarks.find [--files 1000000] [--real 100000]`. Synthetic: office names in folders of
forty, four points of which each changes two thousand. Real: `pra find` on files that exist, the
first search and the second. Every search is timed five times, in a newly opened index; the pages
of the file are in the machine's memory, as after the search that brought it forward.
"""

from __future__ import annotations

import argparse
import random
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.ground import PRA, Ground
from orchestrator.adapters.index import Index
from orchestrator.core.finding.pattern import pattern
from orchestrator.core.finding.values import Asked, Entry, Held

if TYPE_CHECKING:
    from collections.abc import Iterator

NIGHT = datetime(2026, 11, 1, 21, 0, tzinfo=UTC)
POINTS, CHANGED, BATCH, TURNS = 4, 2_000, 5_000, 5
BOUND_MS = 300
KINDS: tuple[str, ...] = (
    "devis",
    "Facture",
    "contrat",
    "Photo",
    "Chantier",
    "compta",
    "client",
    "bilan",
)
KINDS += ("plan", "Commande", "relevé", "été", "Société", "rapport", "note", "lettre", "réunion")
ENDS = ("pdf", "docx", "xlsx", "jpg", "ODS", "txt")
SEARCHES = (
    "devis*2026*",
    "Relevé-été-2025-1234*",
    "*12345*",
    "facture",
    "*.pdf",
    "compta/",
    "compta/*/devis*2026*",
    "no-such-name-at-all.ods",
    "x",
)


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(prog="benchmarks.find", description=__doc__)
    parser.add_argument("--files", type=int, default=1_000_000)
    parser.add_argument("--real", type=int, default=100_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pra-bench-") as folder:
        place = Path(folder) / "bench.db"
        synthetic(place, asked.files)
        if asked.real:
            real(Ground(Path(folder)), asked.real)


def synthetic(place: Path, count: int) -> None:
    """Build an index on paper, bring it forward, search it."""
    sample: list[Entry] = []
    began = time.monotonic()
    with Index.open(place) as index:
        entries = names(count)
        while some := list(islice(entries, BATCH)):
            index.seen(some)
            sample += some[:: max(1, count // CHANGED // 10)]
        index.take(point(0), touched=False)
        print(f"built of {count:,} files in {time.monotonic() - began:.1f} s")
        for number in range(1, POINTS + 1):
            began = time.monotonic()
            other = [
                Entry(one.folder, one.name, one.size + number, one.mtime + number)
                for one in sample[:CHANGED]
            ]
            index.touched([f"{one.folder}/{one.name}" for one in other])
            index.seen(other)
            index.take(point(number), touched=True)
            print(f"{len(other):,} changed files taken up in {time.monotonic() - began:.1f} s")
    print(f"{place.stat().st_size / 1e6:.0f} MB on disk, {resident():.0f} MB of memory at most")
    for text in SEARCHES:
        spent = [searched(place, text) for _ in range(TURNS)]
        found = spent[0][1]
        took = median(one for one, _ in spent)
        print(f"{text:<26} {took:7.1f} ms  {found:<32} {'yes' if took <= BOUND_MS else 'NO'}")


def searched(place: Path, text: str) -> tuple[float, str]:
    """Search once in an index that was just opened: milliseconds, and what was found."""
    began = time.monotonic()
    with Index.open(place) as index:
        answer = index.search(pattern(text), Asked(limit=20))
    took = (time.monotonic() - began) * 1000
    more = f" and {answer.more} more" if answer.more else ""
    return took, f"{len(answer.files)} files{more}, {len(answer.near)} like it"


def real(ground: Ground, count: int) -> None:
    """Search files that exist, through `pra` itself."""
    root = ground.fresh("srv")
    for one in names(count, str(root)):
        path = Path(one.folder) / one.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    source = f"{{files: {{paths: [{root}]}}}}"
    checks = "[{name: files, files: {at_least: 1}}]"
    repository = ground.home / "repository"
    env = ground.policy("policy", repository=repository, source=source, checks=checks)
    ground.run([str(PRA), "backup", "bench"], env=env)
    find = [str(PRA), "find", "bench", "devis*2026*"]
    first = ground.timed(find, env=env)
    again = ground.timed(find, env=env)
    (root / "devis 2026.txt").write_text("new")
    ground.run([str(PRA), "backup", "bench"], env=env)
    newer = ground.timed(find, env=env)
    for name, took in (("first", first), ("second", again), ("after a new point", newer)):
        print(f"pra find on {count:,} real files, {name}: {took.seconds:.1f} s")
    (index,) = (Path(env["PRA_STATE"]) / "cache" / "find").glob("*.db")
    print(f"{index.stat().st_size / 1e6:.0f} MB on disk")


def names(count: int, root: str = "/srv/partage") -> Iterator[Entry]:
    """Return files as an office has them, forty to a folder, as restic lists them."""
    dice = random.Random(2026)  # noqa: S311 - data, not secrets
    for number in range(count):
        if number % 40 == 0:
            kind, year = KINDS[number // 40 % len(KINDS)], 2010 + number // 4000 % 17
            folder = f"{root}/{kind}/{year}/{dice.choice(KINDS)}-{number // 40:05d}"
        name = f"{dice.choice(KINDS).title()}-{dice.choice(KINDS)}-{dice.randint(2010, 2026)}"
        at = int(NIGHT.timestamp()) - dice.randint(0, 10**8)
        yield Entry(folder, f"{name}-{number}.{dice.choice(ENDS)}", number, at * 1_000_000)


def point(number: int) -> Held:
    """Return the point of one night."""
    at = NIGHT + timedelta(days=number)
    return Held(
        service="share",
        source="share",
        run=f"r{number}",
        data_time=at,
        usable_at=at,
        tree=f"tree {number}",
        suspected=False,
        snapshots={"far": "f" * 64},
    )


def resident() -> float:
    """Return the most memory that this process ever had, in MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1000 if sys.platform == "linux" else most / 1e6


if __name__ == "__main__":
    main()

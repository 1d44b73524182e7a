"""Print the table: `python -m benchmarks [--runs 5] [--only WORD]`."""

from __future__ import annotations

import argparse
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks import burgled, cases, copies, daemon, relock, rewind
from benchmarks import line as long_line
from benchmarks.ground import PRA, Ground, Timed
from orchestrator.demo.servers import PostgresServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.cases import Pair

HEADER = (
    f"{'case':<20} {'ours':>8} {'by hand':>8} {'ratio':>6} {'fixed':>7} {'slope':>6} "
    f"{'restic':>9}  {'bound':<18} held"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Medians of one pair on one size: wall seconds, restic processes."""

    ours: float
    raw: float
    ours_restics: int
    raw_restics: int


def measure(pair: Pair, runs: int) -> Measured:
    """Run both in turn, ours first and last alike: a machine that slows down slows both."""
    ours: list[Timed] = []
    raw: list[Timed] = []
    for turn in range(runs):
        for which in ("ours", "raw") if turn % 2 == 0 else ("raw", "ours"):
            (ours if which == "ours" else raw).append(getattr(pair, which)())
    return Measured(
        ours=median(t.seconds for t in ours),
        raw=median(t.seconds for t in raw),
        ours_restics=max(t.restics for t in ours),
        raw_restics=max(t.restics for t in raw),
    )


def line(name: str, small: Measured, large: Measured, *, fixed: float, slope: float) -> str:
    """Return one row; the bound is fixed seconds + slope x the same by hand."""
    steep = (large.ours - small.ours) / max(large.raw - small.raw, 0.001)
    bound = fixed + slope * large.raw
    words = f"{fixed:.1f} s + {slope:.2f}x" if fixed else f"{slope:.2f}x"
    return (
        f"{name:<20} {large.ours:7.2f}s {large.raw:7.2f}s {large.ours / large.raw:6.3f} "
        f"{small.ours - small.raw:6.2f}s {steep:6.3f} "
        f"{large.ours_restics:>4} / {large.raw_restics:<2}  {words:<18} "
        f"{'yes' if large.ours <= bound else 'NO'}"
    )


def main() -> None:
    """Measure everything that was asked for."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="", help="cases whose name holds this word")
    asked = parser.parse_args()
    os.umask(0o022)
    with tempfile.TemporaryDirectory(prefix="pra-bench-") as folder, PostgresServer() as server:
        Path(folder).chmod(0o755)  # the database's user passes through it
        ground = Ground(Path(folder))
        print(f"{asked.runs} runs each, in turn, medians; {os.cpu_count()} cores\n{HEADER}")
        if asked.only in "backup of files":
            files = {n: cases.files_of(ground, n) for n in cases.SIZES}
            both = [
                measure(cases.backup_of_files(ground, files[n]), asked.runs) for n in cases.SIZES
            ]
            print(line("backup of files", *both, fixed=2.0, slope=1.02), flush=True)
        if asked.only in "drill of files":
            files = {n: cases.files_of(ground, n) for n in cases.SIZES}
            both = [
                measure(cases.drill_of_files(ground, files[n], n), asked.runs) for n in cases.SIZES
            ]
            print(line("drill of files", *both, fixed=2.0, slope=1.05), flush=True)
        sources = {
            n: cases.make_database(server, n, rows)
            for n, rows in cases.ROWS.items()
            if asked.only in "backup of database drill of database"
        }
        if asked.only in "backup of database":
            both = [
                measure(cases.backup_of_database(ground, server, n, sources[n]), asked.runs)
                for n in sources
            ]
            print(line("backup of database", *both, fixed=2.0, slope=1.02), flush=True)
        if asked.only in "drill of database":
            both = [
                measure(cases.drill_of_database(ground, sources[n], n), asked.runs) for n in sources
            ]
            print(line("drill of database", *both, fixed=0.0, slope=1.10), flush=True)
        if asked.only in "pra --help":
            took = median(ground.timed([str(PRA), "--help"]).seconds for _ in range(asked.runs))
            print(bounded("pra --help", took, 0.150, "s"), flush=True)
        for part in (far, watched):
            for row in part(ground, asked.only, asked.runs):
                print(row, flush=True)


def far(ground: Ground, only: str, runs: int) -> Iterator[str]:
    """Measure copies, a long line, and work on a bucket with very many objects; one line each."""
    if only in "copy of files":
        both = [measure(copies.copy_of_files(ground, n), runs) for n in copies.SIZES]
        yield line("copy of files", *both, fixed=0.0, slope=1.05)
    if only in "drill over a long line":
        ours, raw = long_line.drill(ground, runs)
        yield bounded("drill over a long line", ours / raw, long_line.BOUND, "x")
    if only in "relock of 100,000":
        locked = relock.measure(runs=1)
        yield bounded("relock of 100,000", locked.ours / locked.raw, relock.BOUND, "x")
    if only in "rewind of 100,000":
        ours, raw = rewind.measure()
        yield bounded("rewind of 100,000", ours / raw, rewind.LIMIT, "x")
    if only in "page of a kit, off by":
        first = burgled.measure()[0]
        yield bounded("page of a kit, off by", abs(first.ratio - 1), burgled.HIGH - 1, "x")


def watched(ground: Ground, only: str, runs: int) -> Iterator[str]:
    """Measure the daemon; one line each."""
    if only in "daemon idle":
        resident, share = daemon.idle(ground)
        yield bounded("daemon idle: memory", resident, 80, "MB")
        yield bounded("daemon idle: a core", share, 0.5, "%")
    if only in "daemon start":
        yield bounded("daemon start, 200 x 5", daemon.start(ground, runs), 3, "s")
    if only in "daemon decide":
        yield bounded("daemon decide, 200 x 5", daemon.decisions(ground), 10, "ms")
    if only in "daemon lag":
        late, count = daemon.lag(ground)
        yield bounded(f"daemon lag, p99 of {count}", late, 1, "s")
    if only in "daemon page":
        took, count = daemon.failure_to_page(ground)
        yield bounded(f"daemon page, p99 of {count}", took, 1, "s")
    if only in "status of a million":
        yield bounded("status of a million", daemon.status(ground, runs), 0.3, "s")


def bounded(name: str, measured: float, bound: float, unit: str) -> str:
    """Return one row of a figure that stands alone."""
    held = "yes" if measured <= bound else "NO"
    return f"{name:<28} {measured:9.3f} {unit:<3} {'':>34} {f'{bound:g} {unit}':<18} {held}"


if __name__ == "__main__":
    main()

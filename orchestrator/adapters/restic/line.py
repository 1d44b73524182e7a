"""The line to a repository: its share by the hour, and how many connections it is worth.

restic takes its limits at its start. What can be interrupted without losing its work (a backup of
files, a copy) is started anew when other limits hold; everything else is started with the lower of
the limits now and at the next change.
"""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.core.limits import REST, SEED, lasting, rates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.core.limits import Rates
    from orchestrator.core.policy.model import Repository

CHANGED = "other limits hold from now on"
SPARE = timedelta(seconds=1)  # the clock of a machine is not the calendar's
PROBES = 4  # of which the first one connects
PROBE_S = 2.0
NEAR_S, FAR_S = 0.005, 0.015
# restic's own default, and what fills a line whose every connection is slow for being long.
CONNECTIONS, SOME, MANY = 5, 10, 20
EACH = 24 << 20  # bytes of memory that a connection of a restore takes, a pack and its pieces
_seeding: Counter[str] = Counter()
_lock = threading.Lock()


class Line:
    """What restic may take of the line to one repository; `timezone` is the site's."""

    def __init__(self, repository: Repository, timezone: str) -> None:
        self._repository = repository
        self._timezone = timezone
        self._connections: int | None = None

    def now(self, *, restartable: bool, seed: bool) -> Rates:
        """Return the limits for a transfer that starts now.

        A seed, the first backup of a service, may take days: it leaves a quarter to the others,
        who take no more than that while it runs.
        """
        limits, now = self._repository.limits, datetime.now(UTC)
        found = (rates if restartable else lasting)(limits, self._timezone, now)
        if seed:
            return found.share(SEED)
        return found.share(REST) if _seeding[self._repository.url] else found

    @contextlib.contextmanager
    def used(self, *, seed: bool) -> Iterator[None]:
        """Note that a seed is under way here."""
        if not seed:
            yield
            return
        with _lock:
            _seeding[self._repository.url] += 1
        try:
            yield
        finally:
            with _lock:
                _seeding[self._repository.url] -= 1

    def options(self) -> list[str]:
        """Return restic's options for reading much over this line, measured once."""
        if self._connections is None:
            self._connections = connections(round_trip(self._repository.url), available())
        few = self._connections == CONNECTIONS
        return [] if few else ["-o", f"s3.connections={self._connections}"]


def over(now: Rates) -> bool:
    """Whether other limits hold by now."""
    return now.until is not None and datetime.now(UTC) >= now.until + SPARE


def arguments(now: Rates) -> list[str]:
    """Return restic's options for a share of the line; it counts in KiB a second, whole ones."""
    given = (("--limit-upload", now.upload), ("--limit-download", now.download))
    return [f"{option}={max(rate // 1024, 1)}" for option, rate in given if rate is not None]


def round_trip(url: str) -> float | None:
    """Return the seconds from a small request to its answer, on an open connection; None: unknown.

    The way and what the storage takes to think: what every pack is waited for. Only for S3.
    """
    target = s3.address(url)
    if target is None:
        return None
    took = []
    with contextlib.closing(s3.connection(target, PROBE_S)) as connection:
        try:
            for _ in range(PROBES):
                began = time.monotonic()
                connection.request("HEAD", f"/{target.bucket}")
                connection.getresponse().read()
                took.append(time.monotonic() - began)
        except (OSError, http.client.HTTPException):
            return None
    return min(took)


def connections(round_trip_s: float | None, free: int) -> int:
    """Return how many connections are worth it: more over a long way, fewer with little memory.

    Measured over 40 ms with 80 Mbit/s a connection and 800 in all: a restore of 1.25 GB takes
    31 s with 5, 17.1 s with 10, 16.6 s with 20. Half of the free memory is left alone.
    """
    if round_trip_s is None or round_trip_s < NEAR_S:
        return CONNECTIONS
    wanted = MANY if round_trip_s >= FAR_S else SOME
    return max(CONNECTIONS, min(wanted, free // 2 // EACH))


def available() -> int:
    """Return the bytes of memory that are to be had, as the kernel reckons."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    return 0

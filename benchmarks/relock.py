"""A relock beside the same S3 calls alone: `python -m benchmarks.relock [--objects N] [--runs R]`.

Both are a child of their own with the same client and as many threads, list the same objects, and
ask for and extend the lock of each: twice as many requests as objects, and the pages. Each turn
asks for a lock four times as long as the one before, so that all objects are due again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median

from orchestrator.adapters.s3 import Bucket
from orchestrator.adapters.s3.relocking import relock
from orchestrator.core.policy.model import (
    Immutable,
    Location,
    LockMode,
    Repository,
    S3Access,
    Secret,
)
from orchestrator.demo.servers import S3Server
from restore_drills.process import Processes

OBJECTS = 100_000
BOUND = 1.20
FIRST = timedelta(minutes=30)  # longer than a turn takes, so that nothing ends on the way
LONGER = 4
THREADS = 16
LIMIT = timedelta(hours=2)
NAME, PREFIX = "bench", "till"
NOWHERE = Secret(kind="file", value=("/nowhere",))
RAW = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from orchestrator.adapters.s3.child.place import Place

brief = json.load(sys.stdin)
place = Place.of(brief)
until = datetime.now(UTC) + timedelta(seconds=brief["request"]["period_s"])
retention = {"Mode": "COMPLIANCE", "RetainUntilDate": until}

def one(key):
    place.client.get_object_retention(Bucket=place.bucket, Key=key)
    place.client.put_object_retention(Bucket=place.bucket, Key=key, Retention=retention)

def keys():
    pages = place.client.get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=place.bucket, Prefix=place.prefix):
        yield from (entry["Key"] for entry in page["Contents"])

with ThreadPoolExecutor(16) as threads:
    for _ in threads.map(one, keys()):
        pass
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Medians of both, in seconds."""

    ours: float
    raw: float


def measure(objects: int = OBJECTS, runs: int = 2) -> Measured:
    """Return the medians of so many turns on so many objects."""
    ours: list[float] = []
    raw: list[float] = []
    with S3Server() as server:
        place = _filled(server, objects)
        period = FIRST
        for turn in range(2 * runs):
            # Ours first and last alike: a machine that slows down slows both.
            first = turn % 4 in {0, 3}
            period *= LONGER
            seconds = _ours(place, objects, period) if first else _raw(place, period)
            (ours if first else raw).append(seconds)
    return Measured(ours=median(ours), raw=median(raw))


def _filled(server: S3Server, objects: int) -> Bucket:
    client = server.client()
    client.create_bucket(Bucket=NAME, ObjectLockEnabledForBucket=True)
    until = datetime.now(UTC) + FIRST

    def put(name: str) -> None:
        client.put_object(
            Bucket=NAME,
            Key=f"{PREFIX}/{name}",
            Body=b"x",
            ObjectLockMode="COMPLIANCE",
            ObjectLockRetainUntilDate=until,
        )

    names = [f"data/{n % 256:02x}/{n:064x}" for n in range(objects - 1)]
    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(put, ["config", *names]))
    repository = Repository(
        id="far",
        url=f"s3:{server.endpoint}/{NAME}/{PREFIX}",
        password=NOWHERE,
        s3=S3Access(access_key=NOWHERE, secret_key=NOWHERE, region=None),
        location=Location.OFFSITE,
        equipment=None,
        country=None,
    )
    keys = server.access_key.encode(), server.secret_key.encode()
    return Bucket(repository, keys, Processes("the-benchmark"))


def _ours(place: Bucket, objects: int, period: timedelta) -> float:
    began = time.monotonic()
    found = relock(place, Immutable(mode=LockMode.COMPLIANCE, period=period))
    seconds = time.monotonic() - began
    if (objects, objects) != (found.objects, found.extended):
        raise SystemExit(f"relock: {found}")
    return seconds


def _raw(place: Bucket, period: timedelta) -> float:
    brief = place.brief("raw", {"period_s": period.total_seconds()})
    began = time.monotonic()
    ended = Processes("the-benchmark").run(
        [sys.executable, "-c", RAW], env={"LANG": "C.UTF-8"}, timeout=LIMIT, stdin=brief
    )
    seconds = time.monotonic() - began
    if ended.code != 0:
        raise SystemExit(f"the calls alone: {ended.stderr[-2000:]}")
    return seconds


def main() -> None:
    """Measure, print one line, and end with 1 where the bound is not held."""
    parser = argparse.ArgumentParser(prog="benchmarks.relock", description=__doc__)
    parser.add_argument("--objects", type=int, default=OBJECTS)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = measure(asked.objects, asked.runs)
    ratio = found.ours / found.raw
    held = ratio <= BOUND
    if asked.json:
        print(json.dumps({"ours_s": found.ours, "raw_s": found.raw, "ratio": ratio, "held": held}))
    else:
        print(
            f"relock of {asked.objects} objects: {found.ours:.2f} s, the same calls alone "
            f"{found.raw:.2f} s, ratio {ratio:.3f}, bound {BOUND:.2f}: {'yes' if held else 'NO'}"
        )
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()

"""`pra repo rewind` beside the same S3 calls alone: one child, one client, as many threads.

`python -m benchmarks.rewind [OBJECTS]`; 100,000 versions without a number. A bucket is filled with
objects under their SHA-256 and wiped; then the calls that bring it back are made without a thought,
and once more by the real thing, each in a process of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from orchestrator.adapters.s3 import Bucket
from orchestrator.adapters.s3.rewind import rewind
from orchestrator.core.policy.model import Location, Repository, S3Access, Secret
from orchestrator.demo.servers import S3Server
from restore_drills.process import Processes

if TYPE_CHECKING:
    from collections.abc import Callable

    from mypy_boto3_s3 import S3Client

VERSIONS = 100_000
LIMIT = 1.2
SMALL_EACH = 50  # of this many objects one is an index, which is read, the others are packs
FILLERS = 16
REPEATS = 3
RAW = """
import json, sys
from concurrent.futures import ThreadPoolExecutor
from orchestrator.adapters.s3.child.place import THREADS, Place

brief = json.load(sys.stdin)
place = Place.of(brief)
client, bucket = place.client, place.bucket
FOLDERS = [f"data/{n:02x}/" for n in range(256)]

def listed(prefix):
    after, found = {}, []
    while True:
        said = client.list_object_versions(Bucket=bucket, Prefix=prefix, **after)
        found += [(v["Key"], v["VersionId"]) for v in said.get("Versions", ())]
        if not said["IsTruncated"]:
            return found
        after = {"KeyMarker": said["NextKeyMarker"]}
        if said.get("NextVersionIdMarker"):
            after["VersionIdMarker"] = said["NextVersionIdMarker"]

def restored(one):
    key, version = one
    if key.startswith("index/"):
        client.get_object(Bucket=bucket, Key=key, VersionId=version)["Body"].read()
    source = {"Bucket": bucket, "Key": key, "VersionId": version}
    client.copy_object(Bucket=bucket, Key=key, CopySource=source)

with ThreadPoolExecutor(THREADS) as pool:
    parts = pool.map(listed, ["config", "keys/", "snapshots/", "index/", *FOLDERS])
    found = [one for part in parts for one in part]
    print(sum(1 for _ in pool.map(restored, found)))
"""


def main() -> int:
    """Measure, print a line of each and the ratio; 1 when it is over the limit."""
    ours, raw = measure(int(sys.argv[1]) if len(sys.argv) > 1 else VERSIONS)
    print(f"rewind: {ours / raw:.2f}x the same calls alone (at most {LIMIT}x)")
    return int(ours / raw > LIMIT)


def measure(versions: int = VERSIONS) -> tuple[float, float]:
    """Return the seconds of both, ours first: the best of each where there are several turns."""
    with S3Server() as server:
        took: dict[str, list[float]] = {"raw": [], "ours": []}
        for number in range(1 if versions >= VERSIONS else REPEATS):
            for name, times in took.items():
                wiped = _wiped(server, f"bench-{name}-{number}", versions)
                times.append(_timed(server, wiped, versions, _raw if name == "raw" else _ours))
                print(f"{name}: {versions:,} objects back in {times[-1]:.1f} s", flush=True)
    return min(took["ours"]), min(took["raw"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiped:
    """A bucket whose objects were all deleted after an instant."""

    name: str
    at: datetime


def _timed(
    server: S3Server,
    wiped: Wiped,
    versions: int,
    work: Callable[[Bucket, Processes, datetime], int],
) -> float:
    nowhere = Secret(kind="file", value=("/nowhere",))
    repository = Repository(
        id="bench",
        url=f"s3:{server.endpoint}/{wiped.name}",
        password=nowhere,
        s3=S3Access(access_key=nowhere, secret_key=nowhere, region=None),
        location=Location.OFFSITE,
        equipment=None,
        country=None,
    )
    keys = (server.access_key.encode(), server.secret_key.encode())
    processes = Processes(f"bench-{os.getpid()}")
    began = time.monotonic()
    back = work(Bucket(repository, keys, processes), processes, wiped.at)
    if back != versions:
        raise SystemExit(f"{back} objects came back, not {versions}")
    return time.monotonic() - began


def _raw(bucket: Bucket, processes: Processes, _at: datetime) -> int:
    ended = processes.run(
        [sys.executable, "-c", RAW],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)},
        timeout=timedelta(hours=4),
        stdin=bucket.brief("raw", {}),
    )
    if ended.code:
        raise SystemExit(ended.stderr)
    return int(json.loads(ended.stdout))


def _ours(bucket: Bucket, _processes: Processes, at: datetime) -> int:
    return rewind(bucket, at).total("restored")


def _wiped(server: S3Server, name: str, versions: int) -> Wiped:
    """Fill a bucket and wipe it."""
    server.make_bucket(name)
    client = server.client()
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    with ThreadPoolExecutor(FILLERS) as pool:
        keys = list(pool.map(lambda n: _put(client, name, n), range(versions)))
        time.sleep(1.1)  # S3 counts in seconds
        at = datetime.now(UTC)
        time.sleep(1.1)
        for _ in pool.map(lambda key: client.delete_object(Bucket=name, Key=key), keys):
            pass
    return Wiped(name=name, at=at)


def _put(client: S3Client, bucket: str, number: int) -> str:
    content = number.to_bytes(8, "big") * 8
    name = hashlib.sha256(content).hexdigest()
    key = f"data/{name[:2]}/{name}" if number % SMALL_EACH else f"index/{name}"
    client.put_object(Bucket=bucket, Key=key, Body=content)
    return key


if __name__ == "__main__":
    sys.exit(main())

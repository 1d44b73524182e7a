"""A bucket that restic reads without its keys: through a child of ours, on the loopback.

`restic copy` knows one pair of S3 keys, and the two repositories of a copy must not share theirs.
So the source is read with our S3 library and served in restic's own REST protocol, read-only, and
no lock is taken there. The same door shows a bucket as it was: chosen versions of its objects.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import sys
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, TYPE_CHECKING, Any

from orchestrator.errors import Interrupted, RepositoryUnreachable
from restore_drills import errors as drills

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from orchestrator.adapters.s3.bucket import Bucket
    from restore_drills.process import Child, Processes

CHILD = ("-I", "-m", "orchestrator.adapters.s3.child.gateway")
READY = timedelta(seconds=60)
GOODBYE = timedelta(seconds=5)
ASK_EVERY_S = 0.25


@dataclass(slots=True)
class Served:
    """A gateway: its address for restic, and, once it is closed, what went through it."""

    url: str
    requests: int | None = None
    bytes: int | None = None
    locks: dict[str, Any] | None = None  # of the versions that were read, as `view.py` takes them

    def __repr__(self) -> str:  # the address holds a password
        return f"Served(requests={self.requests}, bytes={self.bytes})"


@contextlib.contextmanager
def gateway(
    bucket: Bucket,
    processes: Processes,
    *,
    versions: Mapping[str, tuple[str, int]] | None = None,
) -> Iterator[Served]:
    """Yield a `rest:` address at which restic reads a bucket's repository, and only that.

    `versions` are what it shows instead of the live objects: a path below the repository's place
    (`data/0a/0a12...`) to the id of its version and its size. Raises RepositoryUnreachable,
    Interrupted when the run was cancelled.
    """
    request = {} if versions is None else {"versions": dict(versions)}
    said: queue.Queue[dict[str, Any]] = queue.Queue()
    reader, writer = os.pipe()
    with contextlib.ExitStack() as stack:
        feed = os.fdopen(writer, "wb")
        stack.callback(_close, feed)
        try:
            child = processes.start(
                [sys.executable, *CHILD],
                env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
                stdin=reader,
                on_stdout=lambda line: _hear(line, said),
            )
        except drills.Interrupted as error:
            raise Interrupted(f"{bucket.repository.id}: {error}") from error
        finally:
            os.close(reader)
        stack.enter_context(child)
        with contextlib.suppress(BrokenPipeError):  # its end says more
            feed.write(bucket.brief("gateway", request) + b"\n")
            feed.flush()
        served = Served(url=_listening(bucket, child, said, processes))
        try:
            yield served
        finally:
            _close(feed)
            child.poll(GOODBYE.total_seconds())
            _counted(served, said)


def _close(feed: IO[bytes]) -> None:
    with contextlib.suppress(BrokenPipeError):  # what it never read
        feed.close()


def _listening(
    bucket: Bucket, child: Child, said: queue.Queue[dict[str, Any]], processes: Processes
) -> str:
    """Wait until the gateway has told its address."""
    waited = 0.0
    while waited < READY.total_seconds():
        with contextlib.suppress(queue.Empty):
            return str(said.get(timeout=ASK_EVERY_S)["listening"])
        waited += ASK_EVERY_S
        if processes.cancelled is not None:
            raise Interrupted(f"{bucket.repository.id}: stopped: {processes.cancelled}")
        if child.poll():
            break
    child.stop("it did not begin to listen", GOODBYE)
    last = (child.ended().stderr.strip().splitlines() or ["it said nothing"])[-1]
    raise RepositoryUnreachable(
        f"{bucket.repository.id}: the gateway to its bucket did not start: {last[:200]}",
        hint="Look whether memory or processes are short, then try again.",
        retryable=True,
    )


def _counted(served: Served, said: queue.Queue[dict[str, Any]]) -> None:
    """Take what the gateway says at its end."""
    with contextlib.suppress(queue.Empty):
        answer = said.get(timeout=1.0)["answer"]
        served.requests, served.bytes = int(answer["requests"]), int(answer["bytes"])
        served.locks = answer["locks"]


def _hear(line: bytes, said: queue.Queue[dict[str, Any]]) -> None:
    with contextlib.suppress(ValueError):
        said.put(json.loads(line))

"""A repository as its versions show it was, for restic to read; the bucket is not touched."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from orchestrator.adapters.s3.gateway import gateway

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.adapters.s3.bucket import Bucket
    from orchestrator.adapters.s3.gateway import Served
    from restore_drills.process import Processes

LISTED_WITHIN = timedelta(hours=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Locks:
    """How the versions that were read are locked.

    Our keys can delete `bare` ones for good today, and `liftable` ones with one right more
    (governance mode). `least_until`: when the first lock is over.
    """

    read: int
    bare: int
    liftable: int
    least_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """The versions to show: a path to the id of its version and its size.

    `is_versioned`: the bucket keeps versions; otherwise there is nothing else here. `as_of` is the
    instant they show: the one asked for, or just before the bucket was wiped. `lost` objects have
    no good version; `taken` were deleted or overwritten after `as_of`.
    """

    is_versioned: bool
    as_of: datetime
    versions: dict[str, tuple[str, int]] = field(default_factory=dict)
    lost: int = 0
    taken: int = 0


def select(bucket: Bucket, at: datetime, undone: datetime | None = None) -> Selection:
    """Choose the versions that show the repository as it was at `at`.

    `undone`: as it would have been then, had nobody deleted anything since this earlier instant.
    Raises RepositoryAbsent, RepositoryRefused, RepositoryUnreachable, Interrupted.
    """
    chosen: dict[str, tuple[str, int]] = {}

    def take(said: dict[str, Any]) -> None:
        chosen.update({path: (version, size) for path, version, size in said["chosen"]})

    asked = {"at": at.isoformat(), "undone": undone.isoformat() if undone else None}
    answer = bucket.ask("view", asked, timeout=LISTED_WITHIN, tell=take)
    if not answer["versioned"]:
        return Selection(is_versioned=False, as_of=at)
    return Selection(
        is_versioned=True,
        as_of=datetime.fromisoformat(answer["as_of"]),
        versions=chosen,
        lost=answer["lost"],
        taken=answer["taken"],
    )


@contextlib.contextmanager
def showing(bucket: Bucket, selection: Selection, processes: Processes) -> Iterator[Served]:
    """Yield a gateway to the chosen versions; `locks_of` counts what was read once it is closed."""
    with gateway(bucket, processes, versions=selection.versions) as served:
        yield served


def locks_of(served: Served) -> Locks | None:
    """Return how what was read is locked; None where the gateway did not end well."""
    said = served.locks
    if said is None:
        return None
    until = said["least_until"]
    return Locks(
        read=said["read"],
        bare=said["bare"],
        liftable=said["liftable"],
        least_until=datetime.fromisoformat(until) if until else None,
    )

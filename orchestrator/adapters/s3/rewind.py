"""Bringing a repository back from the versions of its objects, as the parent asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from orchestrator.core.rewinding.choice import Burst, Kind
from orchestrator.core.rewinding.values import Rewound, Tally
from orchestrator.errors import RepositoryRefused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from orchestrator.adapters.s3.bucket import Bucket

LONG = timedelta(days=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """How far a rewind is; while it still lists, `of` is None and `done` counts versions."""

    done: int
    of: int | None


def rewind(
    bucket: Bucket,
    at: datetime,
    *,
    dry_run: bool = False,
    read: bool = False,
    tell: Callable[[Moved], None] = lambda _moved: None,
) -> Rewound:
    """Bring the bucket's repository back to what it was at `at`; with `dry_run`, only count.

    `read`: every object of data is read and hashed on the way, also where nothing else was ever
    written under its name. `tell` is called in another thread. Raises RepositoryRefused when the
    bucket keeps no versions, or the keys may not do it.
    """
    request = {"at": at.isoformat(), "dry_run": dry_run, "read": read}
    answer = bucket.ask("rewind", request, timeout=LONG, tell=lambda said: tell(_moved(said)))
    if not answer["versioned"]:
        raise RepositoryRefused(
            f"{bucket.repository.id}: bucket {bucket.address.bucket} keeps no versions: what was"
            " deleted or overwritten in it is gone, and nothing can be rewound",
            hint="Recover from another repository, and make a bucket with Object Lock.",
        )
    return Rewound(
        versions=answer["versions"],
        kinds={Kind(name): Tally(**tally) for name, tally in answer["kinds"].items()},
        lost_keys=tuple(answer["lost"]),
        configs=answer["configs"],
        bursts=tuple(_burst(burst) for burst in answer["bursts"]),
    )


def _moved(said: Mapping[str, Any]) -> Moved:
    if "listed" in said:
        return Moved(done=said["listed"], of=None)
    return Moved(done=said["done"], of=said["of"])


def _burst(said: Mapping[str, Any]) -> Burst:
    start, end = (datetime.fromisoformat(said[name]) for name in ("start", "end"))
    return Burst(**{**said, "start": start, "end": end})

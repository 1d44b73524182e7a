"""Extending the Object Lock of a repository's live objects, as its bucket's child does it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.adapters.s3.bucket import Bucket
    from orchestrator.core.policy.model import Immutable

WITHIN = timedelta(days=3)  # a million objects over a slow line; a run may be stopped


@dataclass(frozen=True, slots=True, kw_only=True)
class Relocked:
    """What a relock found and did; fields as in RelockFinished."""

    objects: int
    extended: int
    bare: int
    least_until: datetime | None
    least_key: str
    problems: tuple[str, ...]


def relock(
    bucket: Bucket,
    immutable: Immutable,
    *,
    dry_run: bool = False,
    moved: Callable[[int, int], None] = lambda _looked_at, _extended: None,
) -> Relocked:
    """Give every live object whose lock ends too soon a whole period again.

    `dry_run` counts what it would extend. `moved` takes how many objects were looked at and
    extended so far, in another thread. Interrupted half-way, the next one goes on: what has enough
    left is passed over. Raises RepositoryAbsent, RepositoryRefused, RepositoryUnreachable,
    Interrupted.
    """

    def tell(said: dict[str, Any]) -> None:
        moved(said["objects"], said["extended"])

    answer = bucket.ask(
        "relock",
        {
            "mode": immutable.mode.value.upper(),
            "period_s": immutable.period.total_seconds(),
            "dry_run": dry_run,
        },
        timeout=WITHIN,
        tell=tell,
    )
    least = answer["least_until"]
    return Relocked(
        objects=answer["objects"],
        extended=answer["extended"],
        bare=answer["bare"],
        least_until=datetime.fromisoformat(least) if least else None,
        least_key=answer["least_key"],
        problems=tuple(answer["problems"]),
    )

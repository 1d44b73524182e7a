"""What restic counted at each point of a service, read from a repository's listing alone. Pure."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from orchestrator.core.detection.values import Look
from restore_drills.seal import SOURCE as SEAL

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from restore_drills.model import Snapshot


def looks(
    snapshots: Iterable[Snapshot],
    host: str,
    service: str,
    *,
    outcomes: Collection[str] | None = None,
    run: str = "",
) -> dict[str, tuple[Look, ...]]:
    """Return what was counted at every run of a service, by source name, the oldest first.

    `outcomes`: only runs whose seal says one of these, and `run`, which may have none yet. A
    snapshot without figures, as a restic before 0.17 made them, is not there.
    """
    mine = [s for s in snapshots if s.host == host and s.tag("service") == service]
    # What was rewritten or copied bears the tags of its original, which comes first.
    mine.sort(key=lambda s: (s.time, s.original is not None, s.id))
    sealed: dict[str, str] = {}
    found: dict[str, dict[str, Look]] = defaultdict(dict)
    for one in mine:
        its_run, source = one.tag("run"), one.tag("source")
        if not its_run or not source:
            continue
        if source == SEAL:
            sealed.setdefault(its_run, one.tag("outcome") or "")
        elif (look := _look(one, its_run)) is not None:
            found[source].setdefault(its_run, look)
    return {
        source: tuple(
            look
            for look in by_run.values()
            if outcomes is None or look.run == run or sealed.get(look.run) in outcomes
        )
        for source, by_run in found.items()
    }


def by(history: Sequence[Look], at: datetime) -> list[Look]:
    """Return the part of a history that restic saw at an instant: it compares with nothing later.

    What is dated later was made while a clock was ahead, and is no past of what is made now. Where
    that is most of it, it is the clock of now that was set back, and all of it is the past.
    """
    past = [look for look in history if look.data_time <= at]
    return past if 2 * len(past) > len(history) else list(history)


def _look(snapshot: Snapshot, run: str) -> Look | None:
    figures = snapshot.figures
    if figures is None or snapshot.files is None or snapshot.bytes is None:
        return None
    return Look(
        run=run,
        data_time=snapshot.time,
        files=snapshot.files,
        size=snapshot.bytes,
        new=figures.files_new,
        changed=figures.files_changed,
        unmodified=figures.files_unmodified,
        added=figures.added_bytes,
        packed=figures.packed_bytes,
    )

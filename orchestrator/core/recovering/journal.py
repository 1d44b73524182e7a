"""What a recovery that may be cut short writes down where it restores to. Pure.

It goes on with the same points: what was chosen stands here, by snapshot and tree, before the first
byte is fetched.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from orchestrator.core.codec import instant
from restore_drills.model import LATEST, Step

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMAT = 1
WORKED, STOOD = "earlier", "interrupted"  # steps of a recovery that went on


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a person asked for; the same again goes on where it was cut short.

    `kit` are the words that open the kit from which all of it comes; the next one may say others.
    """

    site: str
    services: tuple[str, ...]  # none: all
    scenario: str
    path: str = ""
    repository: str | None = None
    kit: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """The point of one service; `snapshots` is source name to snapshot id and tree id.

    `whole`: every byte of it was fetched and verified, and it stands under its own name.
    """

    repository: str
    run: str
    data_time: datetime
    snapshots: Mapping[str, tuple[str, str]]
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """`t0` is the disaster's instant as the first run took it, `point` how it was chosen.

    `runs` are all that worked on it: the last one `since` then, those before it for `worked`.
    `over`: nothing is left to do; what stands there is the client's.
    """

    asked: Asked
    began: datetime
    t0: datetime
    runs: tuple[str, ...]
    since: datetime
    point: str = LATEST
    worked: timedelta = timedelta(0)
    points: Mapping[str, Pinned] = field(default_factory=dict)
    over: bool = False


def encode(journal: Journal) -> str:
    """Return the journal as text."""
    asked = journal.asked
    return json.dumps(
        {
            "format": FORMAT,
            "site": asked.site,
            "services": list(asked.services),
            "scenario": asked.scenario,
            "path": asked.path,
            "repository": asked.repository,
            "began": journal.began.isoformat(),
            "t0": journal.t0.isoformat(),
            "point": journal.point,
            "runs": list(journal.runs),
            "since": journal.since.isoformat(),
            "worked_s": journal.worked.total_seconds(),
            "points": {
                service: {
                    "repository": one.repository,
                    "run": one.run,
                    "data_time": one.data_time.isoformat(),
                    "snapshots": {name: list(ids) for name, ids in one.snapshots.items()},
                    "whole": one.whole,
                }
                for service, one in journal.points.items()
            },
            "over": journal.over,
        },
        ensure_ascii=False,
        indent=1,
    )


def decode(text: str) -> Journal:
    """Return what was encoded. Raises ValueError for anything else."""
    try:
        said = json.loads(text)
        if said["format"] != FORMAT:
            raise ValueError(f"format {said['format']}")
        return Journal(
            asked=Asked(
                site=said["site"],
                services=tuple(said["services"]),
                scenario=said["scenario"],
                path=said["path"],
                repository=said["repository"],
            ),
            began=instant(said["began"]),
            t0=instant(said["t0"]),
            point=said["point"],
            runs=tuple(said["runs"]),
            since=instant(said["since"]),
            worked=timedelta(seconds=said["worked_s"]),
            points={service: _pinned(one) for service, one in said["points"].items()},
            over=said["over"],
        )
    except (LookupError, TypeError, AttributeError, ArithmeticError, RecursionError) as error:
        raise ValueError(f"not a journal: {error}") from error


def went_on(journal: Journal, run: str, seen: datetime, now: datetime) -> Journal:
    """Return the journal with one more run; of the one before, it was `seen` at work until then."""
    last = max(min(seen, now) - journal.since, timedelta(0))
    return replace(
        journal, runs=(*journal.runs, run), since=now, worked=journal.worked + last, over=False
    )


def earlier(journal: Journal) -> tuple[Step, ...]:
    """Return what was before the last run as steps of it: work, and standing still between."""
    if len(journal.runs) <= 1:
        return ()
    worked = journal.worked.total_seconds()
    return (
        Step(name=WORKED, began=0.0, seconds=worked),
        Step(name=STOOD, began=worked, seconds=stood(journal).total_seconds()),
    )


def stood(journal: Journal) -> timedelta:
    """Return for how long nothing was at work between the runs.

    Where the clock was put back meanwhile there is no telling: nothing.
    """
    return max(journal.since - journal.began - journal.worked, timedelta(0))


def _pinned(said: dict[str, object]) -> Pinned:
    snapshots = said["snapshots"]
    if not isinstance(snapshots, dict):
        raise TypeError("snapshots")
    return Pinned(
        repository=str(said["repository"]),
        run=str(said["run"]),
        data_time=instant(str(said["data_time"])),
        snapshots={name: (str(ids[0]), str(ids[1])) for name, ids in snapshots.items()},
        whole=said["whole"] is True,
    )


def other(journal: Journal, asked: Asked) -> str:
    """Say in a few words how what is asked differs from what was begun; empty: it is the same."""
    was = journal.asked
    told = []
    if was.site != asked.site:
        told.append(f"of the site {was.site}")
    if was.services != asked.services:
        told.append(f"of {', '.join(was.services) or 'all services'}")
    if was.path != asked.path:
        told.append(f"of {was.path or 'whole services'}")
    if was.scenario != asked.scenario:
        told.append(f"under {was.scenario}")
    if was.repository != asked.repository:
        told.append(f"from {was.repository or 'the nearest copy'}")
    return ", ".join(told)


def words(asked: Asked, target: str) -> tuple[str, ...]:
    """Return the command that goes on with it, word by word."""
    more = [f"--scenario={asked.scenario}"]
    more += [f"--path={asked.path}"] if asked.path else []
    more += [f"--repository={asked.repository}"] if asked.repository else []
    return ("pra", "recover", asked.site, *asked.services, f"--to={target}", *more, *asked.kit)

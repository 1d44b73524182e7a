"""What a rewind did, or would do, for a person and for a program. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from orchestrator.reports.words import size, when
from restore_drills.document import stamp
from restore_drills.spans import duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from orchestrator.core.events import Hurt
    from orchestrator.core.rewinding.choice import Burst
    from orchestrator.core.rewinding.values import Rewinding, Rewound

NEWEST = 3  # points of a service that are named


def burst_line(burst: Burst, timezone: str) -> str:
    """Say when objects were taken away, and how many."""
    words = [
        f"{number:,} {what}"
        for number, what in ((burst.deleted, "deleted"), (burst.overwritten, "overwritten"))
        if number
    ]
    vital = f", {burst.vital:,} of them keys, snapshots or config" if burst.vital else ""
    lasted = f" in {duration(burst.end - burst.start)}" if burst.end > burst.start else ""
    return f"{when(burst.start, timezone)}: {' and '.join(words)}{lasted}{vital}"


def timeline(bursts: Sequence[Burst], timezone: str) -> list[str]:
    """Return the lines that help to choose the instant."""
    if not bursts:
        return ["Nothing was ever deleted or overwritten, as far as the versions tell."]
    worst = max(bursts, key=lambda burst: (burst.total, burst.start))
    lines = ["When objects were deleted or overwritten:"]
    for burst in bursts:
        mark = "  <- the most" if burst is worst and len(bursts) > 1 else ""
        lines.append(f"  {burst_line(burst, timezone)}{mark}")
    return lines


def points_lines(points: Iterable[Hurt], timezone: str) -> list[str]:
    """Return which recovery points there are, the newest of every service first."""
    by_service: dict[str, list[Hurt]] = {}
    for point in points:
        by_service.setdefault(point.service, []).append(point)
    lines = []
    for service, known in by_service.items():
        known.sort(key=lambda point: point.data_time, reverse=True)
        named = ", ".join(when(point.data_time, timezone) for point in known[:NEWEST])
        more = f" and {len(known) - NEWEST} older" if len(known) > NEWEST else ""
        lines.append(f"  {service}: {named}{more}")
    return lines or ["  none"]


def points_document(points: Iterable[Hurt]) -> list[dict[str, Any]]:
    """Return the points as `--json` gives them."""
    return [
        {"service": point.service, "run": point.run, "data_time": stamp(point.data_time)}
        for point in points
    ]


def bursts_document(bursts: Iterable[Burst]) -> list[dict[str, Any]]:
    """Return the timeline as `--json` gives it."""
    return [
        {
            "start": stamp(burst.start),
            "end": stamp(burst.end),
            "deleted": burst.deleted,
            "overwritten": burst.overwritten,
            "vital": burst.vital,
        }
        for burst in bursts
    ]


def counted(number: int, what: str, of: int | None = None) -> str:
    """Say a number of objects, and of how many bytes."""
    return f"  {number:>9,} {what}{f' ({size(of)})' if of else ''}"


def foreseen_text(plan: Rewound, repository: str, at: datetime | None, timezone: str) -> str:
    """Return what a rewind would do; without an instant, only when things happened."""
    lines = [f"{repository}: {plan.versions:,} versions", *timeline(plan.bursts, timezone)]
    worst = max(plan.bursts, key=lambda burst: (burst.total, burst.start), default=None)
    if at is None:
        if worst is not None:
            before = worst.start - timedelta(seconds=1)
            lines += ["", f"Just before the greatest: --at {to_the_second(before, timezone)!r}"]
        return "\n".join(lines)
    lines += ["", f"As it was at {to_the_second(at, timezone)}:"]
    if plan.is_nothing:
        return "\n".join([*lines, "  there was nothing: choose a later instant"])
    lines += [
        counted(plan.total("restored"), "objects to bring back", plan.total("copied")),
        counted(plan.total("whole"), "are there already"),
        counted(plan.total("aside"), "came later and would be hidden, none deleted"),
        counted(plan.total("lost"), "are gone for good, as far as the listing tells"),
        f"To be read and hashed first: {size(plan.total('read'))}.",
        *_configs(plan),
    ]
    return "\n".join(lines)


def text(done: Rewinding, *, site: str, timezone: str) -> str:
    """Return what was done and what the repository has again."""
    event, told = done.event, done.bucket
    lines = [
        f"{event.repository}: as it was at {to_the_second(event.at, timezone)}",
        counted(event.restored, "objects brought back", told.total("copied")),
        counted(told.total("whole"), "were there already"),
        counted(event.set_aside, "came later: hidden, none deleted"),
        counted(event.lost, "lost: no good version is left"),
        *(f"            {key}" for key in told.lost_keys),
        *_configs(told),
        f"It is {'sound' if event.sound else 'NOT sound'}"
        + (f": {done.fault}" if done.fault else ", as far as restic's check read it."),
        *([f"  {done.remedy}"] if done.remedy else []),
        "Recovery points:",
        *points_lines(event.points, timezone),
        f"It took {duration(timedelta(seconds=event.seconds))}.",
    ]
    if event.sound and event.points:
        lines.append(
            f"Next: change the keys that were stolen, `pra repo relock {site}` where it is locked,"
            f" then `pra drill {site}`."
        )
    return "\n".join(lines)


def _configs(plan: Rewound) -> list[str]:
    if plan.configs <= 1:
        return []
    return [f"The config has {plan.configs} different versions: the oldest one is taken."]


def document(done: Rewinding) -> dict[str, Any]:
    """Return the document of a rewind."""
    event, told = done.event, done.bucket
    return {
        "site": event.site,
        "repository": event.repository,
        "run": event.run,
        "at": stamp(event.at),
        "dry_run": False,
        "restored": event.restored,
        "whole": told.total("whole"),
        "set_aside": event.set_aside,
        "lost": event.lost,
        "lost_keys": list(told.lost_keys),
        "sound": event.sound,
        "fault": done.fault or None,
        "points": points_document(event.points),
        "copied_bytes": told.total("copied"),
        "read_bytes": told.total("read"),
        "kinds": _kinds(told),
        "timeline": bursts_document(told.bursts),
        "seconds": event.seconds,
    }


def foreseen_document(
    plan: Rewound, site: str, repository: str, at: datetime | None
) -> dict[str, Any]:
    """Return the document of a dry run: what was not tried is null."""
    return {
        "site": site,
        "repository": repository,
        "run": None,
        "at": stamp(at) if at else None,
        "dry_run": True,
        "restored": plan.total("restored"),
        "whole": plan.total("whole"),
        "set_aside": plan.total("aside"),
        "lost": plan.total("lost"),
        "lost_keys": list(plan.lost_keys),
        "sound": None,
        "fault": None,
        "points": None,
        "copied_bytes": plan.total("copied"),
        "read_bytes": plan.total("read"),
        "kinds": _kinds(plan),
        "timeline": bursts_document(plan.bursts),
        "seconds": None,
    }


def to_the_second(at: datetime, timezone: str) -> str:
    """Write an instant as `--at` takes it, in the site's time zone."""
    return f"{at.astimezone(ZoneInfo(timezone)):%Y-%m-%d %H:%M:%S}"


def _kinds(told: Rewound) -> dict[str, dict[str, int]]:
    names = ("restored", "whole", "aside", "lost")
    return {
        str(kind): {name: getattr(tally, name) for name in names}
        for kind, tally in told.kinds.items()
    }

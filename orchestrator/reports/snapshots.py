"""The recovery points and where they are, as a JSON document and as lines for a person. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orchestrator.core.codec import timestamp
from orchestrator.reports.words import columns, size, when
from restore_drills.points import CLOCKS_AGREE_WITHIN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from orchestrator.core.copies.whereabouts import Place, Whereabouts
    from orchestrator.errors import PraError

SHOWN = 30


def document(
    site: str,
    points: Sequence[Whereabouts],
    unasked: Mapping[str, PraError],
    now: datetime,
    *,
    limit: int | None = None,
) -> dict[str, Any]:
    """Return the body of `pra snapshots --json`, without its schema number.

    `suspected` is null where nobody can say: of what another machine made, or another restic, and
    of what is no point. `suspicions`: the services whose newest point is suspected. `ahead`: dated
    in the future, and used by nothing.
    """
    return {
        "site": site,
        "points": [{**_entry(point), "ahead": _is_ahead(point, now)} for point in points[:limit]],
        "suspicions": [_suspicion(one) for one in _suspicions(points, now)],
        "unasked": [
            {"repository": name, "error": str(error), "remedy": error.hint or None}
            for name, error in unasked.items()
        ],
    }


def text(  # noqa: PLR0913 - what a page of it needs
    site: str,
    points: Sequence[Whereabouts],
    unasked: Mapping[str, PraError],
    zone: str,
    now: datetime,
    *,
    limit: int | None = None,
    verbose: bool = False,
) -> str:
    """Return one line a point, newest first. What is foreign is counted, or shown where all is."""
    ours = [point for point in points if not point.foreign]
    foreign = len(points) - len(ours)
    shown = list(points) if verbose or not ours else ours
    most = SHOWN if limit is None else limit
    lines = []
    if shown:
        header = ("data of", "service", "size", "usable in", "run", "")
        lines += columns([header, *(_row(point, zone, now) for point in shown[:most])])
    elif not unasked:
        lines.append(f"{site}: no recovery point yet. Make one with `pra backup {site}`.")
    if len(shown) > most:
        lines.append(f"and {len(shown) - most} older ones (--limit {len(shown)})")
    if foreign and not ours:
        lines.append(
            "The log of this machine made none of these: they are another machine's, or somebody's."
        )
    elif foreign:
        more = "" if verbose else " (--verbose shows them)"
        lines.append(f"{foreign} more that no run of this log made{more}")
    lines += [_warning(one, zone) for one in _suspicions(points, now)]
    for error in unasked.values():
        lines.append(f"not in this list: {error}")
        lines += [f"  {error.hint}"] if error.hint else []
    return "\n".join(lines)


def _is_ahead(point: Whereabouts, now: datetime) -> bool:
    return point.data_time > now + CLOCKS_AGREE_WITHIN


def _suspicions(
    points: Sequence[Whereabouts], now: datetime
) -> list[tuple[Whereabouts, Whereabouts | None]]:
    """Return, by service, the first of its newest points that are suspected, and the last clean."""
    found = []
    # A sound point that a wrong clock has dated ahead of all others hides nothing.
    ours = [
        point
        for point in points
        if point.repositories
        and not point.foreign
        and (point.suspected or not _is_ahead(point, now))
    ]
    for service in dict.fromkeys(point.service for point in ours):
        mine = [point for point in ours if point.service == service]
        clean = next((n for n, point in enumerate(mine) if not point.suspected), len(mine))
        if clean:
            found.append((mine[clean - 1], mine[clean] if clean < len(mine) else None))
    return found


def _warning(one: tuple[Whereabouts, Whereabouts | None], zone: str) -> str:
    first, clean = one
    since = f"{first.service}: suspected since {when(first.data_time, zone)}; "
    if clean is None:
        return f"{since}there is no clean point before it in what was asked"
    at, where = when(clean.data_time, zone), ", ".join(clean.repositories)
    return f"{since}the last clean point is of {at}, in {where} (run {clean.run})"


def _suspicion(one: tuple[Whereabouts, Whereabouts | None]) -> dict[str, Any]:
    first, clean = one
    return {
        "service": first.service,
        "since": timestamp(first.data_time),
        "last_clean": None if clean is None else _entry(clean),
    }


def _row(point: Whereabouts, zone: str, now: datetime) -> tuple[str, ...]:
    remarks = [f"{p.repository}: {p.problem}" for p in point.places if p.problem]
    if _is_ahead(point, now):
        remarks.insert(0, "dated in the future, not used")
    if point.suspected:
        remarks.insert(0, "SUSPECTED, not to be used")
    if point.foreign:
        remarks.insert(0, "foreign")
    return (
        when(point.data_time, zone),
        point.service or "-",
        "-" if point.bytes is None else size(point.bytes),
        ", ".join(point.repositories) or "nowhere",
        point.run,
        ", ".join(remarks),
    )


def _entry(point: Whereabouts) -> dict[str, Any]:
    return {
        "service": point.service or None,
        "run": point.run,
        "data_time": timestamp(point.data_time),
        "usable_at": timestamp(point.usable_at) if point.usable_at else None,
        "repositories": list(point.repositories),
        "suspected": point.suspected,
        "bytes": point.bytes,
        "foreign": point.foreign,
        "places": [_place(place) for place in point.places],
    }


def _place(place: Place) -> dict[str, Any]:
    return {
        "repository": place.repository,
        "usable_at": timestamp(place.usable_at) if place.usable_at else None,
        "problem": place.problem or None,
    }

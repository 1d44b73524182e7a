"""What a verification found, as a person's page and as a JSON document. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from orchestrator.reports.words import duration, size, when

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from orchestrator.core.events import Damage, Hurt, VerifyFinished
    from orchestrator.errors import PraError

DAMAGED, UNREAD = 3, 1
SHOWN = 8  # points of one damaged thing, and damaged things
KINDS = {
    "data": "pack",
    "index": "index file",
    "snapshot": "snapshot file",
    "tree": "folder listing",
    "key": "key",
    "config": "config",
}
# What cannot be opened, nobody can repair from the inside.
SHUT = frozenset({"key", "config"})
SHORT_ID = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One repository: what was read, or the error that kept it from being read.

    `elsewhere`: by the run of a point, the other repositories that have it whole; None: not asked.
    """

    repository: str
    part: int
    parts: int
    run: str
    finished: VerifyFinished | None = None
    error: PraError | None = None
    elsewhere: Mapping[str, tuple[str, ...]] | None = None
    unasked: Mapping[str, str] = field(default_factory=dict)
    remote: bool = False


def document(site: str, rows: Sequence[Row]) -> dict[str, Any]:
    """Return the body of `pra verify --json`."""
    return {"site": site, "repositories": [_row(row) for row in rows]}


def text(site: str, row: Row, *, timezone: str) -> str:
    """Return the page of one repository."""
    return "\n".join(_lines(site, row, timezone))


def exit_code(rows: Sequence[Row]) -> int:
    """Return 3 where damage was found, else 1 where one could not be read, else 0."""
    if any(row.finished is not None and not row.finished.sound for row in rows):
        return DAMAGED
    return UNREAD if any(row.error is not None for row in rows) else 0


def point(hurt: Hurt, timezone: str) -> str:
    """Name a recovery point: the service, and when its data is of."""
    service = hurt.service or "somebody else's snapshot"
    return f"{service}, point of {when(hurt.data_time, timezone)} (run {hurt.run})"


def _row(row: Row) -> dict[str, Any]:
    ended = row.finished
    return {
        "repository": row.repository,
        "run": row.run,
        "part": row.part,
        "parts": row.parts,
        "sound": None if ended is None else ended.sound,
        "packs": ended.packs if ended else None,
        "read_bytes": ended.read_bytes if ended else None,
        "seconds": ended.seconds if ended else None,
        "damage": [_damage(one, row.elsewhere) for one in ended.damage] if ended else [],
        "error": None
        if row.error is None
        else {"code": row.error.code, "message": str(row.error), "remedy": row.error.hint or None},
    }


def _damage(damage: Damage, elsewhere: Mapping[str, tuple[str, ...]] | None) -> dict[str, Any]:
    return {
        "kind": damage.kind,
        "id": damage.id,
        "fault": damage.fault,
        "points": [
            {
                "service": hurt.service,
                "run": hurt.run,
                "data_time": hurt.data_time.isoformat().replace("+00:00", "Z"),
                "also_in": None if elsewhere is None else list(elsewhere.get(hurt.run, ())),
            }
            for hurt in damage.points
        ],
    }


def _lines(site: str, row: Row, timezone: str) -> Iterator[str]:
    if row.error is not None:
        said = str(row.error).removeprefix(f"{row.repository}: ")
        yield f"{row.repository}: NOT VERIFIED: {said}"
        if row.error.hint:
            yield f"  {row.error.hint}"
        return
    if row.finished is None:
        return
    ended = row.finished
    verdict = "sound" if ended.sound else "DAMAGED"
    yield f"{row.repository}: {verdict}; {_read(row, ended)}"
    if not ended.sound:
        yield from _damaged(site, row, ended, timezone)


def _read(row: Row, ended: VerifyFinished) -> str:
    what = "everything" if ended.parts == 1 else f"part {ended.part} of {ended.parts}"
    words = [what]
    if ended.packs is not None:
        words.append(f"{ended.packs} pack{'' if ended.packs == 1 else 's'}")
    took = duration(timedelta(seconds=ended.seconds))
    if ended.read_bytes is None:
        return f"{', '.join(words)}, read in {took}"
    egress = " of egress" if row.remote else ""
    return f"{', '.join(words)}, {size(ended.read_bytes)}{egress} read in {took}"


def _damaged(site: str, row: Row, ended: VerifyFinished, timezone: str) -> Iterator[str]:
    for one in ended.damage[:SHOWN]:
        name = f" {one.id[:SHORT_ID]}" if one.id else ""
        yield f"  {KINDS.get(one.kind, one.kind)}{name}: {one.fault}"
    if (left := len(ended.damage) - SHOWN) > 0:
        yield f"  and {left} more damaged things"
    points = hurt(ended.damage)
    if not points:
        yield "  no recovery point is known to need it"
    for each in points[:SHOWN]:
        yield f"  hurt: {point(each, timezone)}{_whole(each, row)}"
    if (left := len(points) - SHOWN) > 0:
        yield f"  and {left} older points"
    for name, why in row.unasked.items():
        yield f"  {name} could not be asked: {why}"
    yield from _remedy(site, row, ended)


def hurt(damage: Sequence[Damage]) -> list[Hurt]:
    """Return every point that is hurt, once, the newest first."""
    found = {(one.service, one.run): one for each in damage for one in each.points}
    return sorted(found.values(), key=lambda one: (one.data_time, one.run), reverse=True)


def _whole(one: Hurt, row: Row) -> str:
    if row.elsewhere is None:
        return ""
    where = row.elsewhere.get(one.run, ())
    return f"; also in {', '.join(where)}" if where else "; NOWHERE ELSE"


def _remedy(site: str, row: Row, ended: VerifyFinished) -> Iterator[str]:
    if any(one.kind in SHUT for one in ended.damage):
        yield "  It cannot be opened. Bring back what it opens with: from the versions of its"
        yield f"  bucket (`pra repo rewind {site} --at TIME`), or its files from the recovery kit."
        return
    yield f"  Repair it: pra repo repair {site} --repository {row.repository} --dry-run"

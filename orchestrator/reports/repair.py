"""A repair, planned or done, as a person's page and as a JSON document. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from orchestrator.reports.verify import KINDS, SHORT_ID, SHUT, point
from orchestrator.reports.words import duration, size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from orchestrator.core.events import Hurt, RepairFinished

DAMAGED = 3
SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a repair would do. `faults`: kind, id, what is wrong. `locks`: who is in the way."""

    repository: str
    origin: str
    faults: tuple[tuple[str, str, str], ...]
    salvage: tuple[str, ...]
    index: bool
    healed: tuple[Hurt, ...]
    lost: tuple[Hurt, ...]
    locks: tuple[str, ...]


def plan_document(site: str, plan: Plan) -> dict[str, Any]:
    """Return the body of `pra repo repair --dry-run --json`."""
    return {
        "site": site,
        "dry_run": True,
        "repository": plan.repository,
        "from": plan.origin or None,
        "sound": not plan.faults,
        "damage": [{"kind": k, "id": i, "fault": f} for k, i, f in plan.faults],
        "salvage": list(plan.salvage),
        "heal": [_point(one) for one in plan.healed],
        "lost": [_point(one) for one in plan.lost],
        "locks": list(plan.locks),
    }


def document(ended: RepairFinished) -> dict[str, Any]:
    """Return the body of `pra repo repair --json`."""
    return {
        "site": ended.site,
        "dry_run": False,
        "run": ended.run,
        "repository": ended.repository,
        "from": ended.origin or None,
        "sound": ended.sound,
        "healed": [_point(one) for one in ended.healed],
        "lost": [_point(one) for one in ended.lost],
        "fetched_bytes": ended.fetched_bytes,
        "seconds": ended.seconds,
    }


def plan_text(plan: Plan, *, timezone: str) -> str:
    """Return the page of a plan."""
    return "\n".join(_planned(plan, timezone))


def text(ended: RepairFinished, *, timezone: str) -> str:
    """Return the page of a repair."""
    return "\n".join(_done(ended, timezone))


def _planned(plan: Plan, timezone: str) -> Iterator[str]:
    if not plan.faults:
        yield f"{plan.repository}: sound, nothing to repair"
        return
    shut = any(kind in SHUT for kind, _, _ in plan.faults)
    would = "It cannot be opened, so no repair can start" if shut else "A repair would"
    yield f"{plan.repository}: DAMAGED; nothing was changed. {would}:"
    for kind, id_, words in plan.faults[:SHOWN]:
        yield f"  found: {f'{KINDS.get(kind, kind)} {id_[:SHORT_ID]}'.rstrip()}: {words}"
    if shut:
        yield "  Bring back its config and keys first: from the versions of its bucket"
        yield "  (`pra repo rewind`), or from the recovery kit."
        return
    if plan.locks:
        yield f"  be refused while somebody works there: {'; '.join(plan.locks)}"
    for number, step in enumerate(_steps(plan), 1):
        yield f"  {number}. {step}"
    for one in plan.healed[:SHOWN]:
        yield f"  would be healed: {point(one, timezone)}"
    for one in plan.lost[:SHOWN]:
        yield f"  would be LOST here: {point(one, timezone)}"
    if plan.lost and plan.origin:
        yield f"  {plan.origin} does not have it whole; name another with --from"


def _steps(plan: Plan) -> Iterator[str]:
    if plan.salvage:
        packs = f"{len(plan.salvage)} damaged pack{'' if len(plan.salvage) == 1 else 's'}"
        yield f"save {packs}, and keep what is good in them"
    if plan.index:
        yield "make the index tell what is there"
    if plan.healed and plan.origin:
        yield f"copy {_points(plan.healed)} back from {plan.origin}"
    yield "read everything again"


def _done(ended: RepairFinished, timezone: str) -> Iterator[str]:
    took = duration(timedelta(seconds=ended.seconds))
    fetched = ""
    if ended.fetched_bytes:
        fetched = f", {size(ended.fetched_bytes)} fetched from {ended.origin}"
    state = "sound: everything was read again" if ended.sound else "STILL DAMAGED"
    yield f"{ended.repository}: {state}; {took}{fetched}"
    for one in ended.healed[:SHOWN]:
        yield f"  healed: {point(one, timezone)}"
    if (left := len(ended.healed) - SHOWN) > 0:
        yield f"  and {left} older points"
    for one in ended.lost[:SHOWN]:
        yield f"  LOST here: {point(one, timezone)}"
    if (left := len(ended.lost) - SHOWN) > 0:
        yield f"  and {left} older points"
    if ended.lost:
        yield "  What they lack is in no repository that was asked. Nothing was thrown away: the"
        yield "  rest of them can be restored. A person decides what becomes of them; pra never"
        yield "  runs `restic repair snapshots`, which makes lost files look whole."


def _points(points: tuple[Hurt, ...]) -> str:
    return f"{len(points)} recovery point{'' if len(points) == 1 else 's'}"


def _point(one: Hurt) -> dict[str, Any]:
    said = asdict(one)
    said["data_time"] = one.data_time.isoformat().replace("+00:00", "Z")
    return said

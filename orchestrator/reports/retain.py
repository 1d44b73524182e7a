"""What a retention kept and removed, as a JSON document and as lines for a person. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.core.codec import timestamp
from orchestrator.core.retention.guards import allowance, counted
from orchestrator.reports.words import columns, size, when

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.core.copies.snapshots import Contents, Held
    from orchestrator.core.events import RetainFinished
    from orchestrator.core.retention.guards import Before
    from orchestrator.core.retention.thinning import Thinned
    from orchestrator.errors import PraError

DONE, IMPOSSIBLE, WITHHELD = 0, 1, 3
SHOWN_REMOVED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one repository. `finished` is None for a dry run, or with an `error`.

    `held`, `services`, `contents` and `before` are of the plan; None with an error.
    """

    repository: str
    run: str = ""
    finished: RetainFinished | None = None
    held: str = ""
    services: tuple[Thinned, ...] = ()
    contents: Contents | None = None
    before: Before | None = None
    error: PraError | None = None


def document(site: str, results: Sequence[Result]) -> dict[str, Any]:
    """Return what `pra repo retain --json` prints, without its schema number."""
    return {"site": site, "repositories": [_entry(result) for result in results]}


def exit_code(results: Sequence[Result]) -> int:
    """0 when all was done, 1 when one could not be, 3 when one was held back."""
    if any(result.error for result in results):
        return IMPOSSIBLE
    return WITHHELD if any(result.held for result in results) else DONE


def text(result: Result, zone: str, *, verbose: bool = False) -> str:
    """Return what a person reads of one repository; a dry run shows every point and its reasons."""
    if result.error is not None or result.contents is None:
        hint = getattr(result.error, "hint", "")
        return "\n".join([str(result.error), *([f"  {hint}"] if hint else [])])
    lines = [_summary(result)]
    for one in result.services:
        lines += _service(one, zone, is_dry=result.finished is None, verbose=verbose)
    foreign = len(result.contents.foreign)
    if foreign:
        lines.append(
            f"  {counted(foreign, 'snapshot')} that no run of this log made: neither counted nor"
            f" removed (`pra snapshots --verbose`)"
        )
    return "\n".join(lines)


def _summary(result: Result) -> str:
    done, kept, removable = result.finished, _kept(result), _removable(result)
    if result.held:
        return f"{result.repository}: held back, nothing removed: {result.held}"
    if done is None:
        limit = allowance(kept + removable, result.before, None) if result.before else 0
        return (
            f"{result.repository}: would remove {counted(removable, 'recovery point')} and keep"
            f" {kept} (a run may remove {limit})"
        )
    words = [f"{counted(done.removed, 'recovery point')} removed", f"{done.kept} kept"]
    if done.freed_bytes is None:
        words.append("the space not freed yet, the next run goes on")
    elif done.freed_bytes:
        words.append(f"about {size(done.freed_bytes)} freed")
    return f"{result.repository}: {', '.join(words)}, {done.seconds:.1f} s"


def _service(one: Thinned, zone: str, *, is_dry: bool, verbose: bool) -> list[str]:
    if one.retired:
        why = "the policy has no such service any more: a person removes them"
        return [f"  {one.service}: {counted(len(one.kept), 'point')} kept: {why}"]
    verb = "to remove" if is_dry else "removed"
    left = f", {counted(len(one.leftovers), 'unfinished run')}" if one.leftovers else ""
    lines = [f"  {one.service}: {len(one.kept)} kept, {len(one.removed)} {verb}{left}"]
    if not (is_dry or verbose):
        return lines
    shown = one.removed if verbose else one.removed[-SHOWN_REMOVED:]
    said = [(p, "keep", ", ".join(why)) for p, why in one.kept]
    said += [(p, "remove", "no rule keeps it") for p in shown]
    said += [(p, "remove", "unfinished") for p in one.leftovers]
    said.sort(key=lambda row: (row[0].data_time, row[0].run), reverse=True)
    rows: list[tuple[str, ...]] = [
        (when(p.data_time, zone), what, why, p.run) for p, what, why in said
    ]
    lines += [f"    {line}" for line in columns(rows)] if rows else []
    if len(shown) < len(one.removed):
        lines.append(f"    and {len(one.removed) - len(shown)} older ones to remove (--verbose)")
    return lines


def _kept(result: Result) -> int:
    return sum(len(one.kept) for one in result.services)


def _removable(result: Result) -> int:
    return sum(len(one.removed) for one in result.services)


def _entry(result: Result) -> dict[str, Any]:
    done, contents = result.finished, result.contents
    looked = contents is not None
    return {
        "repository": result.repository,
        "run": result.run or None,
        "held": result.held or None,
        "kept": (done.kept if done else _kept(result)) if looked else None,
        "removed": (done.removed if done else 0) if looked else None,
        "removable": _removable(result) if looked else None,
        "foreign": len(contents.foreign) if contents is not None else None,
        "freed_bytes": done.freed_bytes if done else None,
        "seconds": round(done.seconds, 3) if done else None,
        "error": str(result.error) if result.error else None,
        "services": [_listed(one) for one in result.services],
    }


def _listed(one: Thinned) -> dict[str, Any]:
    return {
        "service": one.service,
        "retired": one.retired,
        "kept": [{**_point(point), "reasons": list(why)} for point, why in one.kept],
        "removed": [_point(point) for point in one.removed],
        "leftovers": [_point(point) for point in one.leftovers],
    }


def _point(point: Held) -> dict[str, Any]:
    return {"run": point.run, "data_time": timestamp(point.data_time)}

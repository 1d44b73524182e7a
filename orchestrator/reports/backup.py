"""A backup's outcome: one line for a person, one entry for a program. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from orchestrator.core.codec import timestamp
from orchestrator.core.events import BackupFinished, Outcome
from orchestrator.reports import copies
from orchestrator.reports.words import size

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from orchestrator.reports.copies import Copied

SHOWN_SKIPPED = 5
DONE, IMPOSSIBLE, DOUBTFUL = 0, 1, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one service; `remedy` says what to do about its error.

    `read_bytes` is what its snapshots hold; None where the run has none. `copies` are those that
    followed, where any did.
    """

    finished: BackupFinished
    read_bytes: int | None = None
    remedy: str = ""
    copies: tuple[Copied, ...] = ()


def document(site: str, results: Iterable[Result]) -> dict[str, Any]:
    """Return what `pra backup --json` prints, without its schema number."""
    return {"site": site, "services": [_entry(r) for r in results]}


def text(result: Result, *, timezone: str, verbose: bool = False) -> str:
    """Return what a person reads of one service: a line, and what to look at below it.

    `verbose` adds the snapshots and every file that was not read.
    """
    done = result.finished
    words = [f"{done.service}: {done.outcome}"]
    if result.read_bytes is not None:
        words += [f"{size(result.read_bytes)} read", f"{size(done.data_added_bytes)} new"]
    words.append(f"{done.seconds:.1f} s")
    if done.outcome is Outcome.SUSPECTED:
        words.append(f"recovery point in {done.repository}, not to be used")
    elif done.usable_at is not None:
        at = min(s.data_time for s in done.snapshots).astimezone(ZoneInfo(timezone))
        words.append(f"recovery point {at:%H:%M:%S} in {done.repository}")
    else:
        words.append("no recovery point")
    below = [*_seen(done), done.error or "", result.remedy]
    shown = done.skipped if verbose else done.skipped[:SHOWN_SKIPPED]
    below += [f"not read: {path}" for path in shown]
    if len(done.skipped) > len(shown):
        below.append(f"not read: {len(done.skipped) - len(shown)} more")
    if verbose:
        below += [f"{s.source}: snapshot {s.id[:8]}, tree {s.tree[:8]}" for s in done.snapshots]
    lines = [", ".join(words), *(f"  {line}" for line in below if line)]
    return "\n".join([*lines, *(copies.text(one, timezone=timezone) for one in result.copies)])


def _seen(done: BackupFinished) -> list[str]:
    """Say what speaks against a point, or is to be looked at."""
    signs = [f"seen: {sign.detail}" for sign in done.signs]
    shown = f"`pra snapshots {done.site} {done.service}`"
    held = "nothing uses it until somebody has judged (exit code 3; the daemon pages: `pra daemon`)"
    if not done.suspect:
        return [*signs, *(["unusual: it counts, and somebody should look"] if signs else [])]
    if done.suspect == done.run:
        return [
            *signs,
            "Restore nothing onto this machine, do not switch off, isolate.",
            f"{held}; the clean points before it: {shown}",
        ]
    return [*signs, f"suspected since run {done.suspect}, {held}: {shown}"]


def exit_code(results: Sequence[Result]) -> int:
    """0 when every service is complete, 1 when one has nothing, 3 when one is in doubt.

    A copy that failed is a doubt: the point is there, and in one place only.
    """
    outcomes = {r.finished.outcome for r in results}
    if outcomes & {Outcome.FAILED, Outcome.INTERRUPTED}:
        return IMPOSSIBLE
    uncopied = any(copies.exit_code(r.copies) for r in results)
    doubtful = outcomes & {Outcome.PARTIAL, Outcome.SUSPECTED} or uncopied
    return DOUBTFUL if doubtful else DONE


def _entry(result: Result) -> dict[str, Any]:
    done = result.finished
    measured = done.outcome is not Outcome.FAILED
    return {
        "id": done.service,
        "run": done.run,
        "outcome": str(done.outcome),
        "repository": done.repository,
        "snapshots": copies.snapshots(done.snapshots),
        "usable_at": timestamp(done.usable_at) if done.usable_at else None,
        "copies": [copies.entry(one) for one in result.copies],
        "files_new": done.files_new if measured else None,
        "files_changed": done.files_changed if measured else None,
        "data_added_bytes": done.data_added_bytes if measured else None,
        "seconds": round(done.seconds, 3),
        "signs": [{"word": sign.word, "detail": sign.detail} for sign in done.signs],
        "suspect": done.suspect or None,
        "skipped": list(done.skipped),
        "error": done.error,
    }

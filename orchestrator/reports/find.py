"""What a search found, as a JSON document and as lines for a person. Pure."""

from __future__ import annotations

import shlex
from itertools import islice
from typing import TYPE_CHECKING, Any

from orchestrator.core import when
from orchestrator.core.codec import timestamp
from orchestrator.reports import words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.core.finding.values import Answer, File, Held, Version
    from orchestrator.errors import PraError

COUNTED = 1_000  # of further files; beyond, nobody counts


def document(
    site: str, answer: Answer, unasked: Mapping[str, PraError], behind: Mapping[str, int]
) -> dict[str, Any]:
    """Return the body of `pra find --json`, without its schema number: one match a version.

    `snapshot`, `run` and `data_time` are of the last point that holds it and is not suspected, or
    of the last one at all where all are; `recover_at` is null then. `more`: how many files match
    beyond these, at most 1,000 counted.
    """
    return {
        "site": site,
        "matches": [_match(file, one) for file in answer.files for one in file.versions],
        "more": answer.more,
        "near": list(answer.near),
        "behind": dict(behind),
        "unasked": [
            {"repository": name, "error": str(error), "remedy": error.hint or None}
            for name, error in unasked.items()
        ],
    }


def text(  # noqa: PLR0913 - what a page of it needs
    site: str,
    answer: Answer,
    zone: str,
    *,
    pattern: str,
    bounded: bool,
    unasked: Mapping[str, PraError],
    behind: Mapping[str, int],
    busy: bool = False,
    to: str = "recovered",
) -> str:
    """Return the versions of each file, and the command that brings one back into the folder `to`.

    `bounded`: only some points were asked, by --at or --since.
    """
    lines = _table(answer, zone, behind)
    if answer.more:
        least = "at least " if answer.more >= COUNTED else ""
        match = "file matches" if answer.more == 1 else "files match"
        lines += ["", f"{least}{answer.more} more {match} (--all shows them)."]
    if answer.files:
        lines += _back(site, answer, zone, to)
    else:
        where = "the points that --at and --since leave" if bounded else "any recovery point"
        lines.append(f"{site}: no file in {where} matches {pattern!r}.")
        if answer.near:
            lines += ["There are names like it:", *(f"  {name}" for name in answer.near)]
        else:
            lines.append('Ask for less of the name, as in "devis*" or "*2026*".')
    return "\n".join([*lines, *_standing(unasked, behind, busy=busy)])


def chosen(file: File) -> Version | None:
    """Return the version that is most likely missed: of a file that is still there, the one before.

    None where only suspected points hold any.
    """
    usable = [one for one in file.versions if one.clean]
    lost = [one for one in usable if not one.current]
    return next(iter(lost or usable), None)


def _table(answer: Answer, zone: str, behind: Mapping[str, int]) -> list[str]:
    """Return each path, and its versions below it, all set under one another."""
    rows = [
        _row(one, zone, is_now=one.current and file.service not in behind)
        for file in answer.files
        for one in file.versions
    ]
    if not rows:
        return []
    header = ("  changed", "size", "in the points of", "to recover it")
    head, *told = words.columns([header, *rows])
    lines = [head]
    rest = iter(told)
    for file in answer.files:
        gone = "" if file.versions[0].current else ", no longer there"
        lines += [f"{file.path}  ({file.service}{gone})", *islice(rest, len(file.versions))]
    return lines


def _row(one: Version, zone: str, *, is_now: bool) -> tuple[str, ...]:
    first, last = (words.when(point.data_time, zone) for point in (one.first, one.last))
    span = first if one.first == one.last else f"{first} to {last}"
    if is_now:
        span = f"{first} to now"
    at = f'--at "{_at(one.clean, one, zone)}"' if one.clean else "suspected"
    return f"  {words.when(one.mtime, zone)}", words.size(one.size), span, at


def _back(site: str, answer: Answer, zone: str, to: str) -> list[str]:
    """Return the command that brings a version of the first file back, ready to be pasted."""
    offered = ((file, version) for file in answer.files if (version := chosen(file)))
    found = next(offered, None)
    if found is None:
        return [
            "",
            "Only suspected points hold these files: nothing is to be restored from them before a",
            f"person has judged them (`pra incidents {site}`).",
        ]
    file, version = found
    point = version.clean or version.last
    where = next(iter(point.snapshots))
    what = "the newest version" if version == file.versions[0] else "the version before"
    other = "; another one: its --at" if len(file.versions) > 1 else ""
    return [
        "",
        f"To bring {what} back beside the original (from {where}{other}):",
        f"  {command(site, file, version, zone, to)}",
    ]


def command(site: str, file: File, version: Version, zone: str, to: str = "recovered") -> str:
    """Return the command that recovers a version of a file into the folder `to`."""
    asked = shlex.join(["pra", "recover", site, file.service, "--path", file.path])
    return (
        f'{asked} --at "{_at(version.clean or version.last, version, zone)}" --to {shlex.quote(to)}'
    )


def _at(point: Held, version: Version, zone: str) -> str:
    """Write an instant at which the point is the newest one: a point is usable with its seal."""
    return when.written(point.usable_at, zone, version.before)


def _standing(
    unasked: Mapping[str, PraError], behind: Mapping[str, int], *, busy: bool
) -> list[str]:
    lines = []
    if busy:
        lines.append(
            "Another search brings the index up to date right now: newer points may be lacking."
        )
    for error in unasked.values():
        lines.append(f"not asked: {error}")
        lines += [f"  {error.hint}"] if error.hint else []
    for service, count in behind.items():
        points = "1 point" if count == 1 else f"{count} points"
        lines.append(f"{service}: this answer is {points} behind what has been backed up")
    return ["", *lines] if lines else []


def _match(file: File, one: Version) -> dict[str, Any]:
    point = one.clean or one.last
    repository, snapshot = next(iter(point.snapshots.items()))
    return {
        "path": file.path,
        "service": file.service,
        "source": file.source,
        "run": point.run,
        "repository": repository,
        "snapshot": snapshot,
        "data_time": timestamp(point.data_time),
        "size": one.size,
        "mtime": timestamp(one.mtime),
        "first_seen": timestamp(one.first.data_time),
        "last_seen": timestamp(one.last.data_time),
        "current": one.current,
        "suspected": one.clean is None,
        "recover_at": timestamp(one.clean.usable_at) if one.clean else None,
    }

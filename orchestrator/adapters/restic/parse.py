"""restic's JSON into values: unknown message types are let pass, missing fields are refused."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from orchestrator.adapters.restic.values import Lock, Progress, Restored, Summary, Unread
from orchestrator.errors import ResticChanged
from restore_drills.model import Figures, Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

Message = dict[str, Any]
HINT = "This restic speaks otherwise than 0.18 and 0.19; install one of these."
COPIED = re.compile(r"\[([\d:]+)\] .*?(\d+) / (\d+) packs copied")
FULL_ID = re.compile(r"[0-9a-f]{64}")


def message(line: bytes) -> Message:
    """Return the JSON object of a line that is one; an empty one for any other line."""
    if not line.startswith(b"{"):
        return {}
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def progress(said: Message) -> Progress | None:
    """Return a status line of backup or restore; None when its numbers are no numbers.

    A status is for the eye: one that cannot be read must not end a backup.
    """
    try:
        share = float(said.get("percent_done", 0))
        elapsed = float(said.get("seconds_elapsed", 0))
        left = float(said.get("seconds_remaining", 0)) or (share and elapsed / share - elapsed)
        return Progress(
            done_bytes=_count(said, "bytes_done", "bytes_restored"),
            total_bytes=_count(said, "total_bytes") or None,
            done_files=_count(said, "files_done", "files_restored"),
            total_files=_count(said, "total_files") or None,
            seconds_left=left or None,
        )
    except (TypeError, ValueError):
        return None


def copied(line: bytes) -> Progress | None:
    """Return how far a copy is, which restic says in words; None for any other line."""
    said = COPIED.fullmatch(line.decode(errors="replace").strip())
    if said is None:
        return None
    elapsed = 0
    for part in said[1].split(":"):
        elapsed = elapsed * 60 + int(part)
    done, total = int(said[2]), int(said[3])
    return Progress(
        done_bytes=0,
        total_bytes=None,
        done_files=0,
        total_files=None,
        seconds_left=elapsed * (total - done) / done if done else None,
        packs=(done, total),
    )


def unread(said: Message) -> Unread:
    """Return an `error` line of a backup or restore."""
    error = said.get("error")
    why = error.get("message") if isinstance(error, dict) else None
    return Unread(path=str(said.get("item", "")), why=str(why or said.get("message") or "error"))


def summary(said: Message | None, skipped: Sequence[Unread], *, complete: bool) -> Summary:
    """Return the summary line of a backup."""
    found = said or {}
    try:
        return Summary(
            snapshot=_full_id(found["snapshot_id"]),
            files_new=int(found["files_new"]),
            files_changed=int(found["files_changed"]),
            files_unmodified=int(found["files_unmodified"]),
            data_added_bytes=int(found["data_added"]),
            total_bytes=int(found["total_bytes_processed"]),
            total_files=int(found["total_files_processed"]),
            # What a folder that cannot be read was scanned and then archived for, once.
            skipped=tuple({entry.path: entry for entry in skipped}.values()),
            complete=complete,
            packed_bytes=int(found["data_added_packed"]) if "data_added_packed" in found else None,
            began=_time(found["backup_start"]) if "backup_start" in found else None,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _changed("backup", error) from error


def restored(said: Message | None, *, over: bool = False, partly: bool = False) -> Restored:
    """Return the summary line of a restore with --verify that ended well.

    `over`: it was told to read what it found there; what it left alone was hashed and right.
    `partly`: of one path alone; restic counts the folders above it as restored only.
    """
    if said is None:
        raise _changed("restore", KeyError("summary"))
    try:
        # restic leaves a zero out, so an absent count is one; what it counts must still add up.
        entries, size = _count(said, "files_restored"), _count(said, "bytes_restored")
        more = entries - _count(said, "total_files")
        whole = (more == 0 or (partly and more > 0)) and size == _count(said, "total_bytes")
        left_alone = _count(said, "files_skipped")
        if over:
            entries, size = entries + left_alone, size + _count(said, "bytes_skipped")
        verified = whole and (over or left_alone == 0)
        return Restored(entries=entries, bytes=size, verified=verified)
    except (TypeError, ValueError) as error:
        raise _changed("restore", error) from error


def snapshots(output: bytes) -> tuple[Snapshot, ...]:
    """Return the array of `snapshots`, oldest first."""
    try:
        found = json.loads(output)
        return tuple(sorted((_snapshot(entry) for entry in found), key=lambda s: (s.time, s.id)))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _changed("snapshots", error) from error


def lock(output: bytes) -> Lock:
    """Return the object that `cat lock` shows."""
    try:
        said = json.loads(output)
        return Lock(
            host=str(said["hostname"]),
            user=str(said["username"]),
            pid=int(said["pid"]),
            time=_time(said["time"]),
            exclusive=bool(said["exclusive"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise _changed("cat lock", error) from error


def _snapshot(said: Message) -> Snapshot:
    counted = said.get("summary") or {}
    size, files = counted.get("total_bytes_processed"), counted.get("total_files_processed")
    return Snapshot(
        id=_full_id(said["id"]),
        tree=_full_id(said["tree"]),
        time=_time(said["time"]),
        host=str(said["hostname"]),
        tags=tuple(map(str, said.get("tags") or ())),
        paths=tuple(map(str, said["paths"])),
        original=str(said["original"]) if said.get("original") else None,
        bytes=None if size is None else int(size),
        files=None if files is None else int(files),
        figures=_figures(counted),
    )


def _figures(counted: Message) -> Figures | None:
    if "data_added_packed" not in counted:
        return None
    return Figures(
        files_new=_count(counted, "files_new"),
        files_changed=_count(counted, "files_changed"),
        files_unmodified=_count(counted, "files_unmodified"),
        added_bytes=_count(counted, "data_added"),
        packed_bytes=_count(counted, "data_added_packed"),
    )


def _time(said: str) -> datetime:
    time = datetime.fromisoformat(said)
    if time.tzinfo is None:
        raise ValueError(said)
    return time.astimezone(UTC)


def _full_id(said: object) -> str:
    if not isinstance(said, str) or FULL_ID.fullmatch(said) is None:
        raise ValueError(f"{said} is no full id")
    return said


def _count(said: Message, *names: str) -> int:
    return next((int(said[name]) for name in names if name in said), 0)


def _changed(command: str, error: Exception) -> ResticChanged:
    lacking = f"has no {error}" if isinstance(error, KeyError) else f"cannot be read: {error}"
    return ResticChanged(f"restic {command}: its answer {lacking[:120]}", hint=HINT)

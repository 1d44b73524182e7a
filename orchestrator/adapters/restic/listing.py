"""The files of a snapshot, and the paths that changed between two, as a stream of lines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from orchestrator.adapters.restic import parse
from orchestrator.core.finding.values import Entry
from orchestrator.errors import PraError, ResticChanged

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from orchestrator.adapters.restic import Restic

_T = TypeVar("_T")
LONG = timedelta(hours=12)
BATCH = 5_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
FILES = ("file", "symlink")


def entries(
    restic: Restic,
    snapshot: str,
    take: Callable[[list[Entry]], None],
    folders: Sequence[str] = (),
) -> None:
    """Hand over every file of a snapshot (full id), or those right in some folders, in batches.

    `take` is called in another thread; what it raises ends the listing and is raised. Takes no
    lock. Raises RepositoryDamaged, ResticFailed, ResticChanged.
    """
    argv = ["ls", "--json", "--no-lock", snapshot, *(folder or "/" for folder in folders)]
    _stream(restic, argv, _entry, take)


def changed(restic: Restic, older: str, newer: str, take: Callable[[list[str]], None]) -> None:
    """Hand over the path of every file that came, went or is another one, in batches.

    As `entries`; a file whose time alone is another one counts.
    """
    argv = ["diff", "--json", "--no-lock", "--metadata", older, newer]
    _stream(restic, argv, _change, take)


def _entry(said: dict[str, Any]) -> Entry | None:
    if said.get("message_type", said.get("struct_type")) != "node" or said["type"] not in FILES:
        return None
    folder, name = said["path"].rpartition("/")[::2]
    return Entry(folder, name, int(said.get("size", 0)), _micro(said["mtime"]))


def _change(said: dict[str, Any]) -> str | None:
    if said.get("message_type") != "change" or said["path"].endswith("/"):
        return None
    path: str = said["path"]
    return path


def _micro(text: str) -> int:
    """Return an instant as a number; a year that no clock has ever shown counts as 1970."""
    try:
        return (datetime.fromisoformat(text) - EPOCH) // MICROSECOND
    except (ValueError, OverflowError):
        return 0


def _stream(
    restic: Restic,
    argv: Sequence[str],
    read: Callable[[dict[str, Any]], _T | None],
    take: Callable[[list[_T]], None],
) -> None:
    batch: list[_T] = []
    broken: list[Exception] = []

    def line(said: bytes) -> None:
        if broken:
            return  # restic is being stopped; what it still says is read away
        try:
            one = read(parse.message(said))
            if one is not None:
                batch.append(one)
            if len(batch) >= BATCH:
                take(batch)
                batch.clear()
        except Exception as error:  # noqa: BLE001 - raised below, in the thread that asked
            broken.append(error)

    try:
        restic.call(
            argv,
            timeout=LONG,
            on_line=line,
            watch=lambda: "what it says cannot be taken" if broken else None,
        )
    except PraError:
        if not broken:
            raise
    if not broken and batch:
        take(batch)
    if broken:
        _raise(broken[0], argv[0])


def _raise(error: Exception, command: str) -> NoReturn:
    if isinstance(error, KeyError | TypeError | ValueError):
        raise ResticChanged(f"restic {command}: a line lacks {error}", hint=parse.HINT) from error
    raise error

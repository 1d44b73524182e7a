"""Where the sockets of recovered databases were: what nobody needs any more goes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from orchestrator.jobs.recover_start import PATIENCE, ROOM, sweep

if TYPE_CHECKING:
    from pathlib import Path

NOBODY = 1 << 22  # no process is numbered so: the greatest number is one less


def room(top: Path, name: str, owner: int | None, *, old: bool = True) -> Path:
    made = top / f"{ROOM}{name}"
    (made / "data").mkdir(parents=True)
    if owner is not None:
        (made / ".s.PGSQL.5432").touch()
        (made / ".s.PGSQL.5432.lock").write_text(f"{owner}\n/somewhere\n")
    if old:
        then = made.stat().st_mtime - PATIENCE.total_seconds() - 60
        os.utime(made, (then, then))
    return made


def test_rooms_of_servers_that_are_gone_are_removed_and_no_others(tmp_path: Path) -> None:
    gone = [room(tmp_path, "stopped", None), room(tmp_path, "killed", NOBODY)]
    stays = [
        room(tmp_path, "alive", os.getpid()),
        room(tmp_path, "starting", None, old=False),
        tmp_path / "pra-another",
    ]
    stays[-1].mkdir()
    theirs = room(tmp_path, "used", None)
    (theirs / "data" / "file").touch()

    sweep(tmp_path)

    assert [False] * 2 == [path.exists() for path in gone]
    assert [True] * 4 == [path.exists() for path in (*stays, theirs / "data" / "file")]

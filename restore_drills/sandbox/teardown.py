"""Ends all that belongs to a sandbox, removes its workspace, and looks whether it is so."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from restore_drills.process import Processes
from restore_drills.sandbox import census, cgroup
from restore_drills.sandbox.claim import Claim, Note, runs
from restore_drills.sandbox.identity import Identity
from restore_drills.sandbox.shapes import PATH

if TYPE_CHECKING:
    from pathlib import Path

GONE = "workspace absent, no process of the run"
END_WITHIN_S = 15.0
REMOVE_WITHIN = timedelta(hours=1)  # a million files take a minute


def tear_down(run: str, workspace: Path, note: Note, *, keep: bool = False) -> tuple[bool, str]:
    """End, remove, verify. Returns whether nothing is left, and what was seen."""
    left = _end(run, workspace, note)
    groups = [folder for folder in note.cgroups if not cgroup.remove(folder)]
    if not keep:
        remove(workspace)
        left = _of(run, workspace, note)
    faults = [
        f"{len(left)} processes of the run live: {sorted(left)}" if left else "",
        *(f"{folder} is still there" for folder in groups),
        "" if keep or not os.path.lexists(workspace) else f"{workspace} is still there",
    ]
    if found := [fault for fault in faults if fault]:
        return False, "; ".join(found)
    return (False, f"kept at {workspace}") if keep else (True, GONE)


def settle(root: Path, name: str) -> None:
    """End what a dead sandbox left running in a workspace that lasts; its files stay."""
    claim = Claim.take(root, name)
    if claim is None:
        return
    note = claim.read()
    try:
        tear_down(name, root / name, note, keep=True)
    finally:
        claim.release(settled=True)


def sweep(root: Path, run: str | None = None) -> list[str]:
    """Clear away what dead runs left under `root`; `run` None: all of them.

    A living sandbox holds its claim and is passed over. Returns the run ids cleared away; one
    that could not be cleared stays noted for the next sweep.
    """
    return [name for name in runs(root) if run in (None, name) and _swept(root, name)]


def _swept(root: Path, run: str) -> bool:
    claim = Claim.take(root, run)
    if claim is None:
        return False
    settled = False
    identity = None
    try:
        note = claim.read()
        identity = Identity.of(note.uid) if note.uid is not None else None
        # Another sandbox may have taken the dead one's uid: then the uid tells nothing.
        note = Note(uid=identity.uid if identity else None, cgroups=note.cgroups)
        settled, _ = tear_down(run, root / run, note)
    finally:
        if identity is not None:
            identity.release()
        claim.release(settled=settled)
    return settled


def _of(run: str, workspace: Path, note: Note) -> set[int]:
    found = census.of_sandbox(run, note.uid, workspace)
    for folder in note.cgroups:
        if folder.name.startswith(cgroup.PREFIX):
            found |= cgroup.members(folder)
    return found - {os.getpid()}


def _end(run: str, workspace: Path, note: Note) -> set[int]:
    """Kill until a look finds none; return who would not end."""
    until = time.monotonic() + END_WITHIN_S
    while (left := _of(run, workspace, note)) and time.monotonic() < until:
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    return left


def remove(workspace: Path) -> None:
    """Remove a workspace or a part of it.

    rm follows no link and is not stopped by depth, as Python's is.
    """
    if not os.path.lexists(workspace):
        return
    # Of its own: the run's processes may have been cancelled, and this must still happen.
    ours = Processes("sandbox-removal")
    env = {"PATH": PATH, "LC_ALL": "C"}
    remove = ["rm", "-rf", "--one-file-system", "--", str(workspace)]
    ended = ours.run(remove, env=env, timeout=REMOVE_WITHIN)
    if ended.code != 0:  # a folder closed to its own owner, who is not root
        opened = ["chmod", "-R", "u+rwX", "--", str(workspace)]
        ours.run(opened, env=env, timeout=REMOVE_WITHIN)
        ours.run(remove, env=env, timeout=REMOVE_WITHIN)

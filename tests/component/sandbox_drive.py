"""A program that makes one sandbox as a JSON request says, and prints as JSON what happened.

The tests start it with the rights of each kind of caller. It imports only the drill package.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
import time
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from restore_drills.errors import DrillError
from restore_drills.process import Processes
from restore_drills.sandbox import Limits, Room, Sandbox, sweep


def prepare(room: Room, steps: list[list[Any]]) -> None:
    """Put "restored" things into the room's tree."""
    for kind, name, value, mode in steps:
        path = room.tree / name
        match kind:
            case "file":
                path.write_text(value)
                path.chmod(mode)
            case "copy":
                shutil.copyfile(value, path)
                path.chmod(mode)
            case "link":
                path.symlink_to(value)
            case "device":
                os.mknod(path, mode, os.makedev(*value))
            case _:
                raise ValueError(kind)


def command(room: Room, asked: dict[str, Any]) -> dict[str, Any]:
    """Run one command and tell how it ended."""
    began = time.monotonic()
    told: dict[str, Any] = {"limit": None}
    if asked.get("server"):
        room.start(asked["argv"])
        return told
    try:
        ended = room.run(
            asked["argv"],
            timeout=timedelta(seconds=asked.get("timeout", 60)),
            cwd=asked.get("cwd", "/restored"),
            stdin=asked["stdin"].encode() if "stdin" in asked else None,
        )
        told |= asdict(ended) | {"stdout": ended.stdout.decode(errors="replace")}
    except DrillError as error:
        told |= {"limit": str(error), "kind": type(error).__name__}
    return told | {"seconds": time.monotonic() - began}


def cancel(processes: Processes, mark: Path) -> None:
    """Ask the drill to stop as soon as one of its commands has made a file."""
    while not mark.exists():
        time.sleep(0.05)
    processes.cancel("asked to stop")


def drive(request: dict[str, Any]) -> dict[str, Any]:
    """Carry the request out."""
    root, run = Path(request["root"]), request["run"]
    if request.get("sweep"):
        return {"swept": sweep(root)}
    processes = Processes(run)
    sandbox = Sandbox.create(
        root=root,
        run=run,
        limits=Limits(**request["limits"]),
        processes=processes,
        required=request["required"],
    )
    told: dict[str, Any] = {
        "mechanism": sandbox.mechanism,
        "uid": sandbox.uid,
        "limits_by": sandbox.limits_by,
        "prep": sandbox.prep.total_seconds(),
    }
    with sandbox:
        rooms = {}
        for name in request.get("rooms", ["shop"]):
            rooms[name] = sandbox.room(name)
        prepare(next(iter(rooms.values())), request.get("restored", []))
        if "cancel_at" in request:
            mark = sandbox.path / "stage" / "rooms" / "shop" / "work" / request["cancel_at"]
            threading.Thread(target=cancel, args=(processes, mark), daemon=True).start()
        for room in rooms.values():
            room.hand_over()
        if request.get("hang"):
            for asked in request["commands"]:
                rooms["shop"].start(asked["argv"])
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            time.sleep(60)
        told["ended"] = [
            command(rooms[asked.get("room", "shop")], asked) for asked in request["commands"]
        ]
        owners = {p.lstat().st_uid for p in (sandbox.path / "stage" / "rooms").glob("*/*")}
        told |= {"owners": sorted(owners)}
        told["proof"] = sandbox.destroy(keep=request.get("keep", False))
    return told | {
        "workspace": os.path.lexists(root / run),
        "left": sorted(p.name for p in root.iterdir()),
    }


if __name__ == "__main__":
    try:
        answer = drive(json.load(sys.stdin))
    except DrillError as error:
        answer = {"error": type(error).__name__, "words": str(error), "hint": error.hint}
    json.dump(answer, sys.stdout)

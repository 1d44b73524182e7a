"""Finds the strongest shape that works here, by running a command in it that looks for leaks."""

from __future__ import annotations

import os
import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

from restore_drills.errors import CommandMissing, NoSandbox
from restore_drills.sandbox.shapes import PATH, WORK, Bwrap, Seat, Shape

if TYPE_CHECKING:
    from pathlib import Path

    from restore_drills.process import Processes
    from restore_drills.sandbox.holdings import Holdings
    from restore_drills.sandbox.limits import Limits

PATIENCE = timedelta(seconds=20)
_ENV = {"PATH": PATH}
_ROOM = "probe"

# One `key value` a line; a fact that is absent counts as a leak. $1: a file to write.
_LOOK = r"""
: >"$1" && echo "wrote yes"
while read -r key value; do case $key in
  CapEff:|CapPrm:|NoNewPrivs:) echo "$key $value" ;; esac; done </proc/self/status
while read -r name _; do case $name in
  *:*) echo "interface ${name%%:*}" ;; esac; done </proc/net/dev
for path in /etc/shadow /root /home /var /sys /run/systemd /run/dbus; do
  [ ! -e $path ] || echo "sees $path"
done
for path in / /usr /etc /dev /restored; do
  if (: >$path/.pra-probe) 2>/dev/null; then echo "writes into $path"; fi
done
"""
_FACTS = {"wrote", "CapEff:", "CapPrm:", "NoNewPrivs:", "interface"}


def seat(held: Holdings, limits: Limits, processes: Processes, *, required: bool) -> Seat:
    """Return the strongest seat that works; NoSandbox, with the reason of each, if none does."""
    found = _bwrap(processes)
    why: list[str] = []
    place = held.room(_ROOM)
    try:
        for grouped in (True, False):
            if not grouped and not held.cgroups.held:
                break
            if not grouped:
                held.drop_cgroups()
            for shape in _shapes(required=required):
                tried = _seat(held, limits, found, shape)
                if (fault := _fault(tried, place, processes)) is None:
                    return tried
                why.append(f"{shape.mechanism}: {fault}")
    finally:
        shutil.rmtree(place)
    raise NoSandbox(
        f"sandbox: nothing seals a drill here ({'; '.join(dict.fromkeys(why))})",
        hint=_hint(found, required=required),
    )


def _seat(held: Holdings, limits: Limits, bwrap: Bwrap, shape: Shape) -> Seat:
    uid, gid = held.ids
    return Seat(
        shape=shape,
        bwrap=bwrap,
        stage=held.stage,
        uid=uid,
        gid=gid,
        limits=limits,
        cgroups=held.cgroups,
    )


def _shapes(*, required: bool) -> list[Shape]:
    """Return the shapes to try for this caller, strongest first."""
    if os.geteuid() == 0:
        found = [Shape.ROOT_USERNS, Shape.ROOT_SETUID, Shape.ROOT_PLAIN]
    else:
        found = [Shape.USERNS, Shape.PLAIN]
    return [shape for shape in found if shape.sealed or not required]


def _bwrap(processes: Processes) -> Bwrap:
    for name in ("sh", "env", "prlimit", "setpriv", "unshare", "mount"):
        if shutil.which(name, path=PATH) is None:
            raise CommandMissing(f"{name}: command not found", hint="Install util-linux.")
    path = shutil.which("bwrap") or ""
    ended = processes.run([path, "--help"], env=_ENV, timeout=PATIENCE) if path else None
    return Bwrap(path=path, nested=ended is not None and b"--disable-userns" in ended.stdout)


def _fault(tried: Seat, place: Path, processes: Processes) -> str | None:
    """Run the look-out in this seat; None when it works and is sealed, else what is wrong."""
    if tried.shape.sealed and not tried.bwrap.path:
        return "bwrap: command not found"
    written = place / "work" / tried.shape.name
    look = ["sh", "-c", _LOOK, "sh", f"{WORK}/{written.name}"]
    ended = processes.run(tried.argv(look, room=_ROOM, cwd="/"), env=_ENV, timeout=PATIENCE)
    lines = [line.split(maxsplit=1) for line in ended.stdout.decode(errors="replace").splitlines()]
    facts = [(line[0], line[1]) for line in lines if len(line) > 1]
    if ("wrote", "yes") not in facts:
        said = ended.stderr.strip().splitlines()[-1:] or [f"exit code {ended.code}"]
        return ended.stopped or said[0]
    # The uid that counts is the host's: a user namespace may call host root by any number.
    if written.lstat().st_uid != tried.uid:
        return f"its files belong to uid {written.lstat().st_uid} of the host"
    return _leak(facts) if tried.shape.sealed else None


def _leak(facts: list[tuple[str, str]]) -> str | None:
    """Return the first thing that a sealed command should not have."""
    for key, value in facts:
        match key:
            case "CapEff:" | "CapPrm:" if int(value, 16):
                return f"it holds capabilities ({key} {value})"
            case "NoNewPrivs:" if value != "1":
                return "set-uid programs could raise it"
            case "interface" if value != "lo":
                return f"it sees the network interface {value}"
            case "sees" | "writes":
                return f"it {key} {value}"
            case _:
                continue
    lacking = _FACTS - {key for key, _ in facts}
    return f"the seal could not be checked: no {', '.join(sorted(lacking))}" if lacking else None


def _hint(bwrap: Bwrap, *, required: bool) -> str:
    if not bwrap.path:
        return "Install bubblewrap."
    if not required:
        return "Run the drill as an ordinary user: root may not mount here."
    return "Allow user namespaces (user.max_user_namespaces, AppArmor, seccomp) and a new /proc."

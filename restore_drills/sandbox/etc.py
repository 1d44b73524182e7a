"""The made-up /etc of a sandbox: names for its uid, the linker's cache, the time zone."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

_SHARED = ("ld.so.cache", "ld.so.conf", "localtime")
_NSSWITCH = "passwd: files\ngroup: files\nshadow: files\nhosts: files\n"


def write(into: Path, uid: int, gid: int) -> None:
    """Write it for one uid, named `pra` (PostgreSQL wants its uid to have a name)."""
    into.mkdir(mode=0o755)
    texts = {
        "passwd": "root:x:0:0:root:/:/usr/sbin/nologin\n"
        f"pra:x:{uid}:{gid}:pra:/scratch:/bin/sh\n"
        "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n",
        "group": f"root:x:0:\npra:x:{gid}:\nnogroup:x:65534:\n",
        "nsswitch.conf": _NSSWITCH,
        "hosts": "127.0.0.1 localhost\n::1 localhost\n",
    }
    for name, text in texts.items():
        (into / name).write_text(text)
    for name in _SHARED:
        with contextlib.suppress(OSError):  # absent on some machines; nothing needs it then
            shutil.copyfile(Path("/etc", name), into / name)
    with contextlib.suppress(OSError):
        shutil.copytree("/etc/ld.so.conf.d", into / "ld.so.conf.d")
    (into / "alternatives").mkdir(exist_ok=True)  # mounted over: Debian's links lead through it
    for path in [into, *into.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)  # whatever the caller's umask


def time_zone() -> str:
    """Return the machine's time zone by name, UTC where it has none."""
    if named := os.environ.get("TZ"):
        return named
    with contextlib.suppress(OSError):
        _, _, name = os.path.realpath("/etc/localtime").partition("/zoneinfo/")
        return name or "UTC"
    return "UTC"

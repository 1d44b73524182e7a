"""Kills a daemon at a named point, from outside: by the program it calls, or by what it does.

`python tests/crashing.py PROOF NAME VERB...` runs `pra VERB...` and kills it as it gives a file
its last name, which begins with NAME; PROOF is then there.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.site import ClientSite

SHIM = """\
#!/bin/sh
case "$*" in
*%(match)s*)
    if mkdir %(proof)s 2>/dev/null; then
        %(first)s
        kill -9 "$(cat %(state)s/daemon.lock)"
        sleep 3
        exit 1
    fi ;;
esac
exec %(real)s "$@"
"""


def deadly(site: ClientSite, program: str, match: str, *, after: bool = False) -> tuple[str, Path]:
    """Return a PATH on which a program, called with words that match, kills the site's daemon.

    It does so once, before it does its work or `after`. The second value is there when it did.
    """
    folder, proof = site.home / "deadly", site.home / "killed-once"
    folder.mkdir()
    real = shutil.which(program, path=site.path)
    assert real is not None
    shim = folder / program
    words = {
        "match": match,
        "proof": proof,
        "state": site.state,
        "real": real,
        "first": f'{real} "$@" >/dev/null 2>&1' if after else ":",
    }
    shim.write_text(SHIM % words)
    shim.chmod(0o755)
    return f"{folder}:{site.path}", proof


def main(proof: Path, name: str, words: Sequence[str]) -> None:
    """Run pra, to die as it names a file."""

    def hook(event: str, args: tuple[object, ...]) -> None:
        if event == "os.rename" and Path(str(args[1])).name.startswith(name):
            proof.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    sys.argv = ["pra", *words]
    from orchestrator.cli import main as pra  # noqa: PLC0415 - after the hook

    pra()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])

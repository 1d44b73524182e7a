"""The systemd unit that runs the daemon, with the path of this machine's `pra` in it."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

from orchestrator.errors import Misused

if TYPE_CHECKING:
    from pathlib import Path

NAME = "pra.service"
_BY_DEFAULT = "/usr/local/bin/pra"
# systemd would split the command at these, or read them as its own: no quoting suits all.
_SPECIAL = frozenset(" \t\n\"'\\%$;")


def text(executable: Path) -> str:
    """Return the unit that starts `executable`, an absolute path.

    Raises Misused for a path that a unit cannot name as it is.
    """
    path = str(executable)
    if not executable.is_absolute() or _SPECIAL.intersection(path):
        raise Misused(
            f"{path}: no path for a systemd unit",
            hint="Call pra by a path without blanks or quotes, or link it: /usr/local/bin/pra.",
        )
    unit = resources.files("orchestrator.cli").joinpath(NAME).read_text("utf-8")
    return unit.replace(f"ExecStart={_BY_DEFAULT} ", f"ExecStart={path} ", 1)

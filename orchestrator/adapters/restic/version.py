"""Which restic is there, and whether it is new enough."""

from __future__ import annotations

import json
import os
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.errors import Interrupted, ResticChanged, ResticMissing
from restore_drills import errors as drills

if TYPE_CHECKING:
    from restore_drills.process import Processes

OLDEST = (0, 18)  # the first with a JSON object for every failure
DEADLINE = timedelta(seconds=20)
HINT = "Install restic 0.18 or newer (https://restic.net), or put it first in the PATH."


def version(binary: str, processes: Processes) -> str:
    """Return restic's version, as `0.18.0`.

    Raises ResticMissing when there is none or one that is too old, ResticChanged when what is
    there does not speak like restic.
    """
    env = {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C"}
    try:
        ended = processes.run([binary, "version", "--json"], env=env, timeout=DEADLINE)
    except drills.CommandMissing as error:
        raise ResticMissing(f"{binary}: command not found", hint=HINT) from error
    except drills.Interrupted as error:
        raise Interrupted(str(error)) from error
    except OSError as error:
        raise ResticMissing(f"{binary}: cannot be started: {error.strerror}", hint=HINT) from error
    if processes.cancelled is not None:
        raise Interrupted(f"{binary} version: {processes.cancelled}")
    said = ended.stdout.decode(errors="replace").strip()
    numbers = re.match(r"(?:restic )?(\d+)\.(\d+)\.(\d+)", _stated(said))
    if numbers is None or ended.code != 0:
        shown = (said or ended.stderr.strip() or "nothing").splitlines()[0][:80]
        raise ResticChanged(
            f"{binary}: `version` ended with code {ended.code} and said {shown!r},"
            " which is not a version of restic",
            hint=HINT,
        )
    if (int(numbers[1]), int(numbers[2])) < OLDEST:
        found = ".".join(numbers.groups())
        raise ResticMissing(f"{binary}: restic {found} is too old, 0.18 is needed", hint=HINT)
    return ".".join(numbers.groups())


def _stated(said: str) -> str:
    """Return the version of the JSON object; before 0.17 it is the text itself."""
    try:
        document = json.loads(said)
    except ValueError:
        return said
    return str(document.get("version", "")) if isinstance(document, dict) else ""

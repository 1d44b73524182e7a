"""The output of a Nagios plugin: one line, numbers, details, and a code from 0 to 3. Pure.

The format is that of the Monitoring Plugins: `TEXT|PERFDATA`, then lines of details. What reads
it cuts off: Nagios after 8 KiB, so the whole stays below that. It needs nothing else of ours, so
that it can still say that nothing else works.
"""

from __future__ import annotations

import math
import re
from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

MOST_BYTES = 7 * 1024
FIRST_LINE = 300  # characters of the summary
LINE = 200  # of a detail
DETAILS = 30


class Level(IntEnum):
    """Nagios's own exit codes."""

    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


def unknown(why: str) -> tuple[int, str]:
    """Return what to print, and the code, where nothing can be said."""
    return int(Level.UNKNOWN), printed(Level.UNKNOWN, why, [], [])


def number(label: str, value: timedelta, most: timedelta | None) -> str:
    """Write `'label'=value[UOM];[warn];[crit]`; losses and times are rounded up."""
    quoted = label.replace("=", "_").replace("'", "''")
    if re.fullmatch(r"[\w.-]+", quoted) is None:
        quoted = f"'{quoted}'"
    critical = f"{most.total_seconds():.0f}" if most is not None else ""
    return f"{quoted}={math.ceil(value.total_seconds())}s;;{critical}"


def printed(level: Level, first: str, numbers: Sequence[str], details: Sequence[str]) -> str:
    """Return all that is to be printed: the line, as many numbers and details as there is room."""
    line = f"PRA {level.name} - {_plain(first, FIRST_LINE)}"
    left = MOST_BYTES - len(line.encode())
    kept: list[str] = []
    for one in numbers:
        left -= len(one.encode()) + 1
        if left < MOST_BYTES // 3:  # a number is whole or not there; details need room too
            break
        kept.append(one)
    lines = [f"{line}|{' '.join(kept)}" if kept else line]
    shown = [_plain(one, LINE) for one in details[:DETAILS]]
    if len(details) > DETAILS:
        shown.append(f"and {len(details) - DETAILS} more: see `pra status`")
    for one in shown:
        left -= len(one.encode()) + 1
        if left < 0:
            break
        lines.append(one)
    return "\n".join(lines)


def _plain(text: str, longest: int) -> str:
    """Return one line in which nothing is taken for the mark before the numbers."""
    flat = " ".join(text.replace("|", "/").split())
    return flat if len(flat) <= longest else f"{flat[: longest - 1]}…"

"""All checks of an examination at once, each in a thread of its own, and none for ever."""

from __future__ import annotations

import queue
import threading
import time
from typing import TYPE_CHECKING

from orchestrator.errors import PraError
from orchestrator.jobs.checkup.ground import error, warning
from restore_drills import errors as drills

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orchestrator.core.diagnosis import Finding, Fine
    from orchestrator.jobs.checkup.ground import Check, Ground

Found = list["Finding | Fine"]
AT_ONCE = 8
WITHIN_S = 90.0  # for so many checks
ENDING_S = 10.0  # for what was interrupted to clear away


def at_once(ground: Ground, checks: Mapping[str, Check]) -> Found:
    """Return what the checks said, in their order; one that hangs is left behind, and that is said.

    Raises KeyboardInterrupt, when what was started has ended.
    """
    ended: queue.SimpleQueue[tuple[str, Found | Exception]] = queue.SimpleQueue()
    places = threading.Semaphore(AT_ONCE)

    def carry_out(name: str, check: Check) -> None:
        with places:
            try:
                ended.put((name, _said(ground, name, check)))
            except Exception as unforeseen:  # noqa: BLE001 - raised again by who waits
                ended.put((name, unforeseen))

    threads = [
        threading.Thread(target=carry_out, args=one, name=f"check {one[0]}", daemon=True)
        for one in checks.items()
    ]
    for thread in threads:
        thread.start()
    until = time.monotonic() + WITHIN_S * (1 + len(checks) // AT_ONCE)
    found: dict[str, Found] = {}
    try:
        while len(found) < len(checks):
            name, said = ended.get(timeout=max(until - time.monotonic(), 0))
            if isinstance(said, Exception):
                raise said
            found[name] = said
    except queue.Empty:
        ground.stop("it took too long")
    except KeyboardInterrupt:
        ground.stop("interrupted")
        for thread in threads:
            thread.join(ENDING_S)
        raise
    return [one for name in checks for one in found.get(name, [_unfinished(name)])]


def _said(ground: Ground, name: str, check: Check) -> Found:
    """Return what a check says; that it could not be carried out is a finding."""
    said: Found = []
    try:
        said.extend(check(ground))
    except (PraError, drills.DrillError) as refused:
        said.append(error("check-failed", name, str(refused), refused.hint))
    except OSError as refused:
        of_system = drills.of_system(refused)
        said.append(error("check-failed", name, str(of_system), of_system.hint))
    return said


def _unfinished(name: str) -> Finding:
    return warning(
        "check-unfinished", name, "this check came to no end", "Look what hangs: a disk, a share?"
    )

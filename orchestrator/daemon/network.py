"""Whether the network can be there: after the machine's boot or wake it may take a while."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.errors import PraError

if TYPE_CHECKING:
    from collections.abc import Iterable

PATIENCE_S = 120.0
PROBE = timedelta(seconds=3)
ASK_EVERY_S = 1.0
SUSPENDED_S = 5.0


def is_remote(url: str) -> bool:
    """Tell whether an address needs the network, as far as we can ask its endpoint.

    One that is no address is for its run to complain of.
    """
    try:
        return s3.address(url) is not None
    except PraError:
        return False


class Network:
    """Held back until one endpoint has answered, at most two minutes after a start or a wake."""

    def __init__(self) -> None:
        self._until: float | None = time.monotonic() + PATIENCE_S
        self._asleep = _asleep()

    def is_awaited(self) -> bool:
        """Tell whether remote repositories are still to be left alone."""
        if self._until is not None and time.monotonic() > self._until:
            self._until = None  # whatever is wrong, a run will say it better
        return self._until is not None

    def woke(self) -> bool:
        """Tell whether the machine has slept since this was last asked; if so, await it again."""
        asleep = _asleep()
        slept = asleep - self._asleep > SUSPENDED_S
        self._asleep = asleep
        if slept:
            self._until = time.monotonic() + PATIENCE_S
        return slept

    def await_(self, urls: Iterable[str]) -> None:
        """Ask the endpoints until one answers; without any, there is nothing to wait for."""
        asked = list(urls)
        while asked and self.is_awaited():
            if any(map(_answers, asked)):
                break
            time.sleep(ASK_EVERY_S)
        self._until = None


def _answers(url: str) -> bool:
    try:
        s3.probe(url, deadline=PROBE)
    except PraError:
        return False
    return True


def _asleep() -> float:
    """Return for how many seconds the machine has been suspended since its boot."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)

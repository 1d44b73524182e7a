"""A run that is stopped while its bucket says nothing: the child that asks it ends soon after."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from orchestrator.adapters.s3.relocking import relock
from orchestrator.errors import Interrupted
from restore_drills.process import Processes, of_run
from tests.buckets import PREFIX, Locked, immutable
from tests.lying import Liar

if TYPE_CHECKING:
    from orchestrator.demo.servers import S3Server

SOON_S = 20.0  # the machine of the tests is slow; without a bound it is 90 s


def test_a_relock_that_is_stopped_does_not_wait_for_a_silent_storage(s3: S3Server) -> None:
    place = Locked(s3)
    for key in ("config", "data/ab/abcd", "keys/1"):
        place.put(key, seconds=60)
    processes = Processes("a-relock-that-is-stopped")
    over, silent = threading.Event(), threading.Event()
    stopped: list[float] = []

    def silence(_method: str, path: str, _source: str) -> None:
        if "retention" in path and "/data/" in path:
            silent.set()
            over.wait(120)

    def stop() -> None:
        silent.wait(60)
        stopped.append(time.monotonic())
        processes.cancel("the daemon was stopped")

    with Liar(s3.endpoint, silence) as door:
        url = f"s3:{door.endpoint}/{place.name}/{PREFIX.rstrip('/')}"
        stopper = threading.Thread(target=stop)
        stopper.start()
        try:
            with pytest.raises(Interrupted, match="the daemon was stopped"):
                relock(place.bucket(url=url, processes=processes), immutable(300))
            took = time.monotonic() - stopped[0]
            assert [] == of_run(processes.run_id)
        finally:
            over.set()
            stopper.join()

    assert silent.is_set()
    assert took < SOON_S

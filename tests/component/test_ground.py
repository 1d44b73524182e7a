"""A signal is heard whatever the main thread waits for."""

from __future__ import annotations

import sys

from restore_drills.process import Processes

# The main thread does not take the signal itself, so its wait is not interrupted by it: as if the
# signal had come just before the wait began.
DEAF = """
import signal, threading, time
from orchestrator.cli import ground
ground.prepare()
threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
for_ever = threading.Event()
print("ready", flush=True)
try:
    for_ever.wait()
except KeyboardInterrupt:
    print("heard", flush=True)
"""


def test_a_signal_that_came_just_before_a_wait_ends_it() -> None:
    said: list[bytes] = []
    with Processes("ground").start(
        [sys.executable, "-c", DEAF], env={}, on_stdout=said.append
    ) as child:
        while b"ready" not in said:
            assert not child.poll(0.05), child.ended()
        child.ask("the test")
        assert child.poll(60)
        ended = child.ended()
    assert [b"ready", b"heard"] == said
    assert 0 == ended.code

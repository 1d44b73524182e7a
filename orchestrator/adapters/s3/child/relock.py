"""The child's side of a relock: list what lives, look at each lock, extend what ends too soon."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from orchestrator.adapters.s3.child.lock import lock_of
from orchestrator.adapters.s3.child.place import THREADS
from orchestrator.adapters.s3.child.relock_calls import CONFIG, GONE, Calls, code, raise_lasting
from orchestrator.adapters.s3.child.relock_tally import COMPLIANCE, Tally, problems
from orchestrator.core.locking import due

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from orchestrator.adapters.s3.child.place import Place

NO_CONFIG = "there is no `config`: the repository was removed, or never made"


def run(
    place: Place, request: dict[str, Any], tell: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Relock the whole place; the request and the answer are those of `relocking.py`."""
    lock, mode = lock_of(place), request["mode"]
    period = timedelta(seconds=request["period_s"])
    said = list(problems(lock, mode, period))
    relock = Relock(
        calls=Calls(place),
        tally=Tally(tell),
        mode=mode,
        period=period,
        dry_run=request["dry_run"],
        given=lock.period if lock.mode in {COMPLIANCE, mode} else None,
    )
    if lock.enabled is not False and not relock.everything():
        said.append(NO_CONFIG)
    return relock.tally.answer(said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relock:
    """One relock; its threads share it. `given`: what the bucket locks a new object for."""

    calls: Calls
    tally: Tally
    mode: str
    period: timedelta
    dry_run: bool
    given: timedelta | None

    def everything(self) -> bool:
        """Look at all objects, `config` first; false when that is not there."""
        inhabited = self.calls.has_config()
        if inhabited:
            self.look(CONFIG, None)
        slots = threading.BoundedSemaphore(4 * THREADS)
        failed = threading.Event()

        def one(key: str, modified: datetime) -> None:
            try:
                if not failed.is_set():
                    self.look(key, modified)
            except BaseException:
                failed.set()
                raise
            finally:
                slots.release()

        with ThreadPoolExecutor(THREADS) as threads:
            running: set[Future[None]] = set()
            for key, modified in self.calls.listed():
                slots.acquire()
                if failed.is_set():
                    break
                running.add(threads.submit(one, key, modified))
                if len(running) > 8 * THREADS:
                    running -= _ended(running)
            wait(running, return_when=FIRST_EXCEPTION)
            _ended(running)
        return inhabited

    def look(self, key: str, modified: datetime | None) -> None:
        """Look at one object, and extend its lock where that is due."""
        now = self.calls.now()
        given = modified + self.given if modified and self.given else None
        if given is not None and not due(given - now, self.period):
            self.tally.seen(key, given)  # locked by the bucket itself, lately
            return
        try:
            mode, until = self.calls.retention(key)
        except ClientError as error:
            if code(error) not in GONE:
                self._stuck(key, error)
                self.tally.seen(key, None)
            return
        weak = self.mode == COMPLIANCE and mode not in {None, COMPLIANCE}
        if until is None or weak or due(until - now, self.period):
            bare, until = until is None, self._extended(key, mode, until, now)
        else:
            bare = False
        self.tally.seen(key, until, bare=bare)

    def _extended(
        self, key: str, mode: str | None, until: datetime | None, now: datetime
    ) -> datetime | None:
        """Extend a lock; return when it ends then, None when there is none."""
        # The next whole second: a lock knows no parts of it.
        wanted = (now + self.period).replace(microsecond=0) + timedelta(seconds=1)
        stronger = COMPLIANCE if COMPLIANCE in {mode, self.mode} else self.mode
        try:
            return self._set(key, stronger, until, max(wanted, until or wanted))
        except ClientError as error:
            if mode in {None, stronger}:
                self._stuck(key, error)
                return until
            raise_lasting(error)
        # In governance mode, and not to be raised.
        self.tally.weak(key)
        if until is not None and not due(until - now, self.period):
            return until
        try:
            return self._set(key, str(mode), until, wanted)
        except ClientError as error:
            self._stuck(key, error)
            return until

    def _set(
        self, key: str, mode: str, until: datetime | None, wanted: datetime
    ) -> datetime | None:
        if not self.dry_run:
            self.calls.lock(key, mode, wanted)
        self.tally.extended()
        return until if self.dry_run else wanted

    def _stuck(self, key: str, error: ClientError) -> None:
        raise_lasting(error)
        self.tally.stuck(key, f"{error.operation_name}: {code(error)}")


def _ended(running: set[Future[None]]) -> set[Future[None]]:
    """Return those that have ended; raise what one of them raised."""
    ended = {future for future in running if future.done()}
    for future in ended:
        future.result()
    return ended

"""Calls of S3 that outlast a storm of refusals (429, 503), and know what can never succeed."""

from __future__ import annotations

import itertools
import threading
import time
from typing import TYPE_CHECKING, TypeVar

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.adapters.s3.child.place import Place
    from orchestrator.errors import PraError

T = TypeVar("T")
STORM_S = 600.0  # without a single answer: then the storage is gone
LONGEST_S = 20.0
DENIED, TOO_MANY, SERVER_FAULT = 403, 429, 500
BUSY = frozenset({"SlowDown", "RequestTimeout", "Throttling", "ThrottlingException"})
TRIES = 6
ENOUGH = 8  # refusals before anything was allowed: the keys may not do it at all


class Unreadable(Exception):
    """S3 lists a version and will never give it."""


class Calls:
    """Shared by the threads of one operation: an answer to one of them is an answer to all."""

    def __init__(self, place: Place, *, storm_s: float = STORM_S) -> None:
        self._place = place
        self._storm_s = storm_s
        self._answered = time.monotonic()
        self._lock = threading.Lock()
        self._allowed: set[str] = set()
        self._denied: dict[str, int] = {}
        self._refusal: PraError | None = None

    def __call__(self, name: str, call: Callable[[], T]) -> T:
        """Make a call of this name; again while the storage says that it is busy.

        Raises Unreadable for what is not given however often it is asked for; RepositoryRefused
        once it is plain that the keys may not do this; ClientError and BotoCoreError after ten
        minutes in which no thread was answered.
        """
        began, wait = time.monotonic(), 0.5
        for tries in itertools.count(1):
            try:
                answer = call()
            except ClientError as error:
                if not is_busy(error):
                    self._answered = time.monotonic()
                    raise self._lasting(name, error) from error
                self._bear(error, began, tries)
            except (HTTPClientError, IncompleteReadError) as error:
                self._bear(error, began, tries)
            else:
                self._answered = time.monotonic()
                self._allowed.add(name)
                return answer
            time.sleep(wait)
            wait = min(2 * wait, LONGEST_S)
        raise AssertionError  # counting has no end

    def end(self) -> None:
        """Raise RepositoryRefused for what was asked and never allowed, however seldom."""
        if self._refusal is not None and self._denied.keys() - self._allowed:
            raise self._refusal

    def _bear(self, error: ClientError | BotoCoreError, began: float, tries: int) -> None:
        """Return if the call is worth another try."""
        if time.monotonic() - self._answered > self._storm_s:
            raise error
        if tries >= TRIES and self._answered > began:
            raise Unreadable(str(error)) from error  # others are answered: it is this one

    def _lasting(self, name: str, error: ClientError) -> Exception:
        if _status(error) != DENIED or name in self._allowed:
            return Unreadable(_code(error))
        with self._lock:
            self._refusal = self._place.refusal(error)
            self._denied[name] = self._denied.get(name, 0) + 1
            enough = self._denied[name] >= ENOUGH
        return self._refusal if enough else Unreadable(_code(error))


def is_busy(error: ClientError) -> bool:
    """Whether the same call may be answered later."""
    status = _status(error)
    return status >= SERVER_FAULT or status == TOO_MANY or _code(error) in BUSY


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))

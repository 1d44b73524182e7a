"""A repository's bucket, as we ask it: every question is a child of its own (`child/`)."""

from __future__ import annotations

import json
import os
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from orchestrator import errors
from orchestrator.adapters.s3.address import address
from orchestrator.errors import Interrupted, PraError, RepositoryUnreachable
from restore_drills import errors as drills

if TYPE_CHECKING:
    from collections.abc import Callable

    from orchestrator.core.policy.model import Repository
    from restore_drills.process import Processes

CHILD = ("-I", "-m", "orchestrator.adapters.s3.child")
ANSWER = timedelta(minutes=2)
# It holds no lock over there, and goes on next time: nobody waits for a line that is silent.
GRACE = timedelta(seconds=5)
KEPT = 8 << 20  # bytes of an answer, which is one line
KINDS = ("RepositoryAbsent", "RepositoryRefused", "RepositoryUnreachable", "Misused")


class Bucket:
    """The bucket of one repository, with one pair of keys (access key, secret key)."""

    def __init__(
        self, repository: Repository, keys: tuple[bytes, bytes], processes: Processes
    ) -> None:
        """Raises RepositoryAbsent when the address names no bucket, ValueError when it is no S3."""
        target = address(repository.url)
        if target is None:
            raise ValueError(repository.id)
        self.repository = repository
        self.address = target
        self._processes = processes
        self._keys = keys

    def __repr__(self) -> str:
        return f"Bucket({self.repository.id})"

    def is_empty(self) -> bool:
        """Whether the repository's place holds nothing, old versions included.

        Deleted objects of a versioned bucket count: a repository that was wiped is not an empty
        place. Raises RepositoryAbsent (no such bucket), RepositoryRefused (the keys may not look),
        RepositoryUnreachable.
        """
        return bool(self.ask("empty")["empty"])

    def ask(
        self,
        operation: str,
        request: dict[str, Any] | None = None,
        *,
        timeout: timedelta = ANSWER,
        tell: Callable[[dict[str, Any]], None] | None = None,
    ) -> dict[str, Any]:
        """Have one operation of `child/` done and return its answer.

        `tell` takes what it says on the way, in another thread. Raises RepositoryAbsent,
        RepositoryRefused, RepositoryUnreachable, Interrupted when the run was cancelled.
        """
        ear = _Ear(tell)
        try:
            ended = self._processes.run(
                [sys.executable, *CHILD],
                env={"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8"},
                timeout=timeout,
                stdin=self.brief(operation, request or {}),
                on_stdout=ear.line,
                keep=KEPT,
                grace=GRACE,
            )
        except drills.Interrupted as error:
            raise Interrupted(f"{self.repository.id}: {error}") from error
        if self._processes.cancelled is not None:
            raise Interrupted(f"{self.repository.id}: stopped: {self._processes.cancelled}")
        if ear.answer is not None:
            return ear.answer
        if ear.error is not None:
            raise ear.error
        why = ended.stopped or (ended.stderr.strip().splitlines() or [f"code {ended.code}"])[-1]
        raise RepositoryUnreachable(
            f"{self.repository.id}: asking the bucket did not end well: {why[:200]}",
            hint="Check the network and the storage, then try again.",
            retryable=True,
        )

    def brief(self, operation: str, request: dict[str, Any]) -> bytes:
        """Return what a child reads on its standard input: where, the keys, what to do."""
        target, s3 = self.address, self.repository.s3
        return json.dumps(
            {
                "operation": operation,
                "request": request,
                "repository": self.repository.id,
                "endpoint": target.endpoint,
                "host": target.host,
                "bucket": target.bucket,
                "prefix": target.prefix + "/" if target.prefix else "",
                "region": (s3.region if s3 else None) or "us-east-1",
                "access_key": self._keys[0].decode(),
                "secret_key": self._keys[1].decode(),
            }
        ).encode()


class _Ear:
    """Hears what a child says: lines of JSON, the last an answer or an error."""

    def __init__(self, tell: Callable[[dict[str, Any]], None] | None) -> None:
        self._tell = tell
        self.answer: dict[str, Any] | None = None
        self.error: PraError | None = None

    def line(self, line: bytes) -> None:
        try:
            said = json.loads(line)
        except ValueError:
            return
        if "answer" in said:
            self.answer = said["answer"]
        elif "error" in said:
            self.error = _error(said["error"])
        elif self._tell is not None:
            self._tell(said)


def _error(said: dict[str, Any]) -> PraError:
    kind = getattr(errors, said["kind"]) if said["kind"] in KINDS else PraError
    error: PraError = kind(said["message"], hint=said["hint"], retryable=said["retryable"])
    return error

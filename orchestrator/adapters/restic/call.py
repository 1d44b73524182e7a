"""How restic is called: its environment, its deadlines, and the end of its process.

Each call gets a clean environment that holds paths, never a secret; nothing of the machine's own
AWS or restic configuration leaks in.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.adapters.restic import failures, line
from orchestrator.adapters.restic.ear import Ear
from orchestrator.adapters.restic.place import Place
from orchestrator.adapters.restic.version import HINT
from orchestrator.adapters.secrets import resolve
from orchestrator.errors import (
    Interrupted,
    PraError,
    RepositoryRefused,
    ResticMissing,
)
from restore_drills import errors as drills
from restore_drills.process import TAIL_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from orchestrator.adapters.restic.values import Progress
    from orchestrator.adapters.secrets import SecretFiles
    from orchestrator.core.limits import Rates
    from orchestrator.core.policy.model import Repository
    from restore_drills.process import Ended, Processes

PROGRESS_A_SECOND = "2"
GRACE_STALLED = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A call that has ended by itself."""

    ended: Ended
    ear: Ear


class Caller:
    """Calls restic for one repository."""

    def __init__(  # noqa: PLR0913 - all that a call stands on
        self,
        *,
        repository: Repository,
        secrets: SecretFiles,
        processes: Processes,
        cache: Path,
        tmp: Path,
        binary: str,
        stall: timedelta,
        timezone: str = "UTC",
    ) -> None:
        self.repository = repository
        self.line = line.Line(repository, timezone)
        self.processes = processes
        self._cache = cache
        self._tmp = tmp
        self._binary = binary
        self._stall = stall
        self.more: Mapping[str, str] = {}  # of the environment; no secret
        # restic takes white space off both ends of a password file, so both of us do.
        self.password = resolve(repository.password, processes=processes).strip()
        keys: tuple[bytes, bytes] | None = None
        self._password_file = secrets.write(f"{repository.id}.password", self.password + b"\n")
        self._credentials: Path | None = None
        if repository.s3 is not None:
            keys = (
                resolve(repository.s3.access_key, processes=processes).strip(),
                resolve(repository.s3.secret_key, processes=processes).strip(),
            )
            self._credentials = secrets.write(
                f"{repository.id}.aws", _credentials(repository.id, *keys)
            )
        self.place = Place(repository, keys, processes)

    def __call__(  # noqa: PLR0913 - what differs from command to command
        self,
        argv: Sequence[str],
        *,
        timeout: timedelta,
        good: frozenset[int] = frozenset({0}),
        cache: Path | None = None,
        keep: int = TAIL_BYTES,
        lines: bool = True,
        stdin: int | None = None,
        watch: Callable[[], str | None] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
        on_line: Callable[[bytes], None] | None = None,
        restartable: bool = False,
        seed: bool = False,
        cwd: Path | None = None,
    ) -> Said:
        """Run restic and wait; raise one of our errors unless it ends by itself with a good code.

        `lines`: standard output is JSON lines for the ear, otherwise bytes in `ended.stdout`, of
        which the last `keep` are there; `on_line` takes each line of it instead. `watch` may give
        a further reason to stop. `restartable`: it loses little when it is started anew, as it is
        when other limits hold. `seed`: a first transfer, which leaves something of the line to the
        others. `cwd`: where it runs.
        """
        until = time.monotonic() + timeout.total_seconds()
        with self.line.used(seed=seed):
            while True:
                rates = self.line.now(restartable=restartable, seed=seed)
                said = self._once(
                    argv,
                    timeout=timedelta(seconds=max(until - time.monotonic(), 1.0)),
                    good=good,
                    cache=cache,
                    keep=keep,
                    lines=lines,
                    stdin=stdin,
                    watch=watch,
                    on_progress=on_progress,
                    on_line=on_line,
                    rates=rates,
                    restartable=restartable,
                    cwd=cwd,
                )
                if said is not None:
                    return said

    def _once(  # noqa: PLR0913 - what differs from command to command
        self,
        argv: Sequence[str],
        *,
        timeout: timedelta,
        good: frozenset[int],
        cache: Path | None,
        keep: int,
        lines: bool,
        stdin: int | None,
        watch: Callable[[], str | None] | None,
        on_progress: Callable[[Progress], None] | None,
        on_line: Callable[[bytes], None] | None,
        rates: Rates,
        restartable: bool,
        cwd: Path | None,
    ) -> Said | None:
        """Run restic once; None when it was stopped because other limits hold."""
        ear = Ear(stall=self._stall, probe=self.place.probe, on_progress=on_progress)
        stalls: list[str] = []
        try:
            with self.processes.start(
                [self._binary, argv[0], *line.arguments(rates), *argv[1:]],
                env=self._environment(cache or self._cache),
                stdin=stdin,
                on_stdout=on_line or (ear.stdout if lines else None),
                on_stderr=ear.stderr,
                keep=keep,
                cwd=cwd,
            ) as child:

                def look() -> str | None:
                    if why := ear.stalled():
                        stalls.append(why)
                        # It would try for a minute to remove its lock over there.
                        child.stop(why, GRACE_STALLED)
                        return why
                    if restartable and line.over(rates):
                        # It ends its uploads first: killed for that it would leave its lock.
                        child.ask(line.CHANGED)
                    return watch() if watch else None

                ended = child.finish(timeout, look)
        except drills.CommandMissing as error:
            raise ResticMissing(str(error), hint=HINT) from error
        except drills.Interrupted as error:
            raise Interrupted(f"{self.repository.id}: restic {argv[0]}: {error}") from error
        cancelled = self.processes.cancelled
        if ended.stopped == line.CHANGED and ended.code not in good and cancelled is None:
            return None
        if (why := cancelled or ended.stopped) and (cancelled or ended.code not in good):
            raise failures.stopped(
                repository=self.repository.id,
                command=argv[0],
                why=why,
                cancelled=cancelled is not None,
                stalled=bool(stalls),
            )
        said = Said(ended=ended, ear=ear)
        if ended.code not in good:
            raise self.failure(argv[0], said)
        return said

    def failure(self, command: str, said: Said) -> PraError:
        """Return the error that tells what a call's ending means."""
        return failures.failure(
            repository=self.repository.id,
            command=command,
            ended=said.ended,
            ear=said.ear,
            alive=lambda: self.place.alive(self._stall),
        )

    def _environment(self, cache: Path) -> dict[str, str]:
        for folder in (cache, self._tmp):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        env = {
            "PATH": os.environ.get("PATH", os.defpath),
            "LANG": "C",
            "HOME": str(self._tmp),
            "TMPDIR": str(self._tmp),
            "RESTIC_REPOSITORY": self.repository.url,
            "RESTIC_PASSWORD_FILE": str(self._password_file),
            "RESTIC_CACHE_DIR": str(cache),
            "RESTIC_PROGRESS_FPS": PROGRESS_A_SECOND,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            **self.more,
        }
        if self._credentials is not None and self.repository.s3 is not None:
            env["AWS_SHARED_CREDENTIALS_FILE"] = str(self._credentials)
            env["AWS_DEFAULT_REGION"] = self.repository.s3.region or "us-east-1"
        return env


def _credentials(repository: str, access_key: bytes, secret_key: bytes) -> bytes:
    """Return an AWS credentials file; quoted, since `#` and `;` would begin a comment in it."""
    for key in (access_key, secret_key):
        if not key.isascii() or not key.decode("ascii").isprintable() or b"`" in key:
            raise RepositoryRefused(
                f"{repository}: an S3 key has a character that no credentials file can carry",
                hint="Check s3.access_key and s3.secret_key; ask the storage for other keys.",
            )
    return b"[default]\naws_access_key_id = `%s`\naws_secret_access_key = `%s`\n" % (
        access_key,
        secret_key,
    )

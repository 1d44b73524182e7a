"""restic as a typed library: the only place of the project that knows it.

What is hidden here: arguments, environment, JSON, exit codes, locks, stalls, the differences
between 0.18 and 0.19. Every method raises the `Repository...` and `Restic...` errors of
`orchestrator.errors`, and Interrupted when the run was cancelled.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from orchestrator.adapters.restic import failures, parse, sealing
from orchestrator.adapters.restic.call import Caller
from orchestrator.adapters.restic.piped import piped
from orchestrator.adapters.restic.place import is_empty
from orchestrator.adapters.restic.values import Lock, Progress, Restored, Summary, Unread
from orchestrator.adapters.restic.version import version
from orchestrator.errors import (
    Misused,
    RepositoryDamaged,
    RepositoryRefused,
    ResticFailed,
    SourceFailed,
)
from restore_drills import seal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from orchestrator.adapters.secrets import SecretFiles
    from orchestrator.core.policy.model import Repository
    from restore_drills.model import Snapshot
    from restore_drills.process import Processes

__all__ = ["STALL", "Lock", "Progress", "Restic", "Restored", "Summary", "Unread", "version"]

STALL = timedelta(seconds=45)
LOCK_WAIT = timedelta(minutes=5)
# The stall watch ends what hangs; these end what moves without ever arriving.
SHORT = timedelta(minutes=30)
LONG = timedelta(days=4)
COMPLETE, PARTIAL = 0, 3
LIST_LIMIT = 256 << 20


class Restic:
    """One repository, for one run."""

    def __init__(  # noqa: PLR0913 - all that a repository needs to be used
        self,
        *,
        repository: Repository,
        secrets: SecretFiles,
        processes: Processes,
        cache: Path,
        tmp: Path,
        binary: str = "restic",
        stall: timedelta = STALL,
        lock_wait: timedelta = LOCK_WAIT,
        timezone: str = "UTC",
    ) -> None:
        """Resolve the repository's secrets into `secrets`. Raises SecretMissing.

        `timezone` is the site's, in which its limits have their hours.
        """
        self.call = Caller(
            repository=repository,
            secrets=secrets,
            processes=processes,
            cache=cache,
            tmp=tmp,
            binary=binary,
            stall=stall,
            timezone=timezone,
        )
        self._repository = repository
        self._processes = processes
        self.stall = stall
        self._lock_wait = lock_wait
        self._keeping: tuple[Snapshot, ...] | None = None  # with the keys of earlier seals
        self._seal_keys: bytes | None = None

    def __repr__(self) -> str:
        return f"Restic({self._repository.id})"

    def is_vacant(self) -> bool:
        """Say whether the repository's place is provably empty: nothing was ever there.

        Raises RepositoryRefused when nobody can tell, RepositoryAbsent when there is no bucket.
        """
        self.call.place.probe(self.stall)
        return self.call.place.is_empty()

    def initialise(self, like: Sequence[str] = ()) -> None:
        """Make the repository, in a place that is provably empty and nowhere else.

        `like`: restic's options that say whose way to cut files it takes (`copying.initialise`).
        Raises RepositoryRefused when something is there or when nobody can tell.
        """
        if not self.is_vacant():
            raise RepositoryRefused(
                f"{self._repository.id}: no repository opens at its url, yet the place is not"
                " empty",
                hint="Check the url; if a repository was there, recover it, do not make a new one.",
            )
        self.call(["init", "--json", *like], timeout=SHORT)

    def backup(  # noqa: PLR0913 - restic's own options
        self,
        paths: Sequence[str],
        *,
        host: str,
        tags: Sequence[str],
        exclude: Sequence[str] = (),
        exclude_caches: bool = False,
        one_file_system: bool = False,
        seed: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Summary:
        """Make a snapshot of absolute paths; what could not be read is in its `skipped`.

        `seed`: the first one, which may take days and leaves a part of the line to the others.
        `on_progress` is called in another thread and must return quickly.
        """
        argv = [
            *self._backup(host, tags),
            *(f"--exclude={pattern}" for pattern in exclude),
            *(["--exclude-caches"] if exclude_caches else []),
            *(["--one-file-system"] if one_file_system else []),
            "--",
            *paths,
        ]
        good = frozenset({COMPLETE, PARTIAL})
        said = self.call(
            argv, timeout=LONG, good=good, on_progress=on_progress, restartable=True, seed=seed
        )
        # A path that is missing ends with 0 before 0.19.
        complete = said.ended.code == COMPLETE and not said.ear.errors
        return parse.summary(said.ear.summary, said.ear.errors, complete=complete)

    def backup_stdin(
        self,
        produce: Callable[[int], None],
        *,
        filename: str,
        host: str,
        tags: Sequence[str],
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Summary:
        """Make a snapshot of what `produce` writes to the descriptor it gets, as one file.

        `produce` runs in the calling thread while restic reads. When it raises, restic has been
        stopped before the pipe closes, no snapshot exists, and its error is raised again; when
        restic ends first, the writer finds a broken pipe and restic's error is raised. Nothing
        written: SourceFailed, and no snapshot either.
        """
        argv = [*self._backup(host, tags), "--stdin", f"--stdin-filename={filename}"]
        said = piped(
            produce,
            lambda reader, watch: self.call(
                argv,
                timeout=LONG,
                good=frozenset({COMPLETE, PARTIAL}),
                stdin=reader,
                watch=watch,
                on_progress=on_progress,
            ),
            self._processes,
        )
        if said is None or said.ended.code == PARTIAL:
            why = said.ear.errors[0].why if said and said.ear.errors else "the source wrote nothing"
            raise SourceFailed(
                f"{filename}: {why}",
                hint="Run the dump by hand as the same user and see what it says.",
            )
        return parse.summary(said.ear.summary, said.ear.errors, complete=not said.ear.errors)

    def snapshots(
        self, ids: Sequence[str] = (), *, cache: Path | None = None
    ) -> tuple[Snapshot, ...]:
        """List the repository's snapshots, oldest first; of `ids`, those that exist.

        Takes no lock. Raises RepositoryDamaged when one of them cannot be read.
        """
        argv = ["snapshots", "--json", "--no-lock", *ids]
        said = self.call(argv, timeout=SHORT, cache=cache, keep=LIST_LIMIT, lines=False)
        # restic leaves out a snapshot that it cannot load and ends with 0: that is no answer.
        if failures.unloaded(said.ear, asked=bool(ids)):
            raise self.call.failure("snapshots", said)
        listed = parse.snapshots(said.ended.stdout)
        if not ids:
            self._keeping = tuple(one for one in listed if sealing.TAG in one.tags)
        return listed

    def restore(  # noqa: PLR0913 - restic's own options
        self,
        snapshot: str,
        into: Path,
        *,
        beside: bool = False,
        over: bool = False,
        path: str = "",
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Restored:
        """Restore a snapshot (full id) into an absent or empty folder, and read back every byte.

        `beside`: snapshots of other paths are restored into the same folder, perhaps right now.
        `over`: an earlier restore of this very snapshot was cut short there. Whatever lies there is
        read; what is not as in the snapshot is restored anew, what it does not know is removed.
        `path`: this file or folder of it alone.
        Takes no lock. Raises Misused for a short id or a folder that is not empty.
        """
        _full(snapshot)
        if not beside and not over and not is_empty(into):
            raise Misused(f"{into}: the folder is not empty", hint="Restore into a new folder.")
        argv = ["restore", *self.call.line.options(), "--json", "--no-lock", "--verify"]
        # `always` hashes all that is there: the other values trust a file's size and time.
        argv += ["--overwrite=always", "--delete"] if over else []
        argv += [f"--include={_literally(path)}"] if path else []
        argv += [f"--target={into}", snapshot]
        said = self.call(argv, timeout=LONG, on_progress=on_progress)
        restored = parse.restored(said.ear.summary, over=over, partly=bool(path))
        return replace(restored, verified=restored.verified and not said.ear.errors)

    def dump(self, snapshot: str, path: str, *, limit: int = 1 << 20) -> bytes:
        """Return one file of a snapshot (full id), of at most `limit` bytes. Takes no lock."""
        _full(snapshot)
        argv = ["dump", "--json", "--no-lock", snapshot, path]
        said = self.call(argv, timeout=SHORT, keep=limit, lines=False)
        if said.ended.truncated:
            raise ResticFailed(f"{self._repository.id}: {path} is larger than {limit} bytes")
        return said.ended.stdout

    def unlock(self) -> None:
        """Remove stale locks: of dead processes of this machine, or older than 30 minutes.

        restic sends SIGHUP to the process that a lock names, to see whether it lives: whoever
        shares our process ids must survive one.
        """
        self.call(["unlock"], timeout=SHORT, lines=False)

    def locks(self, most: int = 5) -> tuple[Lock, ...]:
        """Return the locks in the repository, at most so many of them. Takes none itself."""
        said = self.call(["list", "locks", "--no-lock"], timeout=SHORT, lines=False)
        found = []
        for name in said.ended.stdout.decode("ascii", errors="replace").split()[:most]:
            try:
                one = self.call(["cat", "lock", name, "--no-lock"], timeout=SHORT, lines=False)
            except (ResticFailed, RepositoryDamaged):  # its owner may have removed it meanwhile
                continue
            found.append(parse.lock(one.ended.stdout))
        return tuple(found)

    def patience(self) -> str:
        """Return restic's option for how long it waits for whoever works there alone."""
        return f"--retry-lock={self._lock_wait.total_seconds():.0f}s"

    def seal_key(self) -> bytes:
        """Return the key with which a seal is written in this repository."""
        return seal.key(self.call.password)

    def seal_keys(self) -> bytes:
        """Return the keys that seals are checked with: this one, and those of before a rotation."""
        if self._seal_keys is None:
            if self._keeping is None:
                self.snapshots()
            stored = sealing.stored(self, self._keeping or ())
            self._seal_keys = sealing.joined(self.seal_key(), stored)
        return self._seal_keys

    def _backup(self, host: str, tags: Sequence[str]) -> list[str]:
        named = [f"--host={host}", self.patience(), *(f"--tag={tag}" for tag in tags)]
        return ["backup", "--json", *named]


def _literally(path: str) -> str:
    """Return the pattern that fits this path alone, and what is in it."""
    return re.sub(r"([\\*?\[])", r"\\\1", path)


def _full(snapshot: str) -> None:
    # A short id may become ambiguous, and `latest` is another one tomorrow.
    if parse.FULL_ID.fullmatch(snapshot) is None:
        raise Misused(f"{snapshot}: not the full id of a snapshot", hint="Give its 64 hex digits.")

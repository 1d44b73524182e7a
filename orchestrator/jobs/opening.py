"""How a run comes to its repository: secrets in runtime files, a cache, a restic that is known."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.adapters.restic import STALL, Restic, version
from orchestrator.adapters.secrets import SecretFiles, resolve
from orchestrator.errors import StateUnusable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from orchestrator.core.policy.model import Repository, Site
    from restore_drills.process import Processes

RESTIC = "restic"
_known: dict[tuple[object, ...], str] = {}  # one question per process and program is enough


@contextlib.contextmanager
def opened(  # noqa: PLR0913 - what a repository is opened with
    *,
    site: Site,
    repository: str,
    state: Path,
    processes: Processes,
    cache: Path | None = None,
    secrets: SecretFiles | None = None,
    patience: timedelta = STALL,
) -> Iterator[Restic]:
    """Yield a repository of the site, ready for use; nothing has been asked of it yet.

    `cache` is restic's cache folder, by default one that lasts, of this repository. `secrets` is
    given where the run has secret files open already; they are removed with the run's folder.
    `patience` is how long an endpoint may give nothing before it counts as gone.
    Raises ResticMissing, ResticChanged, SecretMissing, StateUnusable.
    """
    restic_version(processes)
    spec = site.repositories[repository]
    # The address may carry a user's name and password: the folder is named by its hash.
    name = hashlib.sha256(spec.url.rstrip("/").encode()).hexdigest()[:32]
    kept, tmp = cache or state / "cache" / name, state / "tmp"
    try:
        for folder in (kept, tmp):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StateUnusable(
            f"{error.filename}: the folder cannot be made: {error.strerror}",
            hint="Check who owns the state folder and that its disk is not full.",
        ) from error
    with contextlib.ExitStack() as stack:
        yield Restic(
            repository=spec,
            secrets=secrets or stack.enter_context(SecretFiles(processes.run_id)),
            processes=processes,
            cache=kept,
            tmp=tmp,
            binary=RESTIC,
            stall=patience,
            timezone=site.timezone,
        )


def bucket(repository: Repository, processes: Processes) -> s3.Bucket | None:
    """Return the bucket of a repository that is in one, with its keys. Raises SecretMissing."""
    if repository.s3 is None or s3.address(repository.url) is None:
        return None
    keys = (repository.s3.access_key, repository.s3.secret_key)
    access, secret = (resolve(key, processes=processes).strip() for key in keys)
    return s3.Bucket(repository, (access, secret), processes)


def drill_cache(state: Path, run: str) -> Path:
    """Return the folder of a drill's own cache: cold, for a real recovery has seen nothing yet."""
    return state / "cache" / f"drill-{run}"


def restic_version(processes: Processes) -> str:
    """Return restic's version; raises when it is absent, too old or not restic.

    It is asked once, and again when the program was replaced: a daemon outlives upgrades.
    """
    program = _program()
    if program not in _known:
        _known.clear()
        _known[program] = version(RESTIC, processes)
    return _known[program]


def _program() -> tuple[object, ...]:
    path = shutil.which(RESTIC)
    try:
        found = Path(path or RESTIC).stat()
    except OSError:
        return ()
    return path, found.st_ino, found.st_size, found.st_mtime_ns

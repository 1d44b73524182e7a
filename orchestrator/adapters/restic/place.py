"""Where a repository is: whether it answers, and whether it is provably empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.adapters import s3
from orchestrator.errors import RepositoryRefused, RepositoryUnreachable

if TYPE_CHECKING:
    from datetime import timedelta
    from pathlib import Path

    from orchestrator.core.policy.model import Repository
    from restore_drills.process import Processes


class Place:
    """The place of one repository; `keys` are the access key and the secret key of its bucket.

    Raises RepositoryAbsent for an address that names none.
    """

    def __init__(
        self, repository: Repository, keys: tuple[bytes, bytes] | None, processes: Processes
    ) -> None:
        self._repository = repository
        self._keys = keys
        self._processes = processes
        self._folder = s3.folder(repository.url)
        self._address = s3.address(repository.url)

    def probe(self, deadline: timedelta) -> None:
        """Raise RepositoryUnreachable when it does not answer within `deadline`, 30 s at most."""
        s3.probe(self._repository.url, deadline=min(s3.PROBE_DEADLINE, deadline))

    def alive(self, deadline: timedelta) -> None:
        """Raise RepositoryUnreachable when it does not answer, or is no longer what it was."""
        self.probe(deadline)
        if self._folder is not None and not (self._folder / "config").exists():
            raise RepositoryUnreachable(
                f"{self._folder}: the repository's folder has lost its config, or its disk is gone",
                hint="Mount the disk that it is on.",
                retryable=True,
            )

    def is_empty(self) -> bool:
        """Whether nothing is there and nothing was. Raises RepositoryRefused if nobody can tell."""
        if self._folder is not None:
            return is_empty(self._folder)
        if self._keys is not None and self._address is not None:
            return s3.Bucket(self._repository, self._keys, self._processes).is_empty()
        raise RepositoryRefused(
            f"{self._repository.id}: nobody can tell whether its place is empty",
            hint="Make the repository by hand with `restic init`.",
        )


def is_empty(folder: Path) -> bool:
    """Whether a local folder is absent or holds nothing."""
    try:
        return not any(folder.iterdir())
    except FileNotFoundError:
        return True
    except OSError as error:
        raise RepositoryRefused(
            f"{folder}: cannot be looked into: {error.strerror}",
            hint="Check who owns it, and that it is a folder.",
        ) from error

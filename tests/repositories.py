"""Repositories for tests of the restic adapter, and ways to harm them."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.adapters.restic import Restic
from orchestrator.adapters.secrets import SecretFiles
from orchestrator.core.policy.model import Limits, Location, Repository, S3Access, Secret
from restore_drills.process import Processes
from tests.quick import quicken

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "a password of a scratch repository"
STALL = timedelta(seconds=3)
UNLIMITED = Limits(upload=None, download=None)
TAGS = ("service=till", "run=r1", "source=till")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One repository, a tree to back up, and how to reach them."""

    folder: Path
    repository: Repository
    processes: Processes
    restic: Restic

    @property
    def place(self) -> Path:
        """The repository's folder, where it is local."""
        return Path(self.repository.url)

    @property
    def source(self) -> Path:
        """A tree of three files that do not compress, an empty one, a link and a twin."""
        tree = self.folder / "source"
        if not tree.exists():
            tree.mkdir()
            for name in ("one", "two", "three"):
                (tree / name).write_bytes(os.urandom(300_000))
            (tree / "empty").touch()
            (tree / "link").symlink_to("one")
            (tree / "twin").hardlink_to(tree / "two")
        return tree

    def backed_up(self) -> str:
        """Make the repository and one snapshot of the tree; its id."""
        self.restic.initialise()
        return self.back_up()

    def back_up(self) -> str:
        """Make one snapshot of the tree in the repository, which is there; its id."""
        return self.restic.backup([str(self.source)], host="bakery", tags=TAGS).snapshot

    def locks(self) -> list[str]:
        """The names of the locks in a local repository."""
        names = [entry.name for entry in (self.place / "locks").iterdir()]
        return [name for name in names if "-tmp-" not in name]  # a lock that is being written

    def largest_pack(self) -> Path:
        """A pack with data of files."""
        packs = (path for path in (self.place / "data").rglob("*") if path.is_file())
        return max(packs, key=lambda path: path.stat().st_size)


class Stock:
    """Repositories that are made once and copied: every call of restic takes most of a second."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._snapshots: dict[Path, str] = {}

    def empty(self, binary: Path, place: Path) -> None:
        """Put a repository without snapshots at `place`."""
        self._made(binary)
        shutil.copytree(self._of(binary) / "empty", place)

    def backed_up(self, binary: Path, place: Path) -> str:
        """Put a repository with one snapshot of a scene's tree at `place`; its id."""
        snapshot = self._made(binary)
        shutil.copytree(self._of(binary) / "repository", place)
        return snapshot

    def _made(self, binary: Path) -> str:
        if binary not in self._snapshots:
            folder = self._of(binary)
            folder.mkdir()
            with scene(folder, binary) as here:
                here.restic.initialise()
                quicken(here.place, PASSWORD)
                shutil.copytree(here.place, folder / "empty")
                made = here.restic.backup([str(here.source)], host="bakery", tags=TAGS)
                self._snapshots[binary] = made.snapshot
        return self._snapshots[binary]

    def _of(self, binary: Path) -> Path:
        return self._folder / binary.parents[2].name


@contextlib.contextmanager
def scene(  # noqa: PLR0913 - what tests vary
    folder: Path,
    binary: Path | str,
    *,
    url: str | None = None,
    keys: tuple[str, str] | None = None,
    password: str = PASSWORD,
    limits: Limits = UNLIMITED,
    stall: timedelta = STALL,
    lock_wait: timedelta = timedelta(seconds=1),
) -> Iterator[Scene]:
    """Yield a scene below `folder`; a second one of the same folder sees the same repository."""
    run = f"test-{os.urandom(6).hex()}"
    processes = Processes(run)
    repository = Repository(
        id="nas",
        url=url or str(folder / "repository"),
        password=_secret(folder, "password", password),
        s3=S3Access(
            access_key=_secret(folder, "access", keys[0]),
            secret_key=_secret(folder, "secret", keys[1]),
            region=None,
        )
        if keys
        else None,
        location=Location.OFFSITE if keys else Location.ONSITE,
        equipment=None,
        country=None,
        limits=limits,
    )
    with SecretFiles(run) as secrets:
        restic = Restic(
            repository=repository,
            secrets=secrets,
            processes=processes,
            cache=folder / "cache",
            tmp=folder / "tmp",
            binary=str(binary),
            stall=stall,
            lock_wait=lock_wait,
        )
        yield Scene(folder=folder, repository=repository, processes=processes, restic=restic)


def flip_a_byte(path: Path, at: int = 1000) -> None:
    """Change one bit of a file that its owner may not write."""
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


def _secret(folder: Path, name: str, content: str) -> Secret:
    path = folder / f"{name}-{content[:2]}{len(content)}"
    path.write_text(content + "\n")
    path.chmod(0o600)
    return Secret(kind="file", value=(str(path),))

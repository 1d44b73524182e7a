"""The folder of a recovery: checked, held, its journal, and what is published there.

While a service is being fetched it lies in `.pra`, where nobody takes it for whole. When every byte
is verified it is renamed to `<service>/files` and `<service>/database`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import stat
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Self

from orchestrator.adapters import whole_file
from orchestrator.adapters.whole_file import draft
from orchestrator.core.policy.fault import PROVIDER_FILE
from orchestrator.core.recovering import journal as notes
from orchestrator.core.recovering.place import alive, conflict
from orchestrator.errors import Misused, PraError
from restore_drills.model import SourceKind
from restore_drills.sandbox import LASTING, lasting_under, remove

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from orchestrator.core.policy.model import Site
    from orchestrator.core.recovering.journal import Journal
    from restore_drills.model import ServicePlan

HIDDEN = ".pra"
FILES, DATABASE = "files", "database"
DAMAGED = "-damaged"  # what was fetched of a point that is not whole
POLICIES = "policies"
README, DOCUMENT = "README.txt", "recover.json"
OURS = {HIDDEN, README, DOCUMENT, draft(README), draft(DOCUMENT)}


class Place:
    """The target of a recovery, held by one process at a time: a context manager."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.root = target / HIDDEN / "work"  # where the sandbox is made
        self._journal = target / HIDDEN / "journal.json"
        self._descriptor: int | None = None
        self._fresh = f"{LASTING}{secrets.token_hex(6)}"
        self._made = False
        self._is_ours = False
        self.is_given_up = False  # nothing is there that another run could go on with

    @classmethod
    def checked(cls, target: Path, site: Site, *others: Path) -> Self:
        """Return the place, untouched, if it may be used at all. Raises Misused."""
        try:
            target = target.absolute().resolve()
            taken = {name: path.resolve() for name, path in alive(site, *others)}
        except (OSError, RuntimeError) as error:
            raise Misused(f"{target}: cannot be looked at: {error}", hint=ELSEWHERE) from error
        if why := conflict(target, taken):
            raise Misused(f"{target}: not a place for a recovery: {why}", hint=ELSEWHERE)
        made = cls(target)
        made._look()
        return made

    def _look(self) -> None:
        """Refuse what is neither absent nor empty nor a recovery that can go on."""
        found = self._found()
        if not found:
            return
        if HIDDEN in found:
            self._insist(self.target / HIDDEN)
        journal = self.read() if HIDDEN in found else None
        if journal is None and found == [HIDDEN]:
            return  # ended before anything was chosen
        if journal is None:
            raise Misused(f"{self.target}: not empty", hint=ELSEWHERE)
        if journal.over:
            raise Misused(
                f"{self.target}: holds a recovery that is complete, of "
                f"{journal.asked.site}, begun {journal.began:%Y-%m-%d %H:%M} UTC",
                hint=f"Its {self.target / README} says what is there. {ELSEWHERE}",
            )

    def _found(self) -> list[str]:
        """Return what is in the target. Raises Misused where it is no folder to write into."""
        try:
            facts = self.target.lstat()
            if not stat.S_ISDIR(facts.st_mode):
                raise Misused(f"{self.target}: not a folder", hint=ELSEWHERE)
            if facts.st_mode & stat.S_IWOTH:
                raise Misused(f"{self.target}: everybody may write into it", hint=ELSEWHERE)
            return sorted(entry.name for entry in os.scandir(self.target))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise Misused(f"{self.target}: {error.strerror}", hint=ELSEWHERE) from error

    def _insist(self, hidden: Path) -> None:
        """Refuse a folder of this name that no recovery made: what is in it would be removed."""
        names = {self._journal.name, draft(self._journal.name), self.root.name}
        try:
            is_folder = stat.S_ISDIR(hidden.lstat().st_mode)
            strange = not is_folder or {entry.name for entry in os.scandir(hidden)} - names
        except OSError as error:
            raise Misused(f"{hidden}: {error.strerror}", hint=ELSEWHERE) from error
        if strange:
            raise Misused(f"{self.target}: not empty: {HIDDEN} is not ours", hint=ELSEWHERE)

    def read(self) -> Journal | None:
        """Return the journal of what was begun here; None where nothing was. Raises Misused."""
        try:
            text = self._journal.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise Misused(f"{self._journal}: {error.strerror}", hint=ELSEWHERE) from error
        try:
            return notes.decode(text.decode("utf-8"))
        except ValueError as error:
            raise Misused(f"{self._journal}: cannot be read", hint=ELSEWHERE) from error

    def seen(self) -> datetime:
        """Return when a run was last at work here."""
        return datetime.fromtimestamp(self._journal.stat().st_mtime, UTC)

    def beat(self) -> None:
        """Leave a sign of being at work."""
        with contextlib.suppress(OSError):  # nothing is chosen yet, or the disk is gone
            os.utime(self._journal)

    def write(self, journal: Journal) -> None:
        """Keep the journal, whole or not at all, before what it speaks of is done."""
        self.put(self._journal.relative_to(self.target), notes.encode(journal))

    def put(self, name: Path | str, text: str) -> None:
        """Write a file of ours, whole or not at all. Raises PraError."""
        path = self.target / name
        try:
            whole_file.write(path, text.encode())
        except OSError as error:
            raise PraError(
                f"{path}: cannot be written: {error.strerror}",
                hint="Free space there; the same command then goes on.",
            ) from error

    def policies(self, site: Site) -> Path:
        """Return where a policy is kept that was found with a kit; a service may have the name."""
        return self.target / (f"{POLICIES}.{site.id}" if POLICIES in site.services else POLICIES)

    def put_policy(self, site: Site, written: Mapping[str, str]) -> None:
        """Keep a policy's files as they were written. Raises PraError."""
        folder = self.policies(site)
        with _said(self.target):
            folder.mkdir(mode=0o700, exist_ok=True)
        for name in (f"{site.id}.yaml", PROVIDER_FILE):
            if name in written:
                self.put(folder / name, written[name])

    def publish(self, plan: ServicePlan, *, damaged: bool = False) -> None:
        """Give what was fetched its own name; `damaged`: one that says so. Raises PraError."""
        with _said(self.target):
            for there, here in self._moves(plan, DAMAGED if damaged else ""):
                if os.path.lexists(here):
                    for folder in (there.parent.parent, there.parent):
                        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                    here.rename(there)

    def withdraw(self, plan: ServicePlan) -> None:
        """Take what was published back into the workspace: it is verified again."""
        with _said(self.target):
            for suffix in ("", DAMAGED):
                for there, here in self._moves(plan, suffix):
                    if not os.path.lexists(there):
                        continue
                    here.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    if here.is_dir() and not here.is_symlink():
                        remove(here)
                    there.rename(here)
            top = self.target / plan.id
            for folder in (top / DATABASE, top / f"{DATABASE}{DAMAGED}", top):
                with contextlib.suppress(OSError):  # absent, or somebody put something there
                    folder.rmdir()

    def of_path(self, plan: ServicePlan) -> Path:
        """Return where the one path that was asked for is put."""
        name = PurePosixPath(plan.path).name
        return self.target / plan.id / name if name in OURS or not name else self.target / name

    def room(self, service: str) -> Path:
        """Return where a service is worked on, by the sandbox of before or the one to come."""
        workspace = lasting_under(self.root) or self.root / self._fresh
        return workspace / "stage" / "rooms" / service

    def _moves(self, plan: ServicePlan, suffix: str) -> list[tuple[Path, Path]]:
        """Return each published place, and the hidden one of the same."""
        top, hidden = self.target / plan.id, self.room(plan.id)
        if plan.path:
            there = self.of_path(plan)
            return [(there.with_name(there.name + suffix), hidden / "tree" / plan.path.lstrip("/"))]
        found = [(top / f"{FILES}{suffix}", hidden / "tree")] if has_files(plan) else []
        for source in plan.sources:
            if is_dump(source.kind):
                found += [
                    (top / f"{DATABASE}{suffix}" / file, hidden / "dumps" / folder / file)
                    for folder, file in _dump(source.name)
                ]
        return found

    def clear(self) -> None:
        """Remove the workspace; the journal stays."""
        remove(self.root)

    def is_bare(self) -> bool:
        """Whether nothing was restored here, so that nothing would go on."""
        rooms = self.room("x").parent
        tops = [*rooms.glob("*/tree"), *rooms.glob("*/dumps")]
        restored = any(found for top in tops for _, _, found in os.walk(top))
        return not restored and {entry.name for entry in self.target.iterdir()} <= OURS

    def _forget(self) -> None:
        """Remove all of ours, and the folder where it was made for this."""
        remove(self.target / HIDDEN)
        (self.target / README).unlink(missing_ok=True)
        if self._made:
            with contextlib.suppress(OSError):  # somebody has put something there meanwhile
                self.target.rmdir()

    def __enter__(self) -> Self:
        """Make the folder and hold it. Raises Misused."""
        try:
            self._made = not self.target.exists()
            self.target.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._descriptor = os.open(
                self.target, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
            )
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise Misused(
                    f"{self.target}: a recovery into it is under way",
                    hint="Wait for it, or choose another folder.",
                ) from error
            self._look()  # again: now it is ours
            (self.target / HIDDEN).mkdir(mode=0o700, exist_ok=True)
            self._is_ours = True
        except OSError as error:
            self.__exit__(None, None, None)
            raise Misused(f"{self.target}: {error.strerror}", hint=ELSEWHERE) from error
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._descriptor is not None:
            if self._is_ours and (self.is_given_up or not self._journal.exists()):
                with contextlib.suppress(OSError):  # a folder that stays empty harms nobody
                    self._forget()
            os.close(self._descriptor)
            self._descriptor = None


ELSEWHERE = "Give --to a new or empty folder of your own, away from what is alive."


@contextlib.contextmanager
def _said(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PraError(
            f"{error.filename or target}: {error.strerror}",
            hint="See to it, then run the same command again: it goes on.",
        ) from error


def is_dump(kind: SourceKind) -> bool:
    """Whether a source comes back as a dump and its roles."""
    return kind is SourceKind.POSTGRESQL_DUMP


def has_files(plan: ServicePlan) -> bool:
    """Whether a tree of files comes back."""
    return any(not is_dump(source.kind) for source in plan.sources)


def _dump(name: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return the folder and the file of a dump and of its roles, as they are restored."""
    return (name, f"{name}.dump"), (f"{name}.roles", f"{name}.roles.sql")

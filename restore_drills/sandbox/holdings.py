"""What a sandbox holds on the host: claim, uid, control groups, workspace."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from restore_drills.errors import NoSandbox
from restore_drills.sandbox import cgroup, etc, teardown
from restore_drills.sandbox.cgroup import Cgroups
from restore_drills.sandbox.claim import Claim, Note
from restore_drills.sandbox.identity import Identity

if TYPE_CHECKING:
    from restore_drills.sandbox.limits import Limits


LASTING = "kept-"  # how the workspace of a recovery is called: no two on a machine are the same


def lasting_under(root: Path) -> Path | None:
    """Return the workspace that a recovery left under `root`; None: there is none."""
    return next((path for path in sorted(root.glob(f"{LASTING}*")) if path.is_dir()), None)


@dataclass(slots=True, kw_only=True)
class Holdings:
    """`identity` is None where the caller is not root: then commands keep the caller's uid.

    `lasting`: the workspace is found as it was left, and never removed; see `take`.
    """

    run: str
    path: Path
    claim: Claim
    identity: Identity | None = None
    cgroups: Cgroups
    lasting: bool = False

    @classmethod
    def take(cls, root: Path, run: str, limits: Limits, *, lasting: bool = False) -> Self:
        """Take them all, or none. Raises NoSandbox, also where the folder cannot be made.

        `lasting`: the workspace has one name for all runs, and what lies in it stays: the data of
        a recovery that was cut short, which goes on.
        """
        found = lasting_under(root) if lasting else None
        name = found.name if found else f"{LASTING}{run}" if lasting else run
        path = root / name
        try:
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            if root.stat().st_mode & stat.S_IWOTH:
                raise NoSandbox(
                    f"sandbox: everybody may write into {root}", hint="Choose another folder."
                )
            if lasting:
                teardown.settle(root, name)
            else:
                teardown.sweep(root, run)
            claim = Claim.take(root, name)
        except OSError as error:
            raise _cannot_make(path, error) from error
        if claim is None:
            raise NoSandbox(f"sandbox: {path} is in use by a living drill", hint="Wait for it.")
        try:
            path.mkdir(mode=0o700, exist_ok=lasting)
        except OSError as error:  # one that was kept is not ours to remove
            claim.release(settled=True)
            raise _cannot_make(path, error) from error
        held = cls(run=run, path=path, claim=claim, cgroups=Cgroups(held={}), lasting=lasting)
        try:
            held._fill(limits)
        except OSError as error:
            held.give_back()
            raise _cannot_make(path, error) from error
        except BaseException:
            held.give_back()
            raise
        return held

    @property
    def stage(self) -> Path:
        """The only folder of the workspace that the sandbox's uid may cross."""
        return self.path / "stage"

    @property
    def owner(self) -> tuple[int, int] | None:
        """Uid and gid of the sandbox where they are not the caller's."""
        return (self.identity.uid, self.identity.uid) if self.identity else None

    @property
    def ids(self) -> tuple[int, int]:
        """Uid and gid of the commands."""
        return self.owner or (os.geteuid(), os.getegid())

    def room(self, name: str) -> Path:
        """Make the directories of a room and return its place; the name is one of a file."""
        if Path(name).name != name:
            raise ValueError(f"{name!r} is no name for a room")
        place = self.stage / "rooms" / name
        place.mkdir(exist_ok=self.lasting)
        place.chmod(0o711)
        if self.lasting:  # what ran there is worth nothing; what was fetched is fetched over
            teardown.remove(place / "work")
        for folder in ("tree", "dumps", "work", "work/run"):
            (place / folder).mkdir(mode=0o700, exist_ok=self.lasting)
        if self.lasting:
            for folder in ("tree", "dumps"):  # a dead sandbox may have owned them
                os.lchown(place / folder, os.geteuid(), os.getegid())
                (place / folder).chmod(0o700)
        for folder in ("work", "work/run"):
            if self.owner is not None:
                os.chown(place / folder, *self.owner)
        return place

    def drop_cgroups(self) -> None:
        """Do without control groups: nothing could be started in them."""
        for folder in self.cgroups.folders:
            cgroup.remove(folder)
        self.cgroups = Cgroups(held={})

    def give_back(self, *, keep: bool = False) -> tuple[bool, str]:
        """End, remove, verify; what could not be cleared stays noted for a sweep."""
        keep = keep or self.lasting
        settled, proof = teardown.tear_down(self.run, self.path, self._note(), keep=keep)
        self.claim.release(settled=settled or keep)
        if self.identity is not None:
            self.identity.release()
        return settled, proof

    def _note(self) -> Note:
        return Note(uid=self.identity.uid if self.identity else None, cgroups=self.cgroups.folders)

    def _fill(self, limits: Limits) -> None:
        if os.geteuid() == 0:
            self.identity = Identity.claim(self.run)
            self.claim.write(self._note())
        mounts, own = (Path("/proc/self", name).read_text() for name in ("mountinfo", "cgroup"))
        self.cgroups = cgroup.make(self.run, limits, mounts, own)
        self.claim.write(self._note())
        for folder in (self.stage, self.stage / "rooms"):
            folder.mkdir(exist_ok=self.lasting)
            folder.chmod(0o711)
        if self.lasting:
            teardown.remove(self.stage / "etc")
        etc.write(self.stage / "etc", *self.ids)


def _cannot_make(path: Path, error: OSError) -> NoSandbox:
    return NoSandbox(
        f"sandbox: {path} cannot be made: {error.strerror}",
        hint="Choose a folder that is yours, has room, and has no kept drill of this name.",
    )

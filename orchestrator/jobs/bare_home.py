"""An empty home for a child that knows nothing but what a kit holds; destroyed with proof."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

from orchestrator.adapters.secrets import SecretFiles
from orchestrator.core.bare import Files
from orchestrator.errors import StateUnusable
from restore_drills import sandbox
from restore_drills.process import of_run

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from orchestrator.core.kit.contents import Kit

HOMES = "bare"
GONE_WITHIN_S = 5.0


class Home:
    """The home of one run: `policies`, `state`, nothing else. The kit's secrets lie apart.

    They are in files of a runtime folder, as those of every run, never on the disk of the state.
    """

    def __init__(self, state: Path, run: str) -> None:
        self._run = run
        self.path = state / HOMES / run
        self.policies = self.path / "policies"
        self.state = self.path / "state"
        self.handed = self.path / "handed.json"
        self._secrets = SecretFiles(_apart(run))
        self.proof = ""

    def secrets(self, kit: Kit) -> dict[str, tuple[Files, Files | None]]:
        """Write the kit's secrets; by repository, with its password and with the recovery key."""
        found: dict[str, tuple[Files, Files | None]] = {}
        for one in kit.repositories:
            access = secret = ""
            if one.s3 is not None:
                access = self._secret(f"{one.id}.access", one.s3.access_key)
                secret = self._secret(f"{one.id}.secret", one.s3.secret_key)
            password = self._secret(f"{one.id}.password", one.password)
            second = None
            if one.recovery_key and kit.recovery:
                path = self._secret(f"{one.id}.recovery", kit.recovery)
                second = Files(password=path, access_key=access, secret_key=secret)
            found[one.id] = (
                Files(password=password, access_key=access, secret_key=secret),
                second,
            )
        return found

    def _secret(self, name: str, text: str) -> str:
        return str(self._secrets.write(name, text.encode() + b"\n"))

    def __enter__(self) -> Self:
        self._secrets.__enter__()
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.mkdir(mode=0o700)
            self.policies.mkdir(mode=0o700)
        except OSError as error:
            self._secrets.__exit__(None, None, None)
            raise StateUnusable(
                f"{error.filename}: the empty home cannot be made: {error.strerror}",
                hint="Give --state a folder of your own, on a disk with room.",
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self.path.exists():
                self.destroy()
        finally:
            self._secrets.__exit__(kind, error, trace)

    def destroy(self, *, keeps: bool = False) -> bool:
        """Remove the home, look whether it is gone and nobody of the run is left; `proof` says.

        `keeps`: a recovery may have left servers running, which are the client's now.
        """
        sandbox.sweep(self.state / "drills")
        if keeps:
            shutil.rmtree(self.path, ignore_errors=True)
            self.proof = "home is still there" if self.path.exists() else "home absent"
            return not self.path.exists()
        until = time.monotonic() + GONE_WITHIN_S
        while (left := of_run(self._run)) and time.monotonic() < until:
            time.sleep(0.05)
        shutil.rmtree(self.path, ignore_errors=True)
        there = self.path.exists()
        words = ["home is still there" if there else "home absent"]
        words.append(f"{len(left)} processes of the run" if left else "no process of the run")
        self.proof = ", ".join(words)
        return not there and not left


def sweep(state: Path, run: str) -> bool:
    """Remove what a run that died left of its home; true when there was one."""
    home = state / HOMES / run
    SecretFiles.sweep(_apart(run))
    if not home.is_dir() or home.is_symlink():
        return False
    sandbox.sweep(home / "state" / "drills")
    shutil.rmtree(home, ignore_errors=True)
    return True


def _apart(run: str) -> str:
    """Name the folder of the kit's secrets: the child's own go with the child."""
    return f"{run}-kit"

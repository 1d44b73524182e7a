"""Secrets: from a reference to its bytes, and from bytes to a file that only a child reads.

A secret stands in no argv, no environment of ours, no repr, log or event. A child that needs one
gets the path of a 0600 file in a 0700 folder that is removed with the run, and that lies outside
the state directory, so that no copy of the state carries a secret away.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import stat
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Self

from orchestrator.errors import SecretMissing, StateUnusable
from restore_drills.errors import CommandMissing

if TYPE_CHECKING:
    from types import TracebackType

    from orchestrator.core.policy.model import Secret
    from restore_drills.process import Processes

COMMAND_DEADLINE = timedelta(seconds=30)
LIMIT_BYTES = 64 * 1024
# What password stores need to find their agent and their folder; nothing that may be a secret.
COMMAND_ENV = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "XDG_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "GNUPGHOME",
    "DBUS_SESSION_BUS_ADDRESS",
    "SSH_AUTH_SOCK",
)
RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def resolve(secret: Secret, *, processes: Processes) -> bytes:
    """Return the secret that a reference leads to, without one trailing newline.

    Raises SecretMissing, which names the reference, when it leads nowhere or to nothing.
    """
    what = f"secret {{{secret.kind}: {' '.join(secret.value)}}}"
    match secret.kind:
        case "env":
            content = _environment(secret.value[0], what)
        case "file":
            content = _file(Path(secret.value[0]), what)
        case "credential":
            content = _file(_credential(secret.value[0], what), what)
        case "command":
            content = _command(secret.value, what, processes)
        case _:
            raise SecretMissing(
                f"{what}: not a kind of reference", hint="Use env, file, command or credential."
            )
    content = content.removesuffix(b"\n").removesuffix(b"\r")
    if not content.strip():
        raise SecretMissing(f"{what}: it is empty", hint="Put the secret where it points.")
    return content


def _environment(name: str, what: str) -> bytes:
    content = os.environb.get(name.encode())
    if content is None:
        raise SecretMissing(
            f"{what}: the environment has no such variable",
            hint=f"Export {name}, or refer to a file.",
        )
    return content


def _credential(name: str, what: str) -> Path:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise SecretMissing(
            f"{what}: CREDENTIALS_DIRECTORY is not set",
            hint="Start pra from a systemd unit with LoadCredential=, or refer to a file.",
        )
    return Path(folder) / name


def _file(path: Path, what: str) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LIMIT_BYTES + 1)
    except OSError as error:
        raise SecretMissing(
            f"{what}: {path} cannot be read: {error.strerror}",
            hint=f"Create {path}, readable by the user who runs pra alone.",
        ) from error
    if len(content) > LIMIT_BYTES:
        raise SecretMissing(f"{what}: {path} is too large for a secret", hint="Check the path.")
    return content


def _command(argv: tuple[str, ...], what: str, processes: Processes) -> bytes:
    env = {name: os.environ[name] for name in COMMAND_ENV if name in os.environ}
    hint = f"Run `{' '.join(argv)}` by hand as the user who runs pra."
    try:
        ended = processes.run(argv, env=env, timeout=COMMAND_DEADLINE)
    except (CommandMissing, OSError) as error:
        raise SecretMissing(f"{what}: the command cannot be started: {error}", hint=hint) from error
    if ended.stopped is not None:
        raise SecretMissing(f"{what}: the command was stopped: {ended.stopped}", hint=hint)
    if ended.code != 0:
        # Neither its output nor its words are shown: they may hold the secret.
        raise SecretMissing(f"{what}: the command failed with code {ended.code}", hint=hint)
    return ended.stdout


class SecretFiles:
    """The runtime folder of one run: secrets as files, gone with the `with` block."""

    def __init__(self, run: str) -> None:
        if RUN_ID.fullmatch(run) is None:
            raise ValueError(run)
        self._run = run
        self._folder: Path | None = None

    def write(self, name: str, content: bytes) -> Path:
        """Put a secret into a 0600 file of this name; a file that is there is replaced."""
        if self._folder is None:
            raise StateUnusable(f"secret file {name}: the run's secrets are closed")
        path = self._folder / name
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        return path

    @staticmethod
    def sweep(run: str) -> None:
        """Remove what a dead run left; ours alone, and nothing where there is nothing."""
        if RUN_ID.fullmatch(run) is None:
            return
        for base in _bases():
            if _is_ours(base) and (base / run).is_dir() and not (base / run).is_symlink():
                shutil.rmtree(base / run, ignore_errors=True)

    @staticmethod
    def runs() -> list[str]:
        """Return the runs that have, or left, secret files of ours."""
        found = []
        for base in filter(_is_ours, _bases()):
            with contextlib.suppress(FileNotFoundError):  # the machine tidies its temporary files
                found += [run.name for run in base.iterdir()]
        return found

    def __enter__(self) -> Self:
        self._folder = _make(self._run)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._folder = None
        try:
            SecretFiles.sweep(self._run)
        except KeyboardInterrupt:  # not before they are gone
            SecretFiles.sweep(self._run)
            raise

    def __repr__(self) -> str:
        return f"SecretFiles(run={self._run!r})"


def _bases() -> list[Path]:
    """Return the folders that may hold runs, best first: cleared at boot, then in memory."""
    user = os.geteuid()
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    return [
        *([Path("/run/pra")] if user == 0 else []),
        *([Path(runtime) / "pra"] if runtime else []),
        Path(tempfile.gettempdir()) / f"pra-{user}",
    ]


def _make(run: str) -> Path:
    refusals = []
    for base in _bases():
        try:
            base.mkdir(mode=0o700, exist_ok=True)  # and it stays: several runs make and use it
            if not _is_ours(base):
                refusals.append(f"{base}: it is somebody else's, or others may enter it")
                continue
            (base / run).mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            refusals.append(f"{base}: {error.strerror}")
            continue
        return base / run
    raise StateUnusable(
        f"no folder for secrets can be made ({'; '.join(refusals)})",
        hint="Set XDG_RUNTIME_DIR to a folder of your own.",
    )


def _is_ours(base: Path) -> bool:
    """Whether nobody else can have put it there or can look inside."""
    try:
        found = base.lstat()
    except OSError:
        return False
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.geteuid()
        and not found.st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    )

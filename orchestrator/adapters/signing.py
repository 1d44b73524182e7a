"""The ed25519 key of a machine, `<state>/evidence.key`: to sign with; and to verify with others'.

The library is imported where it is used: most commands sign nothing.
"""

from __future__ import annotations

import fcntl
import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestrator.errors import StateUnusable

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

NAME = "evidence.key"
LIMIT_BYTES = 4096
ELSEWHERE = "Check who owns the state folder and that its disk is not full."
MADE_ANEW = (
    "Move it aside and pra makes a new key; what this machine signs from then on is let in "
    "elsewhere only after `pra evidence import --trust` with the new fingerprint."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """The key pair of this machine. `public` is 32 bytes."""

    public: bytes
    _private: Ed25519PrivateKey = field(repr=False)

    def sign(self, content: bytes) -> bytes:
        """Return the signature of these bytes, 64 bytes."""
        return self._private.sign(content)


def verify(public: bytes, content: bytes, signature: bytes) -> bool:
    """Tell whether the signature of these bytes is the public key's."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - as the module says
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - the same
        Ed25519PublicKey,
    )

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, content)
    except (InvalidSignature, ValueError):  # ValueError: no key at all
        return False
    return True


def known(state: Path) -> Key | None:
    """Return the machine's key, None where none was made yet. Raises StateUnusable."""
    path = state / NAME
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StateUnusable(
            f"{path}: this machine's signing key cannot be read: {error.strerror}", hint=ELSEWHERE
        ) from error
    try:
        _only_ours(os.fstat(handle), path)
        content = os.read(handle, LIMIT_BYTES)
    finally:
        os.close(handle)
    return _key(content, path)


def own(state: Path) -> Key:
    """Return the machine's key, made now where there is none. Raises StateUnusable."""
    found = known(state)
    if found is not None:
        return found
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(state, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            # Who waits here finds the key of who was first. What a crash leaves is written over.
            fcntl.flock(folder, fcntl.LOCK_EX)
            if not (state / NAME).exists():
                _write(state / NAME)
                os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StateUnusable(
            f"{state / NAME}: this machine's signing key cannot be made: {error.strerror}",
            hint=ELSEWHERE,
        ) from error
    made = known(state)
    if made is None:
        raise StateUnusable(
            f"{state / NAME}: this machine's signing key was removed as soon as it was made",
            hint="Look for what else works in the state folder.",
        )
    return made


def _only_ours(found: os.stat_result, path: Path) -> None:
    """Raise StateUnusable for a file that somebody else may have written or read."""
    if not stat.S_ISREG(found.st_mode) or found.st_uid not in {0, os.geteuid()}:
        raise StateUnusable(
            f"{path}: this machine's signing key is not a file of its user's own", hint=MADE_ANEW
        )
    if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        mode = stat.S_IMODE(found.st_mode)
        raise StateUnusable(
            f"{path}: others can reach this machine's signing key (mode {mode:04o})",
            hint=f"Run `chmod 600 {path}`. If somebody may have read it: {_lower(MADE_ANEW)}",
        )


def _key(content: bytes, path: Path) -> Key:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as the module says
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - the same
        Ed25519PrivateKey,
    )

    try:
        private = serialization.load_pem_private_key(content, password=None)
    except (ValueError, TypeError) as error:
        raise StateUnusable(f"{path}: not a signing key, or a torn one", hint=MADE_ANEW) from error
    if not isinstance(private, Ed25519PrivateKey):
        raise StateUnusable(f"{path}: a key of another kind than ed25519", hint=MADE_ANEW)
    return Key(public=private.public_key().public_bytes_raw(), _private=private)


def _write(path: Path) -> None:
    """Make a key and write it, whole or not at all; the folder's lock is held."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as the module says
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415 - the same
        Ed25519PrivateKey,
    )

    content = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)
    part.replace(path)


def _lower(sentence: str) -> str:
    return sentence[0].lower() + sentence[1:]

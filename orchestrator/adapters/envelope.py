"""Envelopes: a ZIP that any tool opens, with one file of age for each holder.

`age` (the file format age-encryption.org/v1) is what a person decrypts with, without us:
`age -d provider.age > provider.zip`. What is inside each is a ZIP again. The library is imported
where it is used: the daemon opens none.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from orchestrator.adapters import whole_file
from orchestrator.errors import KitDamaged, KitRefused, Misused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SUFFIX = ".age"
SUMS = "SHA256SUMS"
LIMIT_BYTES = 16 << 20  # of the file, and of what any envelope holds
MOST_PARTS = 500
METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # of the others, none bounds its output
EPOCH = (1980, 1, 1, 0, 0, 0)  # the same bytes whenever it is written
UNREADABLE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    EOFError,
    ValueError,
    OSError,
    NotImplementedError,
    RuntimeError,
)
OTHER_COPY = "Take another copy of the file; every holder has one."


@dataclass(frozen=True, slots=True)
class Passphrase:
    """What a person remembers."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Identity:
    """The private part of an age key pair: the text of its file."""

    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Recipient:
    """The public part: `age1...`."""

    text: str


Lock = Passphrase | Recipient
Secret = Passphrase | Identity


def seal(content: bytes, lock: Lock) -> bytes:
    """Encrypt for one holder. Raises Misused for a public key that is none."""
    import pyrage  # noqa: PLC0415 - as the module says
    import pyrage.passphrase  # noqa: PLC0415 - the same

    if isinstance(lock, Passphrase):
        return bytes(pyrage.passphrase.encrypt(content, lock.text))
    try:
        recipient = pyrage.x25519.Recipient.from_str(lock.text)
    except pyrage.RecipientError as error:
        raise Misused(
            f"{lock.text[:12]}...: not a public key of age",
            hint="Give the line `# public key: age1...` of the holder's key file.",
        ) from error
    return bytes(pyrage.encrypt(content, [recipient]))


def packed(parts: Mapping[str, bytes]) -> bytes:
    """Return a ZIP of these files, in this order, stored; equal parts give equal bytes."""
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_STORED) as made:
        for name, content in parts.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.external_attr = 0o600 << 16
            made.writestr(entry, content)
    return into.getvalue()


def unpacked(content: bytes, what: str, *, forgiving: bool = False) -> dict[str, bytes]:
    """Return the files of a ZIP; `what` names it. Raises KitDamaged.

    Refused are a path that leads out, the same name twice, and more than 16 MiB or 500 files.
    `forgiving`: a file that is damaged is empty, and the others are there.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as found:
            listed = found.infolist()
            names = [entry.filename for entry in listed]
            if len(names) > MOST_PARTS or sum(entry.file_size for entry in listed) > LIMIT_BYTES:
                raise KitDamaged(f"{what}: larger than any kit: it is not opened", hint=OTHER_COPY)
            if any(entry.compress_type not in METHODS for entry in listed):
                raise KitDamaged(f"{what}: packed as no kit is: it is not opened", hint=OTHER_COPY)
            if len(set(names)) < len(names) or not all(map(_is_plain, names)):
                raise KitDamaged(
                    f"{what}: it has a path that no kit has: it is not opened", hint=OTHER_COPY
                )
            return {entry.filename: _part(found, entry, forgiving) for entry in listed}
    except UNREADABLE as error:
        raise KitDamaged(f"{what}: not whole, or not a kit", hint=OTHER_COPY) from error


def _part(found: zipfile.ZipFile, entry: zipfile.ZipInfo, forgiving: bool) -> bytes:  # noqa: FBT001 - as its caller's
    try:
        # What the directory of a ZIP says of a size need not be what comes out.
        with found.open(entry) as part:
            content = part.read(LIMIT_BYTES + 1)
        if len(content) != entry.file_size:
            raise zipfile.BadZipFile(entry.filename)
    except UNREADABLE:
        if not forgiving:
            raise
        return b""
    return content


def _is_plain(name: str) -> bool:
    parts = name.split("/")
    return not (
        name.startswith("/")
        or "\\" in name
        or ":" in name
        or any(p in {"", ".", ".."} for p in parts)
    )


def enclosed(notes: Mapping[str, bytes], sealed: Mapping[str, bytes]) -> bytes:
    """Return the file of a kit: `notes` in the open, by name; what is sealed, by holder."""
    parts = dict(notes) | {f"{holder}{SUFFIX}": content for holder, content in sealed.items()}
    sums = [f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in parts.items()]
    return packed({**parts, SUMS: "".join(sums).encode()})


def load(path: Path) -> dict[str, bytes]:
    """Return the parts of a kit's file; one that is damaged is empty.

    Raises KitDamaged, Misused when it cannot be read.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LIMIT_BYTES + 1)
    except OSError as error:
        raise Misused(
            f"{path}: the kit cannot be read: {error.strerror}", hint="Check the path."
        ) from error
    if len(content) > LIMIT_BYTES:
        raise KitDamaged(f"{path}: larger than any kit: it is not opened", hint=OTHER_COPY)
    parts = unpacked(content, str(path), forgiving=True)
    if not holders(parts):
        raise KitDamaged(f"{path}: no envelope is in it", hint=OTHER_COPY)
    return parts


def altered(path: Path, parts: Mapping[str, bytes]) -> str:
    """Return what in a kit's file is not as it was written; empty where every byte is."""
    sums = parts.get(SUMS, b"").decode("ascii", errors="replace").splitlines()
    stated = {name: digest for digest, _, name in (line.partition("  ") for line in sums)}
    for name, content in parts.items():
        if name != SUMS and stated.get(name) != hashlib.sha256(content).hexdigest():
            return name
    missing = next((name for name in stated if name not in parts), "")
    if missing or path.read_bytes() == packed(parts):
        return missing
    return path.name


def holders(parts: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return who has an envelope in a kit."""
    return tuple(n.removesuffix(SUFFIX) for n in parts if n.endswith(SUFFIX) and "/" not in n)


@dataclass(frozen=True, slots=True)
class Opened:
    """An envelope that was opened: whose it is, and its files."""

    holder: str
    parts: dict[str, bytes] = field(repr=False)


def opened(path: Path, secret: Secret, holder: str | None = None) -> Opened:
    """Open an envelope of a kit's file: the holder's, or whichever the secret opens.

    Raises KitRefused, which says whose envelopes there are; KitDamaged, Misused.
    """
    return unsealed(load(path), secret, holder, what=str(path))


def unsealed(
    parts: Mapping[str, bytes], secret: Secret, holder: str | None = None, *, what: str
) -> Opened:
    """Open an envelope of a kit that was loaded."""
    known = holders(parts)
    if holder is not None and holder not in known:
        raise KitRefused(
            f"{what}: it has no envelope of {holder}; it has those of {', '.join(known)}",
            hint="Name one of them with --holder.",
        )
    if holder is not None and not parts[f"{holder}{SUFFIX}"]:
        raise KitDamaged(f"{what}: the envelope of {holder} is damaged", hint=OTHER_COPY)
    for name in [holder] if holder is not None else known:
        content = _opened(parts[f"{name}{SUFFIX}"], secret)
        if content is not None:
            return Opened(name, unpacked(content, f"{what}: the envelope of {name}"))
    means = "passphrase" if isinstance(secret, Passphrase) else "key"
    whose = f"the envelope of {holder}" if holder is not None else "any envelope"
    raise KitRefused(
        f"{what}: this {means} does not open {whose} (there are: {', '.join(known)})",
        hint="Check the secret; if it is right, the envelope is damaged: take another copy.",
    )


def _opened(sealed: bytes, secret: Secret) -> bytes | None:
    """Decrypt; None where it is not this secret's, or damaged: age does not tell them apart."""
    import pyrage  # noqa: PLC0415 - as the module says
    import pyrage.passphrase  # noqa: PLC0415 - the same

    try:
        if isinstance(secret, Passphrase):
            return bytes(pyrage.passphrase.decrypt(sealed, secret.text))
        return bytes(pyrage.decrypt(sealed, _identities(secret)))
    except pyrage.DecryptError:
        return None


def _identities(secret: Identity) -> list[object]:
    import pyrage  # noqa: PLC0415 - as the module says

    lines = [line.strip() for line in secret.text.splitlines()]
    try:
        found: list[object] = [
            pyrage.x25519.Identity.from_str(line) for line in lines if line and line[0] != "#"
        ]
    except pyrage.IdentityError:
        found = []
    if not found:
        raise Misused(
            "the identity file holds no private key of age",
            hint="Give the file that `age-keygen` wrote, with a line AGE-SECRET-KEY-1...",
        )
    return found


def writable(path: Path, *, over: bool) -> None:
    """Raise Misused where a file is there and `over` is false, or where its folder is not."""
    if path.exists() and not over:
        raise Misused(f"{path}: it is there already", hint="Give another path, or --force.")
    if path.is_dir() or not path.parent.is_dir():
        raise Misused(f"{path}: no file can be written there", hint="Give a file in a folder.")


def write(path: Path, content: bytes, *, over: bool) -> None:
    """Write a file of secrets, whole or not at all, for its owner alone (0600).

    Raises Misused where it is there and `over` is false, or where it cannot be written.
    """
    writable(path, over=over)
    try:
        whole_file.write(path, content)
    except OSError as error:
        raise Misused(
            f"{path}: it cannot be written: {error.strerror}", hint="Choose another folder."
        ) from error

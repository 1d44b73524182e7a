"""A recovery kit opened: from the file and a holder's secret to its values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.adapters import envelope
from orchestrator.core.kit import contents
from orchestrator.errors import KitRefused, Misused

if TYPE_CHECKING:
    from orchestrator.core.kit.contents import Kit

LIMIT_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A kit, and whose envelope it came from."""

    holder: str
    kit: Kit


def opened(
    path: Path, secret: envelope.Secret, *, holder: str | None = None, site: str | None = None
) -> Holding:
    """Open a kit's file with a holder's secret; `holder` None: whichever envelope it opens.

    `site`: whose it must be. Raises KitRefused (wrong secret, unknown holder, another site),
    KitDamaged, Misused.
    """
    found = envelope.opened(path, secret, holder)
    kit = contents.read(found.parts)
    if site is not None and kit.site != site:
        raise KitRefused(
            f"{path}: this is the kit of {kit.site}, not of {site}",
            hint=f"Give the kit that `pra kit export {site}` wrote.",
        )
    return Holding(holder=found.holder, kit=kit)


def passphrase_of(path: Path) -> envelope.Passphrase:
    """Return the passphrase in a file, without white space at its ends. Raises Misused."""
    text = _text(path, "passphrase").strip()
    if not text:
        raise Misused(f"{path}: no passphrase is in it", hint="Write it on its first line.")
    return envelope.Passphrase(text)


def identity_of(path: Path) -> envelope.Identity:
    """Return the private key of age in a file. Raises Misused."""
    return envelope.Identity(_text(path, "key"))


def _text(path: Path, what: str) -> str:
    try:
        with Path(path).open("rb") as file:
            content = file.read(LIMIT_BYTES + 1)
    except OSError as error:
        raise Misused(
            f"{path}: the {what} cannot be read: {error.strerror}", hint="Check the path."
        ) from error
    try:
        return content[: LIMIT_BYTES + 1].decode()
    except UnicodeDecodeError as error:
        raise Misused(f"{path}: not a text file", hint=f"Give the file of the {what}.") from error

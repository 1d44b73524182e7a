"""Secrets as a person types them: a recovery key without look-alikes, and a check for every line.

32 signs are left without I, O, 0 and 1. A recovery key is 8 groups of 4 (160 bits of chance) and a
ninth that is computed from them: whoever types it is told of a slip before restic is asked. All
nine, with their hyphens, are the password that restic takes.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIGNS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
GROUPS, IN_GROUP = 8, 4
CHANCE_BYTES = 20
LOOKALIKES = str.maketrans({" ": "", "-": "", "\t": ""})
WIDTH = 48  # signs of a secret in one line
SHORTEST = 12  # signs of a passphrase that nobody is warned of
WORDS = 6


def recovery_key(chance: bytes) -> str:
    """Return a recovery key of 20 bytes of chance."""
    number = int.from_bytes(chance[:CHANCE_BYTES])
    signs = "".join(SIGNS[number >> (5 * at) & 31] for at in reversed(range(GROUPS * IN_GROUP)))
    return "-".join([*_groups(signs), _ninth(signs)])


def mended(text: str) -> str | None:
    """Return a recovery key as it must be typed, whatever its case and spaces; None for a slip."""
    signs = text.strip().translate(LOOKALIKES).upper()
    body, last = signs[: GROUPS * IN_GROUP], signs[GROUPS * IN_GROUP :]
    if len(body) < GROUPS * IN_GROUP or _ninth(body) != last:
        return None
    return "-".join([*_groups(body), last])


def check(line: str) -> str:
    """Return four signs that tell a slip in a line: `printf %s 'LINE' | sha256sum | cut -c1-4`."""
    return hashlib.sha256(line.encode()).hexdigest()[:4]


def lines(secret: str, width: int = WIDTH) -> Iterator[tuple[str, str]]:
    """Yield a secret in lines of a length that a person keeps his place in, each with its check."""
    for start in range(0, max(len(secret), 1), width):
        line = secret[start : start + width]
        yield line, check(line)


def passphrase(chance: Callable[[int], int]) -> str:
    """Return a passphrase to be typed: six groups of five letters, 122 bits; `chance(n)` below n.

    Only letters that are the same key on AZERTY, QWERTY and QWERTZ, and look like no other.
    """
    letters = "bcdefghjknprstuvx"
    return "-".join("".join(letters[chance(len(letters))] for _ in range(5)) for _ in range(WORDS))


def weakness(text: str) -> str:
    """Say why a passphrase is weak; empty where it is not."""
    if len(text) < SHORTEST:
        return f"it has {len(text)} signs: take {SHORTEST} or more, or --generate"
    if len(set(text)) < SHORTEST // 2:
        return "it repeats a few signs"
    return ""


def _ninth(signs: str) -> str:
    number = int.from_bytes(hashlib.sha256(signs.encode()).digest()[:4])
    return "".join(SIGNS[number >> (5 * at) & 31] for at in reversed(range(IN_GROUP)))


def _groups(signs: str) -> list[str]:
    return [signs[at : at + IN_GROUP] for at in range(0, len(signs), IN_GROUP)]

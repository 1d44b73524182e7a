"""By what a kit is known to be stale: a fingerprint of what opens a repository.

It is scrypt (N=2^14, r=8, p=1, 16 MiB; the salt is the kit's id) over address, region, password and
the bucket's keys, 16 bytes of it: the log holds it, and whoever reads the log must pay for every
password he tries as much as he would at the repository itself.
"""

from __future__ import annotations

import hashlib
import json

COST = {"n": 1 << 14, "r": 8, "p": 1}
DIGEST_BYTES = 16
REVOKED = "revoked"


def material(
    url: str, region: str | None, password: bytes, keys: tuple[bytes, bytes] | None
) -> bytes:
    """Return what opens a repository, as bytes that are equal only when all of it is."""
    said = [url.rstrip("/"), region or "", password.hex(), *(key.hex() for key in keys or ())]
    return json.dumps(said).encode()


def fingerprint(kit: str, opens: bytes) -> str:
    """Return the fingerprint of `material` for a kit; it costs 50 ms."""
    made = hashlib.scrypt(opens, salt=kit.encode(), dklen=DIGEST_BYTES, **COST)
    return made.hex()


def with_key(print_: str, recovery_key: str) -> str:
    """Return what the log keeps of a repository: the fingerprint, the id of the kit's key."""
    return f"{print_} {recovery_key}".rstrip()


def print_of(kept: str) -> str:
    """Return the fingerprint of what the log keeps."""
    return kept.partition(" ")[0]


def key_of(kept: str) -> str:
    """Return the id of the kit's own key of what the log keeps; empty where it has none."""
    return kept.partition(" ")[2]

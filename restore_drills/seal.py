"""The seal: the manifest of a backup run, signed with a key derived from the repository's password.

Format of the sealed file (`pra-seal.json`, UTF-8, one JSON object, keys sorted):
`{"hmac": "<64 hex>", "manifest": {...}}` where the HMAC-SHA-256 covers the manifest's canonical
JSON (sorted keys, no spaces). The key is HKDF-SHA-256 (RFC 5869) of the password, no salt, info
`pra seal v1`. Whoever holds the password alone can check it. A seal that was written before the
password was another one is checked with the key of then: keys stand behind each other, 32 bytes
each, the one in force first.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import asdict, dataclass
from datetime import datetime

from restore_drills.errors import Damaged

FILENAME = "pra-seal.json"
SOURCE = "seal"  # the `source=` tag of the seal's own snapshot; no policy may use the name
INFO = b"pra seal v1"
KEY_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """One snapshot of the run; `detail` says what made it, as `postgresql 15.18`."""

    source: str
    id: str
    tree: str
    data_time: datetime
    outcome: str  # complete or partial
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a run put into the repository; `outcome` is complete or partial."""

    site: str
    service: str
    run: str
    outcome: str
    snapshots: tuple[Sealed, ...]
    pra: str


def key(password: bytes) -> bytes:
    """Derive the seal's key, 32 bytes (HKDF-SHA-256: one extract and one expand block suffice)."""
    extracted = hmac.digest(bytes(32), password, hashlib.sha256)
    return hmac.digest(extracted, INFO + b"\x01", hashlib.sha256)


def write(manifest: Manifest, seal_key: bytes) -> bytes:
    """Return the sealed file's content, signed with the first key."""
    body = asdict(manifest)
    for entry in body["snapshots"]:
        entry["data_time"] = entry["data_time"].isoformat()
    return _signed(body, seal_key[:KEY_BYTES])


def read(content: bytes, seal_key: bytes) -> Manifest:
    """Check and read a sealed file; any of the keys may have signed it.

    Raises Damaged when a byte is not as it was written.
    """
    try:
        body = json.loads(content)["manifest"]
        keys = [seal_key[at : at + KEY_BYTES] for at in range(0, len(seal_key), KEY_BYTES)]
        if not any(hmac.compare_digest(_signed(body, one), content) for one in keys):
            raise Damaged(
                "the seal's signature does not match its manifest",
                hint="Trust nothing of this run: it was changed, or sealed under another password. "
                "Drill an older point (--at TIME).",
            )
        return Manifest(
            site=body["site"],
            service=body["service"],
            run=body["run"],
            outcome=body["outcome"],
            pra=body["pra"],
            snapshots=tuple(
                Sealed(**{**entry, "data_time": datetime.fromisoformat(entry["data_time"])})
                for entry in body["snapshots"]
            ),
        )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Damaged(f"the seal cannot be read: {type(error).__name__}: {error}") from error


def _signed(body: object, seal_key: bytes) -> bytes:
    """Return the file of a manifest: one way to write it, so that every byte is covered."""
    signature = hmac.digest(seal_key, _canonical(body), hashlib.sha256).hex()
    return _canonical({"hmac": signature, "manifest": body}) + b"\n"


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

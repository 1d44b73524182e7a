"""restic's own format of a file: AES-256-CTR, and Poly1305-AES over what came out."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.poly1305 import Poly1305

if TYPE_CHECKING:
    from collections.abc import Mapping

NONCE, TAG = 16, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A master key, or what a password derives to: one to encrypt with, two to authenticate."""

    encrypt: bytes
    k: bytes
    r: bytes

    @classmethod
    def derived(cls, content: bytes) -> Self:
        """Cut what a password derives to."""
        return cls(encrypt=content[:32], k=content[32:48], r=content[48:])

    @classmethod
    def read(cls, content: str | bytes) -> Self:
        """Read a master key as restic writes it."""
        key = json.loads(content)
        k, r = (base64.b64decode(key["mac"][name]) for name in ("k", "r"))
        return cls(encrypt=base64.b64decode(key["encrypt"]), k=k, r=r)

    def seal(self, plain: bytes) -> bytes:
        """Encrypt a text."""
        nonce = os.urandom(NONCE)
        text = Cipher(algorithms.AES(self.encrypt), modes.CTR(nonce)).encryptor().update(plain)
        block = Cipher(algorithms.AES(self.k), modes.ECB()).encryptor()  # noqa: S305 - restic's own
        return nonce + text + Poly1305.generate_tag(self.r + block.update(nonce), text)

    def open(self, sealed: bytes) -> bytes:
        """Decrypt a text that nobody has touched."""
        nonce, text = sealed[:NONCE], sealed[NONCE:-TAG]
        return Cipher(algorithms.AES(self.encrypt), modes.CTR(nonce)).decryptor().update(text)

    def reseal(self, sealed: bytes, **changed: object) -> bytes:
        """Change some fields of a JSON document."""
        document: Mapping[str, object] = json.loads(self.open(sealed))
        return self.seal(json.dumps({**document, **changed}).encode())
